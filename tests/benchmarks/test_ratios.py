"""Targets compare what one run measured."""

from __future__ import annotations

from benchmarks.measuring import Figure
from benchmarks.ratios import ratios


def test_a_target_holds_on_a_machine_of_any_speed() -> None:
    """The same share of a raw socket is met, or missed, however fast the machine is."""
    for speed in (1.0, 2.5):
        for share, met in ((0.81, True), (0.79, False)):
            figures = [
                Figure("append_raw", "raw", 90_000 * speed, "/s"),
                Figure("append", "append", 90_000 * speed * share, "/s"),
            ]
            (found,) = ratios(figures)
            assert (found.name, found.value, found.met) == ("append_to_append_raw", share, met)


def test_times_are_compared_by_the_part_that_is_named() -> None:
    """A high percentile with the same percentile of what it is held against."""
    (found,) = ratios(
        [
            Figure("health", "health", 4, "ms", p50=1, p99=4),
            Figure("plain_read", "read", 30, "ms", p50=6, p99=30),
        ]
    )
    assert (found.value, found.target, found.met) == (6, "≤ 5 x", False)


def test_every_size_of_the_ledger_is_compared() -> None:
    """Rates whose name has the size in it; what was not measured is left out."""
    figures = [
        Figure("append_raw", "raw", 100_000, "/s"),
        Figure("visible_100000", "small", 25_000, "/s"),
        Figure("visible_1000000", "large", 21_000, "/s"),
        Figure("visible_fall", "fall", 1, "%"),
    ]
    assert [(found.name, found.met) for found in ratios(figures)] == [
        ("visible_100000_to_append_raw", True),
        ("visible_1000000_to_append_raw", False),
    ]
