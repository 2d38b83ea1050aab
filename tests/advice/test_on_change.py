"""Advice on what a command just wrote."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from events.objectives.state import CheckIn, KeyResult, Objective, TargetFact
from events.org_units.state import OrgUnit
from events.state import State
from projections.advice.on_change import Written, on_written
from tests.advice.given import Q1, SALES, TODAY, key_result, kpi, objective

NUMBER = "매출 10% 증가"


def said(before: State | None, after: State | None, **known: Any) -> set[tuple[str, str]]:
    """(item, code) of what is said."""
    facts: dict[str, Any] = {"recorded_on": TODAY, "cycle": Q1, "unit": SALES}
    return {(piece.item.id, piece.code) for piece in on_written(Written(before, after, **facts | known))}


def test_a_new_objective_is_advised_on() -> None:
    bare = objective(NUMBER, owner=None, key_results=())
    assert said(None, bare) == {
        ("growth", "objective_is_number"),
        ("growth", "too_few_key_results"),
        ("growth", "owner_missing"),
    }
    assert said(None, objective()) == set()


def test_only_what_changed_is_advised_on() -> None:
    """Not the objective whose key result is reworded, nor the other key results."""
    before = objective(
        NUMBER, key_results=(key_result("블로그 포스트 10개 발행", id="a"), key_result(id="b"))
    )
    after = _with(before, "b", title="4.5점 이상 유지")
    assert said(before, after) == {("b", "keep_belongs_to_kpi")}
    moved = before.model_copy(update={"owner": "boris"})
    assert said(before, moved) == {("growth", "objective_is_number")}


def test_a_key_result_more_or_less_is_the_objectives_too() -> None:
    one = objective(key_results=(key_result(),))
    two = objective(key_results=(*one.key_results, key_result("블로그 포스트 10개 발행", id="posts")))
    assert said(one, two) == {("posts", "key_result_is_output")}
    assert said(two, _with(two, "posts", status="dropped")) == {("growth", "too_few_key_results")}


def test_reports_and_what_has_ended_raise_nothing() -> None:
    before = objective(NUMBER, key_results=(key_result("4.5점 이상 유지"), key_result(id="b")))
    report = CheckIn.model_validate(
        {"day": TODAY, "actor": "person:anna", "event_id": "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10"}
    )
    assert said(before, _with(before, "kr", check_ins=(report,))) == set()
    for status in ("graded", "closed", "dropped"):
        assert said(before, before.model_copy(update={"status": status})) == set()
    assert said(before, before) == set()
    assert said(None, None) == said(None, SALES) == set()


@pytest.mark.parametrize(("day", "late"), [(date(2026, 3, 13), False), (date(2026, 3, 14), True)])
def test_a_target_moved_late_is_told_at_once(day: date, late: bool) -> None:
    """By the day of recording, whatever day it is said to hold from."""
    before = objective()
    moved = TargetFact(target=Decimal(4), effective_from=date(2026, 1, 1))
    known = before.key_results[0]
    after = _with(before, "kr", targets=(*known.targets, moved))
    assert (("kr", "target_moved_late") in said(before, after, recorded_on=day)) == late
    assert said(before, after, recorded_on=day, cycle=None) == set()
    # Until the objective is active the new target replaces the one it had.
    draft = _with(before, "kr", targets=(moved,))
    assert said(before, draft, recorded_on=day) == set()


def test_a_kpi_is_advised_on_when_it_is_defined_or_changed() -> None:
    """Whether a key result is measured by it only the whole can say."""
    bare = kpi(owner=None, serves=None, targets=())
    assert said(None, bare) == {
        ("contracts", "owner_missing"),
        ("contracts", "kpi_link_missing"),
        ("contracts", "target_missing"),
    }
    company = OrgUnit(id="sales", name_ko="회사", name_en="Company", level="company")
    assert ("contracts", "kpi_link_missing") not in said(None, bare, unit=company)
    assert said(bare, bare.model_copy(update={"serves": "growth"})) == {("contracts", "owner_missing")}
    assert said(kpi(), kpi(retired=True)) == set()


def test_a_target_to_come_is_advised_on_now() -> None:
    later = {"kind": "at_least", "target": 99, "effective_from": date(2027, 1, 1)}
    before = kpi(unit="percent")
    after = kpi(unit="percent", targets=(*before.targets, later))
    assert said(before, after) == {("contracts", "high_target_without_tolerance")}


def test_a_counter_metric_that_was_retired_is_told_where_pay_is_linked() -> None:
    paid = kpi(reward={"share": "20"}, counter_metrics=("returns",))
    assert said(kpi(), paid) == set()
    told = {("contracts", "bonus_without_counter_metric")}
    assert said(kpi(), paid, retired=frozenset({"returns"})) == told


def _with(before: Objective, id_: str, **changed: Any) -> Objective:
    """The objective with one key result changed."""
    parts: tuple[KeyResult, ...] = tuple(
        part.model_copy(update=changed) if part.id == id_ else part for part in before.key_results
    )
    return before.model_copy(update={"key_results": parts})


@pytest.mark.parametrize(("day", "late"), [(date(2026, 3, 13), False), (date(2026, 3, 14), True)])
def test_a_kpi_target_moved_late_is_told_at_once(day: date, late: bool) -> None:
    """A first target moves nothing."""
    lower = {"kind": "at_least", "target": 20, "effective_from": date(2026, 2, 1)}
    before = kpi()
    after = kpi(targets=(*before.targets, lower))
    told = ("contracts", "kpi_target_moved_late")
    assert (told in said(before, after, recorded_on=day, cycles=(Q1,))) == late
    assert told not in said(kpi(targets=()), kpi(targets=(lower,)), recorded_on=day, cycles=(Q1,))
