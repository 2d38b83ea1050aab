"""Bulk readings over HTTP: how fast they are acked and in all views, and whether size matters."""

from __future__ import annotations

from benchmarks.measuring import Figure, Watch, milliseconds, rate
from benchmarks.site import JSON, NDJSON, Site

SMALL, LARGE = 100_000, 1_000_000
"""Readings on the ledger when a stage begins."""
STAGE = 200_000
"""Readings of a stage, long enough that it includes PostgreSQL's checkpoints."""
ALONE = 100_000
"""Readings that are sent while the projector stands still."""

LEAST_ACKED = 15_000
LEAST_VISIBLE = 11_000
MOST_FALL = 10.0
"""Percent."""


def measure(site: Site, scale: float) -> list[Figure]:
    """Acked and visible at two sizes of the ledger; then acked alone."""
    small, large = round(SMALL * scale), round(LARGE * scale)
    figures = _stage(site, small, round(STAGE * scale)) + _stage(site, large, round(STAGE * scale))
    before, after = (figure.value for figure in figures if figure.name.startswith("visible"))
    fall = (before - after) / before * 100
    figures.append(
        Figure(
            "visible_fall",
            f"fall of that rate from {small:,} to {large:,} readings",
            round(fall, 1),
            "%",
            f"≤ {MOST_FALL:.0f} %",
            fall <= MOST_FALL,
        )
    )
    return figures + [_alone(site, round(ALONE * scale), media_type) for media_type in (JSON, NDJSON)]


def _stage(site: Site, size: int, count: int) -> list[Figure]:
    """Send with everything running, and wait until all views show it."""
    site.grow(size)
    bodies = site.next_bodies(count)
    visible, acked = Watch(site.groups()), Watch(site.groups())
    with visible:
        with acked:
            sent = site.send(bodies)
        site.wait_visible(sent.position)
    return [
        rate(
            f"acked_{size}",
            f"bulk over HTTP → acked, projector working, {size:,} before",
            count,
            acked,
            least=LEAST_ACKED,
            p50=milliseconds(sent.requests, 50),
            p99=milliseconds(sent.requests, 99),
            note="times of a request",
        ),
        rate(
            f"visible_{size}",
            f"bulk over HTTP → visible in all views, {size:,} before",
            count,
            visible,
            least=LEAST_VISIBLE,
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
        least=LEAST_ACKED,
        p50=milliseconds(sent.requests, 50),
        p99=milliseconds(sent.requests, 99),
        note="times of a request",
    )
