"""Bands: every score has exactly one, and the built-in ones are those of the reference."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.objectives.events import Ambition
from events.policies.defaults import DEFAULTS
from events.policies.rules import Band, Framework, PayoutGrade
from projections.scoring.bands import band_of, grade_of, yardstick

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "policies.md"
scores = st.decimals(-5, 5, places=6, allow_nan=False)


@pytest.mark.parametrize(
    ("framework", "ambition", "score", "code"),
    [
        ("okr", "stretch", "-0.25", "off"),
        ("okr", "stretch", "0.299999", "off"),
        ("okr", "stretch", "0.3", "short"),
        ("okr", "stretch", "0.599999", "short"),
        ("okr", "stretch", "0.6", "success"),
        ("okr", "stretch", "0.65", "success"),
        ("okr", "stretch", "0.999999", "success"),
        ("okr", "stretch", "1.000000", "reached"),
        ("okr", "stretch", "1.6", "reached"),
        ("okr", "committed", "0.65", "not_reached"),
        ("okr", "committed", "0.999999", "not_reached"),
        ("okr", "committed", "1", "reached"),
        ("mbo", None, "0.999999", "not_reached"),
        ("mbo", None, "1", "reached"),
        ("kpi", None, "0.65", "problem"),
        ("kpi", None, "0.699999", "problem"),
        ("kpi", None, "0.7", "watch"),
        ("kpi", None, "0.899999", "watch"),
        ("kpi", None, "0.9", "healthy"),
        ("kpi", None, "0.95", "healthy"),
        ("kpi", None, "1.2", "healthy"),
    ],
)
def test_built_in_bands(framework: Framework, ambition: Ambition | None, score: str, code: str) -> None:
    bands = yardstick(DEFAULTS[framework], ambition).bands
    assert band_of(Decimal(score), bands).code == code


@given(scores, st.lists(scores, unique=True, max_size=6))
def test_every_score_lies_in_the_one_band_whose_edges_hold_it(score: Decimal, edges: list[Decimal]) -> None:
    rising: list[Decimal | None] = [None, *sorted(edges)]
    bands = [Band(code=f"b{n}", name_ko="가", name_en="a", at_least=edge) for n, edge in enumerate(rising)]
    upper = [*sorted(edges), None]
    holding = [
        band
        for band, end in zip(bands, upper, strict=True)
        if (band.at_least is None or band.at_least <= score) and (end is None or score < end)
    ]
    assert holding == [band_of(score, bands)]


@given(scores, scores)
def test_a_better_score_never_has_a_lower_band(one: Decimal, other: Decimal) -> None:
    bands = DEFAULTS["okr"].stretch
    assert bands is not None
    low, high = (bands.bands.index(band_of(score, bands.bands)) for score in sorted([one, other]))
    assert low <= high


def test_a_payout_table_gives_grade_and_factor() -> None:
    payout = (
        PayoutGrade(grade="B", pay_factor=Decimal("0.8")),
        PayoutGrade(grade="A", at_least=Decimal("0.9"), pay_factor=Decimal(1)),
        PayoutGrade(grade="S", at_least=Decimal("1.1"), pay_factor=Decimal("1.2")),
    )
    found = [grade_of(Decimal(score), payout) for score in ("-1", "0.899999", "0.9", "1.1")]
    assert [grade.grade for grade in found if grade] == ["B", "B", "A", "S"]
    assert grade_of(Decimal(1), ()) is None


def test_the_reference_shows_the_built_in_bands() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| (okr|kpi|mbo) \| (usual|stretch) ", line)
    ]
    expected = [
        [framework, name, str(found.expected_end), str(band.at_least or ""), band.name_en, band.name_ko]
        for framework, rules in DEFAULTS.items()
        for name, found in (("stretch", rules.stretch), ("usual", rules.usual))
        if found is not None
        for band in found.bands
    ]
    assert rows == expected
