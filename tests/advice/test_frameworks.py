"""Advice where the frameworks differ: MBO goals of a person, and what is linked to pay."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from events.objectives.state import Objective
from events.rewards import Reward
from tests.advice.given import Q1, advised, codes, given, key_result, kpi, objective

YEAR = Q1.model_copy(update={"id": "2026", "kind": "year"})
HALF = Q1.model_copy(update={"id": "2026-h1", "kind": "half_year"})
BONUS = Reward(share=Decimal(30), note="성과급 재원")


def mbo(number: int = 1, **fields: Any) -> Objective:
    """An MBO goal with one measure."""
    usual: dict[str, Any] = {
        "id": f"goal-{number}",
        "cycle": YEAR.id,
        "framework": "mbo",
        "ambition": "committed",
        "reviewer": "boris",
        "key_results": (key_result(id=f"measure-{number}"),),
    }
    return objective(**usual | fields)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, {"too_few_mbo_goals"}),
        (4, {"too_few_mbo_goals"}),
        (5, set()),
        (7, set()),
        (8, {"too_many_mbo_goals"}),
    ],
)
def test_a_person_has_five_to_seven_mbo_goals(count: int, said: set[str]) -> None:
    """And none of it counts as objectives of the unit, or as an OKR in good form."""
    goals = [mbo(number) for number in range(count)]
    assert codes(given(*goals, cycles=[YEAR])) == said


def test_goals_of_two_people_or_cycles_are_counted_apart() -> None:
    goals = [mbo(number, owner="anna" if number < 6 else "carla") for number in range(12)]
    assert codes(given(*goals, cycles=[YEAR])) == set()
    halves = [mbo(number, cycle=(YEAR if number < 6 else HALF).id) for number in range(12)]
    assert codes(given(*halves, cycles=[YEAR, HALF])) == set()


def test_goals_are_counted_of_whom_all_are_known_and_people_are_named() -> None:
    facts = replace(given(mbo(owner="anna"), cycles=[YEAR]), names={"anna": "김안나"})
    [piece] = [one for one in advised(facts) if one.item.kind == "person"]
    assert "김안나" in piece.text.ko
    assert "too_few_mbo_goals" not in codes(replace(facts, partly_seen=frozenset({"anna"})))


def test_an_mbo_goal_runs_for_half_a_year_or_a_year() -> None:
    for cycle, said in ((Q1, True), (HALF, False), (YEAR, False)):
        facts = given(mbo(cycle=cycle.id), cycles=[cycle])
        assert ("mbo_cycle_unusual" in codes(facts)) == said
    assert "mbo_cycle_unusual" not in codes(given(objective()))


def test_an_okr_that_is_linked_to_pay_is_advised_on_and_an_mbo_goal_is_not() -> None:
    assert "okr_reward_link" in codes(given(objective(reward=BONUS)))
    assert "okr_reward_link" not in codes(given(objective()))
    assert "okr_reward_link" not in codes(given(mbo(reward=BONUS), cycles=[YEAR]))


def test_a_bonus_on_a_kpi_needs_a_counter_metric() -> None:
    """Goodhart: what is paid for improves, perhaps at the cost of what nobody watches."""
    assert "bonus_without_counter_metric" in codes(given(kpis=[kpi(reward=BONUS)]))
    assert "bonus_without_counter_metric" not in codes(
        given(kpis=[kpi(reward=BONUS, counter_metrics=("returns",))])
    )
    assert "bonus_without_counter_metric" not in codes(given(kpis=[kpi()]))
