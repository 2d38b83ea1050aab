"""What a measurement says, and the work and memory of the processes that took part in it."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

import psutil

EVERY = 0.1
"""Seconds between looks at the memory."""
FAMILY_EVERY = 20
"""Looks after which we ask which processes there are: that takes milliseconds of CPU."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    name: str
    """For machines; stays the same."""
    work: str
    """For people."""
    value: float
    unit: str
    """`/s`, `ms`, `x` (times as much) or `%`."""
    target: str = ""
    met: bool | None = None
    """Whether the target is met; None where there is none."""
    p50: float | None = None
    """Milliseconds, like `p99`."""
    p99: float | None = None
    cpu: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds by group of processes."""
    memory: Mapping[str, float] = field(default_factory=dict)
    """Highest resident memory by group of processes, megabytes."""
    note: str = ""

    @property
    def measured(self) -> str:
        """The value as people read it."""
        number = (
            f"{self.value:,.0f}" if self.unit == "/s" else f"{self.value:.{2 if self.unit == 'x' else 1}f}"
        )
        return f"{number} {self.unit}"

    def document(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self)


def rate(name: str, work: str, count: int, watch: Watch, **more: Any) -> Figure:
    """So many a second while it was watched."""
    value = round(count / watch.seconds, 1)
    return Figure(name, work, value, "/s", cpu=watch.cpu, memory=watch.memory, **more)


def milliseconds(seconds: Sequence[float], percent: float) -> float:
    """A percentile of times, in milliseconds."""
    return round(percentile(seconds, percent) * 1000, 2)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


class Watch:
    """Wall clock, CPU seconds and memory of groups of processes, summed up over all `with` blocks.

    A group is a process with everything it started. The children that end meanwhile count as well, through
    what the system adds up in their parent.
    """

    def __init__(self, groups: Mapping[str, int]) -> None:
        """`groups`: the pid of the first process of each group; the benchmark itself is added."""
        self._roots = {name: psutil.Process(pid) for name, pid in groups.items()}
        self._roots["client"] = psutil.Process(os.getpid())
        self._before: dict[str, float] = {}
        self._stop = threading.Event()
        self._sampler = threading.Thread()
        self._started = 0.0
        self.seconds = 0.0
        self.cpu = dict.fromkeys(self._roots, 0.0)
        self.memory = dict.fromkeys(self._roots, 0.0)

    def __enter__(self) -> Self:
        self._stop.clear()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self._before = self._cpu()
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += time.perf_counter() - self._started
        after = self._cpu()
        self._stop.set()
        self._sampler.join()
        for name, used in after.items():
            self.cpu[name] = round(self.cpu[name] + used - self._before[name], 2)

    def _cpu(self) -> dict[str, float]:
        return {name: sum(map(_cpu_seconds, family)) for name, family in self._families().items()}

    def _families(self) -> dict[str, list[psutil.Process]]:
        return {name: _family(root) for name, root in self._roots.items()}

    def _sample(self) -> None:
        looks, families = 0, self._families()
        self._look(families)
        while not self._stop.wait(EVERY):
            looks += 1
            if looks % FAMILY_EVERY == 0:
                families = self._families()
            self._look(families)
        self._look(self._families())

    def _look(self, families: Mapping[str, Sequence[psutil.Process]]) -> None:
        for name, family in families.items():
            self.memory[name] = round(max(_resident(family) / MEGABYTE, self.memory.get(name, 0.0)), 1)


def _family(root: psutil.Process) -> list[psutil.Process]:
    """A process and its descendants; of the benchmark only itself, as what it started has its own group."""
    if root.pid == os.getpid():
        return [root]
    with suppress(psutil.NoSuchProcess):
        return [root, *root.children(recursive=True)]
    return []


def _cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        own = float(times.user + times.system)
        return own if process.pid == os.getpid() else own + times.children_user + times.children_system
    return 0.0


def _resident(family: Sequence[psutil.Process]) -> float:
    """Bytes in memory; what a family shares, such as PostgreSQL's buffers, counts once."""
    alone, shared = 0, 0
    for process in family:
        with suppress(psutil.NoSuchProcess):
            memory = process.memory_info()
            common = getattr(memory, "shared", 0)
            alone, shared = alone + memory.rss - common, max(shared, common)
    return alone + shared
