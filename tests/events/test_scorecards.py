"""A scorecard is of one unit or person, and its weights total 100."""

from typing import Any

import pytest

from events.scorecards.commands import ChangeScorecard, DrawUpScorecard
from events.scorecards.events import ScorecardChanged, ScorecardDrawnUp
from events.scorecards.items import Item
from tests.events.given import QUARTER, given

CLOSED = QUARTER.model_copy(update={"status": "closed"})


def item(id_: str, weight: str, kind: str = "kpi") -> Item:
    """One line."""
    return Item.model_validate({"kind": kind, "id": id_, "weight": weight})


ITEMS = (item("sales", "60"), item("goal", "40", "objective"))
DRAWN_UP = ScorecardDrawnUp(cycle="2025-q1", org_unit="sales", items=ITEMS)
CARD = given("scorecard", DRAWN_UP)


def draw_up(**differs: Any) -> DrawUpScorecard:
    """The unit's scorecard, or a command that differs."""
    return DrawUpScorecard(**{"cycle": "2025-q1", "org_unit": "sales", "items": ITEMS} | differs)


def test_a_scorecard_is_drawn_up_and_changed_with_a_reason() -> None:
    state = given("scorecard").when(draw_up()).then(DRAWN_UP)
    assert state.items == ITEMS
    new = (item("sales", "100"),)
    CARD.when(ChangeScorecard(items=new)).refused("reason_required", "invalid", "/reason")
    changed = CARD.when(ChangeScorecard(items=new), reason="집중").then(ScorecardChanged(old=ITEMS, new=new))
    assert changed.items == new
    CARD.when(ChangeScorecard(items=ITEMS)).then()


@pytest.mark.parametrize(
    "weights", [["60", "39.99"], ["60", "41"], ["100", "0"], ["150", "-50"], ["1", "1"], ["100.000001"]]
)
def test_weights_that_do_not_total_100_are_refused(weights: list[str]) -> None:
    items = tuple(item(f"kpi-{n}", weight) for n, weight in enumerate(weights))
    given("scorecard").when(draw_up(items=items)).refused("weights_not_100", "invalid", "/items")
    CARD.when(ChangeScorecard(items=items), reason="x").refused("weights_not_100", "invalid", "/items")


@pytest.mark.parametrize("weights", [["100"], ["33.3", "33.3", "33.4"], ["0.5", "99.5"]])
def test_weights_may_be_any_parts_of_100(weights: list[str]) -> None:
    items = tuple(item(f"kpi-{n}", weight) for n, weight in enumerate(weights))
    assert given("scorecard").when(draw_up(items=items)).refusal is None


@pytest.mark.parametrize(
    ("differs", "facts", "code", "pointer"),
    [
        ({"person": "anna"}, {}, "scorecard_of_one", "/org_unit"),
        ({"org_unit": None, "person": "x"}, {"people": {"person": None}}, "person_unknown", "/person"),
        ({"org_unit": None}, {}, "scorecard_of_one", "/org_unit"),
        ({"items": (item("sales", "50"), item("sales", "50"))}, {}, "item_twice", "/items"),
        ({}, {"unknown": frozenset({"objective/goal"})}, "item_unknown", "/items"),
        ({}, {"cycle": None}, "cycle_unknown", "/cycle"),
        ({}, {"org_unit": None}, "org_unit_unknown", "/org_unit"),
    ],
)
def test_what_makes_no_sense_is_refused(
    differs: dict[str, Any], facts: dict[str, Any], code: str, pointer: str
) -> None:
    given("scorecard").when(draw_up(**differs), **facts).refused(code, "invalid", pointer)


def test_one_id_of_two_kinds_may_stand_on_a_scorecard() -> None:
    items = (item("growth", "50"), item("growth", "50", "objective"))
    assert given("scorecard").when(draw_up(items=items)).refusal is None


def test_nothing_changes_in_a_closed_cycle_and_an_id_is_taken_once() -> None:
    given("scorecard").when(draw_up(), cycle=CLOSED).refused("cycle_closed")
    CARD.when(ChangeScorecard(items=(item("sales", "100"),)), reason="x", cycle=CLOSED).refused(
        "cycle_closed"
    )
    CARD.when(draw_up()).refused("scorecard_exists")
    given("scorecard").when(ChangeScorecard(items=ITEMS)).refused("scorecard_unknown", "not_found")
