"""Bulk readings over HTTP: how fast they are acked and in all views, and whether size matters."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import Figure, Watch, milliseconds, rate
from benchmarks.site import JSON, NDJSON, Site

SMALL, LARGE = 100_000, 1_000_000
"""Readings on the ledger when a stage begins."""
STAGE = 200_000
"""Readings of a stage, long enough that it includes PostgreSQL's checkpoints."""
TURNS = 4
"""The two stages take turns, because the speed of a machine drifts by more than what is looked for."""
ALONE = 100_000
"""Readings that are sent while the projector stands still."""

MOST_FALL = 10.0
"""Percent."""


def measure(site: Site, scale: float) -> list[Figure]:
    """Acked and visible at two sizes of the ledger, each a system of its own; then acked alone."""
    with tempfile.TemporaryDirectory(prefix="goaltrail-bench-") as name, Site(Path(name)) as other:
        stages = [Stage(other, round(SMALL * scale)), Stage(site, round(LARGE * scale))]
        for stage in stages:
            stage.site.grow(stage.size)
        for _ in range(TURNS):
            for stage in stages:
                stage.take(round(STAGE / TURNS * scale))
    figures = [figure for stage in stages for figure in stage.figures()]
    before, after = (figure.value for figure in figures if figure.name.startswith("visible"))
    fall = (before - after) / before * 100
    figures.append(
        Figure(
            "visible_fall",
            f"fall of that rate from {stages[0].size:,} to {stages[1].size:,} readings",
            round(fall, 1),
            "%",
            f"≤ {MOST_FALL:.0f} %",
            fall <= MOST_FALL,
        )
    )
    return figures + [_alone(site, round(ALONE * scale), media_type) for media_type in (JSON, NDJSON)]


@dataclass(slots=True)
class Stage:
    """Sending with everything running, and waiting until all views show it, on a ledger of one size."""

    site: Site
    size: int
    """Readings on the ledger when it begins."""
    visible: Watch = field(init=False)
    acked: Watch = field(init=False)
    requests: list[float] = field(default_factory=list)
    """Seconds that each request took."""
    sent: int = 0

    def __post_init__(self) -> None:
        self.visible, self.acked = Watch(self.site.groups()), Watch(self.site.groups())

    def take(self, count: int) -> None:
        """Send the next readings."""
        bodies = self.site.next_bodies(count)
        with self.visible:
            with self.acked:
                sent = self.site.send(bodies)
            self.site.wait_visible(sent.position)
        self.sent += sent.readings
        self.requests += sent.requests

    def figures(self) -> list[Figure]:
        """Both rates, over all that was sent."""
        return [
            rate(
                f"acked_{self.size}",
                f"bulk over HTTP → acked, projector working, {self.size:,} before",
                self.sent,
                self.acked,
                p50=milliseconds(self.requests, 50),
                p99=milliseconds(self.requests, 99),
                note="times of a request",
            ),
            rate(
                f"visible_{self.size}",
                f"bulk over HTTP → visible in all views, {self.size:,} before",
                self.sent,
                self.visible,
            ),
        ]


def _alone(site: Site, count: int, media_type: str) -> Figure:
    """Send while the projector stands still; PostgreSQL is asked for every identity all the same."""
    bodies = site.next_bodies(count, lines=media_type == NDJSON)
    watch = Watch(site.groups())
    with site.without_projector(), watch:
        sent = site.send(bodies, media_type)
    site.wait_visible(sent.position)
    kind = "NDJSON" if media_type == NDJSON else "JSON"
    return rate(
        f"acked_alone_{kind.lower()}",
        f"bulk over HTTP → acked, projector at rest, {kind}",
        count,
        watch,
        p50=milliseconds(sent.requests, 50),
        p99=milliseconds(sent.requests, 99),
        note="times of a request",
    )
