"""The files of the demo company hang together."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from events.text import Language
from services.demo import steps as told
from services.demo.company import load_company
from services.demo.plan import plan, readings_sent
from services.demo.requests import Batch, Command

COMPANY = load_company()


def test_every_name_is_defined() -> None:
    """Units, cycles, KPIs and goals that something names are there."""
    assert {kpi.feed for kpi in COMPANY.kpis} == {feed.id for feed in COMPANY.feeds}
    units = {unit.id for unit in COMPANY.org_units}
    people = {person.id for person in COMPANY.people}
    assert {goal.owner for goal in COMPANY.goals} | {kpi.owner for kpi in COMPANY.kpis} <= people
    assert {goal.reviewer for goal in COMPANY.goals} - {None} <= people
    cycles = {cycle.id for cycle in COMPANY.cycles}
    kpis = {kpi.id: kpi for kpi in COMPANY.kpis}
    goals = {goal.id for goal in COMPANY.goals}
    key_results = {key_result.id for goal in COMPANY.goals for key_result in goal.key_results}
    assert {kpi.serves.goal for kpi in COMPANY.kpis if kpi.serves is not None} <= key_results
    for step in COMPANY.year:
        if isinstance(step, told.WatchWith):
            assert {step.kpi, *step.counter_metrics} <= kpis.keys()
        if isinstance(step, told.DrawUpScorecard):
            assert {item.id for item in step.items} <= kpis.keys() | goals
    assert {unit.parent for unit in COMPANY.org_units} - {None} <= units
    assert {kpi.org_unit for kpi in COMPANY.kpis} <= units
    for goal in COMPANY.goals:
        assert goal.org_unit in {*units, None}
        assert goal.takes_over in {*key_results, None}
        assert goal.cycle in cycles
        assert set(goal.supports) <= goals | key_results
        for key_result in goal.key_results:
            assert key_result.kpi is None or kpis[key_result.kpi].unit == key_result.measure.unit


def test_ids_are_used_once() -> None:
    """No two objectives or key results share an id."""
    added = [step.key_result.id for step in COMPANY.year if isinstance(step, told.AddKeyResult)]
    agreed = [key_result.id for goal in COMPANY.goals for key_result in goal.key_results]
    counts = Counter([*added, *agreed, *(goal.id for goal in COMPANY.goals)])
    assert [id_ for id_, n in counts.items() if n > 1] == []


def test_every_objective_is_agreed_once() -> None:
    """The year has a day for every objective of goals.yaml."""
    agreed = [step.objective for step in COMPANY.year if isinstance(step, told.Agree)]
    assert sorted(agreed) == sorted(goal.id for goal in COMPANY.goals)


def test_year_is_in_order() -> None:
    """year.yaml can be read from top to bottom."""
    days = [step.when for step in COMPANY.year]
    assert days == sorted(days)


def test_year_has_everything_a_demo_should_show() -> None:
    """Moved targets, corrections, retractions, late readings, drops and closed cycles all happen."""
    kinds = Counter(step.do for step in COMPANY.year)
    assert kinds["change_target"] >= 3
    assert kinds["close_cycle"] == 4
    assert kinds["check_in"] >= 10
    assert kinds["draw_up_scorecard"] == 2
    for kind in ("correct_baseline", "set_weights", "wrong_reading", "stray_reading", "late_reading"):
        assert kinds[kind] >= 1, kind


def test_one_target_moves_shortly_before_its_quarter_ends() -> None:
    """The convenient change that a retrospective should find is in the last fifth of its cycle."""
    moved = next(
        step for step in COMPANY.year if isinstance(step, told.ChangeTarget) and step.key_result == "acv-80m"
    )
    assert (date(2025, 6, 30) - moved.when).days < 91 / 5


@pytest.mark.parametrize("language", ["ko", "en"])
def test_keys_are_unique(language: Language) -> None:
    """Every change has an Idempotency-Key of its own, of at most 255 characters."""
    keys = [one.key for one in plan(COMPANY, language) if isinstance(one, Command)]
    assert [key for key, n in Counter(keys).items() if n > 1] == []
    assert max(map(len, keys)) <= 255


def test_keys_do_not_depend_on_the_language() -> None:
    """Loading it in the other language asks for the same changes."""
    ko, en = ([getattr(one, "key", one) for one in plan(COMPANY, lang)] for lang in ("ko", "en"))
    assert ko == en


def test_corrected_readings_were_sent_before() -> None:
    """A correction or retraction never comes before the reading that it is about."""
    sent: set[tuple[str, str, str]] = set()
    corrected: list[tuple[str, str, str]] = []
    for request in plan(COMPANY, "en"):
        if isinstance(request, Batch):
            sent |= {(request.feed, item["kpi"], item["source_id"]) for item in request.items}
        elif isinstance(request, Command) and request.params:
            corrected.append((request.params["feed"], request.params["kpi"], request.params["source_id"]))
            assert corrected[-1] in sent
    assert len(corrected) == 5


def test_late_readings_come_after_the_close() -> None:
    """Both late readings are of a quarter that is closed when they arrive."""
    closed = {step.cycle: step.when for step in COMPANY.year if isinstance(step, told.CloseCycle)}
    late = [step for step in COMPANY.year if isinstance(step, told.LateReading)]
    arrived = {(one.kpi, one.day): one.arrives for one in readings_sent(COMPANY)}
    for step in late:
        cycle = next(
            cycle
            for cycle in COMPANY.cycles
            if cycle.kind == "quarter" and cycle.start <= step.day <= cycle.end
        )
        assert arrived[step.kpi, step.day] > closed[cycle.id]
