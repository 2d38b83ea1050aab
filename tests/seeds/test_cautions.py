"""The traps that the examples warn of raise advice, and nothing else does."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.seeds.build import unit
from tests.seeds.conftest import Reader
from tests.seeds.examples import (
    Caution,
    KeyResultExample,
    Measured,
    cautions,
    examples,
    kpis_by_hand,
)

IN_GOALS = {one.kpi for one in examples().key_results}
WARNED = [one for one in (*examples().key_results, *examples().kpis) if one.cautions]

Said = dict[str, set[str]]


@pytest.fixture(scope="session")
def said(seeds: Reader) -> Said:
    """The codes of all advice on the examples, by item."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for piece in seeds.get("/v1/advice", as_of="2025-09-30", limit="1000")["data"]:
        found[piece["id"]].add(piece["code"])
    return found


def row_for(one: Measured, warning: str) -> Caution:
    """The first row of cautions.yaml that fits a warning. Every warning has one."""
    kind = "key_result" if isinstance(one, KeyResultExample) else "kpi"
    return next(
        row
        for row in cautions()
        if row.says.lower() in warning.lower()
        and row.kind in (None, kind)
        and row.measure in (None, one.measure)
        and row.in_goal in (None, one.id in IN_GOALS)
    )


def raised_on(one: Measured, row: Caution) -> str | None:
    """The item whose advice a row names."""
    if row.on == "objective":
        assert isinstance(one, KeyResultExample)
        return one.objective
    if row.on == "org_unit":
        assert one.org_unit is not None
        return unit(one.company, one.org_unit)
    return one.id


@pytest.mark.parametrize("one", WARNED, ids=lambda one: one.id)
def test_every_warning_raises_its_advice(said: Said, one: Measured) -> None:
    """Or the fixture says why no rule can see it."""
    for warning in one.cautions:
        row = row_for(one, warning)
        if row.code is None:
            assert row.why, warning
        else:
            assert row.code in said[raised_on(one, row) or ""], warning


@pytest.mark.parametrize(
    "code",
    sorted({row.code for row in cautions() if row.code is not None and row.on == "item"}),
)
def test_nothing_raises_what_it_was_not_warned_of(said: Said, code: str) -> None:
    """Each code of the fixture is given to the items with such a warning, and to no other example."""
    warned = {
        one.id for one in WARNED if any(row_for(one, warning).code == code for warning in one.cautions)
    } | {id_ for id_, told in kpis_by_hand().items() if code in told.also}
    known = {one.id for one in WARNED}
    assert {id_ for id_, codes in said.items() if code in codes and id_ in known} == warned


def test_every_row_is_needed() -> None:
    """No row of cautions.yaml is left over from a warning that has gone."""
    used = {
        row_for(one, warning)
        for one in (*examples().key_results, *examples().kpis)
        for warning in one.cautions
    }
    assert [row.says for row in cautions() if row not in used] == []
