"""Python's cycle collector, told to look less often.

Decoding makes many small objects that die by reference count. With the default threshold the collector looks
at the young ones every 700 allocations, a third of a projector's time (measured: 18 against 9 µs for each
decoded reading).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 100_000
"""Allocations between two looks at young objects: some 10 MB."""


def collect_rarely() -> None:
    """For the start of a long-running process: what is imported by now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)


@contextmanager
def importing() -> Iterator[None]:
    """Import a process's modules without looking: a sixth of its start (measured), and all of it stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
