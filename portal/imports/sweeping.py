"""The only place that holds off the collector of circles, while a sheet is worked through."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_sweeping() -> Iterator[None]:
    """A sheet makes some hundred thousand objects that live until it is done: to look among them again and again for
    circles takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
