"""The only place that lets copies of this process share a piece of work: two cores make a long workbook sooner.

Only for a process of our own that has no other threads and no open transaction: each copy reads by a connection of its
own. A copy lives no longer than the process that made it, however that ends.
"""

import fcntl
import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Final, cast

from django.db import connections

from metrics.longsheet import Each

MOST: Final = 2
AHEAD: Final = 2  # numbers given to a copy at once, so that it need not wait for the next
ROOM: Final = 1 << 20  # bytes


def several() -> Each:
    """As many as this machine has cores for, and no more than :data:`MOST`; on other systems than Linux one."""
    number = min(MOST, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1
    return map if number < 2 else lambda make, numbers: shared(make, numbers, number - 1)


def shared(make: Callable[[int], Any], numbers: Iterable[int], copies: int) -> Iterator[Any]:
    """``make`` of each number, in their order, done by this process and so many copies. Raises RuntimeError with what
    went wrong in one of them.

    The first is made before there are copies, so that they need not prepare anew, each for itself, what is prepared
    once; and they share the memory of everything that is there by then.
    """
    left = iter(numbers)
    for number in left:
        yield make(number)
        break
    waiting = list(left)
    if not waiting:
        return
    connections.close_all()
    gc.collect()
    gc.freeze()  # or the copies would write to all the memory they share
    others: list[Copy] = []
    try:
        for _ in range(copies):
            others.append(Copy(make, others))
        yield from _in_order(make, others, waiting)
    finally:
        gc.unfreeze()
        for one in others:
            one.end()


class Copy:
    """A copy of this process that makes what it is told to."""

    def __init__(self, make: Callable[[int], Any], others: Sequence["Copy"]) -> None:
        context = get_context("fork")
        asked, self.asks = context.Pipe(duplex=False)
        self.told, tells = context.Pipe(duplex=False)
        # What is made waits here while this process makes something itself; the usual 64 KB would hold a copy up
        with suppress(OSError):  # a machine that does not grant it takes a little longer
            fcntl.fcntl(tells.fileno(), fcntl.F_SETPIPE_SZ, ROOM)
        # A copy that held on to the other ends would not notice that nobody is there any more
        theirs = [end for one in (*others, self) for end in (one.asks, one.told)]
        self.process = context.Process(target=_work, args=(make, asked, tells, theirs), daemon=True)
        self.process.start()
        asked.close()
        tells.close()

    def take(self, number: int | None) -> None:
        if number is not None:
            with _ended_is_told():
                self.asks.send(number)

    def give(self) -> tuple[int, Any]:
        with _ended_is_told():
            number, made, problem = self.told.recv()
        if problem:
            raise RuntimeError(problem)
        return number, made

    def end(self) -> None:
        self.asks.close()
        self.told.close()
        self.process.join()


@contextmanager
def _ended_is_told() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        raise RuntimeError("a copy of the process has ended before its work") from None


def _in_order(make: Callable[[int], Any], others: list[Copy], numbers: list[int]) -> Iterator[Any]:
    left, made = iter(numbers), dict[int, Any]()
    by_end = {one.told: one for one in others}
    for one in others * AHEAD:
        one.take(next(left, None))
    for number in numbers:
        while number not in made:
            mine = next(left, None)
            if mine is not None:
                made[mine] = make(mine)
            # Who has nothing to make waits for the others
            for end in wait(list(by_end), 0 if mine is not None else None):
                one = by_end[cast("Connection", end)]
                made.update([one.give()])
                one.take(next(left, None))
        yield made.pop(number)


def _work(make: Callable[[int], Any], asked: Connection, tells: Connection, theirs: Sequence[Connection]) -> None:
    """What a copy does until nobody asks it any more."""
    for end in theirs:
        end.close()
    try:
        while True:
            number = asked.recv()
            try:
                answer = (number, make(number), "")
            except Exception:  # told to the process that asked
                answer = (number, None, traceback.format_exc())
            tells.send(answer)
    except (EOFError, OSError):
        pass
    finally:
        connections.close_all()
