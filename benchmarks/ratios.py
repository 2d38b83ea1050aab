"""The targets: each figure compared with what the same machine did in the same run.

Machines of one kind differ by 2.5 times from day to day, so a figure by itself says which machine it was.
What it is compared with drifts as it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from benchmarks.measuring import Figure

Part = Literal["value", "p50", "p99"]


class Ratio(NamedTuple):
    """A target."""

    figure: str
    """The name of the figure; one that ends with `_` stands for all rates that begin so."""
    to: str
    """The name of the one that it is compared with."""
    words: str
    """A short explanation for people."""
    least: float | None = None
    most: float | None = None
    part: Part = "value"
    """Which part of both figures is compared."""


RAW, PEER, PUBLISH, HEALTH = "append_raw", "peer_projection", "publish_synced", "health"

RATIOS = (
    Ratio("append", RAW, "a raw socket", least=0.8),
    Ratio("append", "append_umadb", "UmaDB"),
    Ratio("acked_alone_json", RAW, "a raw socket", least=0.33),
    Ratio("visible_", RAW, "a raw socket", least=0.22),
    Ratio("visible_", PEER, "the peer's projection", least=10),
    Ratio("visible_", "copy_rows", "COPY of the same readings"),
    Ratio("rebuild", RAW, "a raw socket", least=0.5),
    Ratio("command_warm", PUBLISH, "one synced publish", most=6, part="p99"),
    Ratio("command_idle", PUBLISH, "one synced publish", most=6, part="p99"),
    Ratio("one_visible", PUBLISH, "one synced publish", most=12, part="p99"),
    Ratio("trend", HEALTH, "/healthz", most=10, part="p99"),
    Ratio("plain_read", HEALTH, "/healthz", most=5, part="p50"),
    Ratio("single_50", "health_50", "/healthz for the same clients", least=0.5),
    Ratio("single_50", "bare_publishing_50", "a bare app that waits for a synced ack of each", least=2),
    Ratio("single_500", "single_50", "50 clients", least=1),
    Ratio("health_50", "bare_nothing_50", "a bare app that does nothing"),
)


def ratios(figures: Sequence[Figure]) -> Iterator[Figure]:
    """The ratios of which both figures were measured."""
    by_name = {figure.name: figure for figure in figures}
    for ratio in RATIOS:
        for figure in figures:
            if figure.name == ratio.figure or (
                ratio.figure.endswith("_") and figure.name.startswith(ratio.figure) and figure.unit == "/s"
            ):
                yield from _compared(ratio, figure, by_name)


def _compared(ratio: Ratio, figure: Figure, by_name: Mapping[str, Figure]) -> Iterator[Figure]:
    to = by_name.get(ratio.to)
    value = getattr(figure, ratio.part)
    of = None if to is None else getattr(to, ratio.part)
    if value is None or not of:
        return
    times = value / of
    target = ""
    if ratio.least is not None:
        target = f"≥ {ratio.least:g} x"
    elif ratio.most is not None:
        target = f"≤ {ratio.most:g} x"
    met = (ratio.least is None or times >= ratio.least) and (ratio.most is None or times <= ratio.most)
    part = "" if ratio.part == "value" else f" ({ratio.part})"
    yield replace(
        Figure(
            f"{figure.name}_to_{ratio.to}", f"{figure.work}: compared with {ratio.words}{part}", times, "x"
        ),
        value=round(times, 3),
        target=target,
        met=met if target else None,
    )
