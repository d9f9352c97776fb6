"""The only place where everything goes out, and comes in again: the ledgers as open files that any program reads.

``writing`` and ``reading`` do it; ``tables`` says what goes out, ``cells`` how a value is written, ``manifest`` what a
program is told of the folder, ``explaining`` what a person is told who has nothing else.
"""
