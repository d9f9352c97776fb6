"""The only place that lets copies of this process share a piece of work: two cores make a long workbook sooner.

Only for a process of our own that has no other threads and no open transaction: each copy reads by a connection of its
own. A copy lives no longer than the process that made it, however that ends.
"""

import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from django.db import connections

from metrics.longsheet import Each

MOST: Final = 2
AHEAD: Final = 2  # numbers given to a copy at once, so that it need not wait for the next


def several() -> Each:
    """As many as this machine has cores for, and no more than :data:`MOST`."""
    number = min(MOST, len(os.sched_getaffinity(0)))
    return map if number < 2 else lambda make, numbers: shared(make, numbers, number)


def shared(make: Callable[[int], Any], numbers: Iterable[int], hands: int) -> Iterator[Any]:
    """``make`` of each number, in their order, done by so many copies. Raises RuntimeError with what went wrong."""
    connections.close_all()
    ours: list[Connection] = []
    copies = []
    context = get_context("fork")
    for _ in range(hands):
        own, theirs = context.Pipe()
        ours.append(own)
        # A copy that held on to the other ends would not notice that nobody is there any more
        copies.append(context.Process(target=_work, args=(make, theirs, tuple(ours)), daemon=True))
        copies[-1].start()
        theirs.close()
    try:
        yield from _in_order(ours, list(numbers))
    finally:
        for one in ours:
            one.close()
        for copy in copies:
            copy.join()


def _in_order(ours: list[Connection], numbers: list[int]) -> Iterator[Any]:
    left, made = iter(numbers), dict[int, Any]()
    try:
        for one in ours * AHEAD:
            _give(one, left)
        for number in numbers:
            while number not in made:
                for ready in wait(ours):
                    assert isinstance(ready, Connection)  # noqa: S101 - nothing else is waited for
                    found, made[found], problem = ready.recv()
                    if problem:
                        raise RuntimeError(problem)
                    _give(ready, left)
            yield made.pop(number)
    except (EOFError, OSError):
        raise RuntimeError("a copy of the process has ended before its work") from None


def _give(one: Connection, left: Iterator[int]) -> None:
    number = next(left, None)
    if number is not None:
        one.send(number)


def _work(make: Callable[[int], Any], own: Connection, others: tuple[Connection, ...]) -> None:
    """What a copy does until nobody gives it a number."""
    for one in others:
        one.close()
    try:
        while True:
            number = own.recv()
            try:
                answer = (number, make(number), "")
            except Exception:  # told to the process that asked
                answer = (number, None, traceback.format_exc())
            own.send(answer)
    except (EOFError, OSError):
        pass
    finally:
        connections.close_all()
