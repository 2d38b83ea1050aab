"""The rules of a KPI and of its targets."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import hypothesis
import pytest
from hypothesis import strategies as st

from events.cycles.state import Cycle
from events.kpis.commands import DefineKpi, RedefineKpi, RetireKpi, SetKpiTarget
from events.kpis.definition import AGGREGATIONS, KpiTarget, ReadingKind
from events.kpis.events import KpiRedefined, KpiRetired, KpiTargetSet
from events.kpis.state import Kpi
from events.measures import Aggregation
from events.registry import EventData
from tests.events.given import QUARTER, SALES_TEAM, TODAY, given, state_after
from tests.events.given_kpis import DEFINED, FIRST, KPI, WITH_TARGET

MARCH, MAY = date(2025, 3, 10), date(2025, 5, 10)
RETIRED = KPI.and_then(KpiRetired())


def test_a_kpi_is_defined() -> None:
    command = DefineKpi(
        name_ko="응답 시간",
        name_en="Response time",
        unit="hour",
        kind="ratio",
        aggregation="ratio",
        org_unit="sales",
    )
    state = given("kpi").when(command).then(DEFINED)
    assert (state.id, state.unit, state.targets, state.retired) == ("it", "hour", (), False)


@pytest.mark.parametrize("aggregation", get_args(Aggregation))
@pytest.mark.parametrize("kind", get_args(ReadingKind))
def test_readings_are_brought_together_as_their_kind_allows(
    kind: ReadingKind, aggregation: Aggregation
) -> None:
    """Adding up levels, or averaging amounts, says nothing."""
    outcome = given("kpi").when(DefineKpi(name_ko="x", unit="x", kind=kind, aggregation=aggregation))
    if aggregation in AGGREGATIONS[kind]:
        assert outcome.refusal is None
    else:
        outcome.refused("aggregation_does_not_fit", "invalid", "/aggregation")


def test_the_table_of_kinds_and_aggregations() -> None:
    assert AGGREGATIONS == {
        "delta": ("sum", "count"),
        "total": ("last", "sum"),
        "gauge": ("last", "mean", "min", "max"),
        "ratio": ("ratio",),
    }


def test_a_kpi_belongs_to_a_unit_that_goes_on() -> None:
    command = DefineKpi(name_ko="x", unit="x", kind="delta", aggregation="sum", org_unit="gone")
    given("kpi").when(command, org_unit=None).refused("org_unit_unknown", "invalid", "/org_unit")
    ended = SALES_TEAM.model_copy(update={"archived": True})
    given("kpi").when(command, org_unit=ended).refused("org_unit_archived")


def test_redefining_keeps_what_is_left_out_and_needs_a_reason() -> None:
    command = RedefineKpi(name_ko="평균 응답 시간", org_unit=None)
    KPI.when(command).refused("reason_required", "invalid", "/reason")
    old = state_after("kpi", DEFINED).definition
    new = old.model_copy(update={"name_ko": "평균 응답 시간", "org_unit": None})
    state = KPI.when(command, reason="조직 개편").then(KpiRedefined(old=old, new=new))
    assert (state.name_ko, state.name_en, state.org_unit) == ("평균 응답 시간", "Response time", None)


def test_readings_count_in_another_way_from_a_day_on() -> None:
    """Today, or an earlier day that is named and flagged; what is said last for a day holds."""
    changed = KPI.when(RedefineKpi(cadence="week"), reason="x", today=MAY).events
    assert changed is not None
    since = [(each.effective_from, each.backdated) for each in changed if isinstance(each, KpiRedefined)]
    assert since == [(MAY, False)]
    weekly = KPI.and_then(*changed)
    named = weekly.when(RedefineKpi(cadence="day", effective_from=MARCH), reason="x", today=MAY).events
    assert named is not None
    assert [each.backdated for each in named if isinstance(each, KpiRedefined)] == [True]
    day_before = {day: day - timedelta(days=1) for day in (MARCH, MAY)}

    def cadences(*events: EventData) -> list[str]:
        state = state_after("kpi", DEFINED, *events)
        return [state.as_on(day).cadence for day in (day_before[MARCH], MARCH, day_before[MAY], MAY)]

    assert cadences() == ["month"] * 4
    assert cadences(*changed) == ["month", "month", "month", "week"]
    assert cadences(*changed, *named) == ["month", "day", "day", "day"]
    # As it counts now, from an earlier day on.
    again = weekly.when(RedefineKpi(cadence="week", effective_from=MARCH), reason="x", today=MAY).events
    assert again
    assert cadences(*changed, *again) == ["month", "week", "week", "week"]
    # Before such changes had a day they held ever.
    (dated,) = changed
    assert isinstance(dated, KpiRedefined)
    assert cadences(dated.model_copy(update={"effective_from": None})) == ["week"] * 4


@hypothesis.given(
    st.lists(st.tuples(st.sampled_from(["week", "month", "quarter"]), st.integers(0, 6)), max_size=6)
)
def test_from_its_day_on_a_kpi_counts_as_was_asked_last(asked: list[tuple[str, int]]) -> None:
    """Also where it counts so now and did so on that day: between the two it may have counted otherwise."""
    days = [MARCH + timedelta(days=n) for n in range(7)]
    expected = dict.fromkeys(days, "month")
    kpi = KPI
    for cadence, n in asked:
        expected |= dict.fromkeys(days[n:], cadence)
        command = RedefineKpi.model_validate({"cadence": cadence, "effective_from": days[n]})
        events = kpi.when(command, reason="x", today=days[-1]).events
        assert events is not None
        kpi = kpi.and_then(*events)
        state = state_after("kpi", *kpi.history)
        assert {day: state.as_on(day).cadence for day in days} == expected


def test_the_day_of_a_redefinition_has_come_and_is_of_something() -> None:
    """Nobody can see figures that count in another way some day."""
    late = RedefineKpi(cadence="week", effective_from=MAY + timedelta(days=1))
    KPI.when(late, reason="x", today=MAY).refused("day_in_the_future", "invalid", "/effective_from")
    nothing = RedefineKpi(name_ko="x", effective_from=MAY)
    KPI.when(nothing, reason="x", today=MAY).refused("day_of_nothing", "invalid", "/effective_from")


def test_redefining_as_it_is_changes_nothing() -> None:
    KPI.when(RedefineKpi(name_ko="응답 시간", cadence=None)).then()


def test_redefining_follows_the_same_rules() -> None:
    KPI.when(RedefineKpi(aggregation="mean"), reason="x").refused("aggregation_does_not_fit", "invalid")
    command = RedefineKpi(org_unit="gone")
    KPI.when(command, reason="x", org_unit=None).refused("org_unit_unknown", "invalid")


def test_a_first_target_from_today_on_needs_no_reason() -> None:
    state = KPI.when(SetKpiTarget(kind="at_most", target=Decimal(24))).then(KpiTargetSet(new=FIRST))
    assert state.target_on(TODAY) == FIRST
    assert state.target_on(TODAY - timedelta(days=1)) is None


def test_moving_a_target_needs_a_reason_and_keeps_the_old_one() -> None:
    command = SetKpiTarget(kind="at_most", target=Decimal(30))
    WITH_TARGET.when(command).refused("reason_required", "invalid", "/reason")
    new = FIRST.model_copy(update={"target": Decimal(30)})
    state = WITH_TARGET.when(command, reason="인력 부족").then(KpiTargetSet(new=new, old=FIRST))
    assert state.target_on(TODAY) == new
    assert state.targets == (FIRST, new)


def test_the_same_target_again_changes_nothing() -> None:
    WITH_TARGET.when(SetKpiTarget(kind="at_most", target=Decimal("24.0"))).then()


def test_a_backdated_target_is_flagged_and_needs_a_reason() -> None:
    day = TODAY - timedelta(days=1)
    command = SetKpiTarget(kind="at_most", target=Decimal(24), effective_from=day)
    KPI.when(command).refused("reason_required", "invalid")
    new = FIRST.model_copy(update={"effective_from": day})
    KPI.when(command, reason="잊었음").then(KpiTargetSet(new=new, backdated=True))


CLOSED = QUARTER.model_copy(update={"status": "closed"})
YEAR_BEFORE = Cycle(
    id="2024",
    name="2024",
    start=date(2024, 1, 1),
    end=date(2024, 12, 31),
    kind="year",
    status="closed",
)


@pytest.mark.parametrize(
    ("first", "last", "earliest"),
    [
        (date(2025, 1, 1), None, "2025-04-01"),
        (date(2025, 3, 31), date(2025, 3, 31), "2025-04-01"),
        (date(2023, 5, 1), None, "2025-04-01"),
        (date(2023, 5, 1), date(2024, 1, 1), "2025-01-01"),
        (date(2025, 4, 1), None, None),
        (date(2023, 5, 1), date(2023, 12, 31), None),
    ],
)
def test_no_target_reaches_into_a_closed_cycle(first: date, last: date | None, earliest: str | None) -> None:
    """A target wins over those set before on all its days, so it may share no day with a closed cycle."""
    command = SetKpiTarget(kind="at_most", target=Decimal(1), effective_from=first, effective_to=last)
    outcome = KPI.when(command, reason="x", today=date(2025, 6, 1), cycles=(YEAR_BEFORE, CLOSED))
    if earliest is None:
        assert outcome.refusal is None
        return
    refusal = outcome.refused("cycle_closed", pointer="/effective_from")
    assert earliest in refusal.text.en
    assert earliest in refusal.text.ko
    assert refusal.allowed == ["reopen_cycle"]


def test_open_cycles_and_those_to_come_take_a_target() -> None:
    """A cycle that was closed before it began has no figures to protect."""
    command = SetKpiTarget(kind="at_most", target=Decimal(1))
    to_come = CLOSED.model_copy(update={"start": TODAY + timedelta(days=1)})
    for cycle in (QUARTER, to_come):
        assert KPI.when(command, cycles=(cycle,)).refusal is None
    WITH_TARGET.when(command.model_copy(update={"target": Decimal(24)}), cycles=(CLOSED,)).then()


def test_how_a_kpi_is_read_stays_where_it_measured_in_a_closed_cycle() -> None:
    """Names and people may change: no figure follows from them."""
    KPI.when(RedefineKpi(cadence="week"), reason="x", measured_cycles=(CLOSED,)).refused("cycle_closed")
    assert KPI.when(RedefineKpi(owner="boris"), reason="x", measured_cycles=(CLOSED,)).refusal is None
    assert KPI.when(RedefineKpi(cadence="week"), reason="x", measured_cycles=(QUARTER,)).refusal is None


def test_targets_of_separate_stretches_stand_beside_each_other() -> None:
    """Next year's target is no change of this year's."""
    this_year = KpiTarget(
        kind="at_most", target=Decimal(24), effective_from=TODAY, effective_to=date(2025, 12, 31)
    )
    command = SetKpiTarget(kind="at_most", target=Decimal(20), effective_from=date(2026, 1, 1))
    next_year = KpiTarget(kind="at_most", target=Decimal(20), effective_from=date(2026, 1, 1))
    state: Kpi = KPI.and_then(KpiTargetSet(new=this_year)).when(command).then(KpiTargetSet(new=next_year))
    assert state.target_on(date(2025, 12, 31)) == this_year
    assert state.target_on(date(2026, 1, 1)) == next_year


@pytest.mark.parametrize(
    ("first", "last", "reason_needed"),
    [(-9, -1, False), (-9, 0, True), (0, 0, True), (4, 4, True), (4, None, True), (5, None, False)],
)
def test_one_common_day_makes_it_a_change(first: int, last: int | None, reason_needed: bool) -> None:
    """The other target holds from day 0 to day 4, all days to come."""
    start = date(2025, 6, 1)

    def target(value: int, begin: int, end: int | None) -> KpiTarget:
        return KpiTarget(
            kind="at_most",
            target=Decimal(value),
            effective_from=start + timedelta(days=begin),
            effective_to=None if end is None else start + timedelta(days=end),
        )

    before = KPI.and_then(KpiTargetSet(new=target(24, 0, 4)))
    outcome = before.when(SetKpiTarget(**target(20, first, last).model_dump()))
    if reason_needed:
        outcome.refused("reason_required", "invalid")
    else:
        outcome.then(KpiTargetSet(new=target(20, first, last)))


def test_a_definition_may_change_while_its_unit_has_ended() -> None:
    """Only a unit that is chosen anew must go on."""
    ended = SALES_TEAM.model_copy(update={"archived": True})
    command = RedefineKpi(name_ko="평균 응답 시간", org_unit="sales")
    assert KPI.when(command, reason="x", org_unit=ended).events


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"kind": "increase", "target": 5, "baseline": 5}, "baseline_equals_target"),
        ({"kind": "increase", "target": 4, "baseline": 5}, "direction_contradicts"),
        ({"kind": "at_least", "target": 0}, "target_not_positive"),
        ({"kind": "at_most", "target": 5, "grading": "tolerance"}, "tolerance_missing_or_unused"),
        ({"kind": "at_most", "target": 5, "effective_to": date(2025, 2, 9)}, "target_dates"),
    ],
)
def test_a_target_must_hang_together(said: dict[str, Any], code: str) -> None:
    KPI.when(SetKpiTarget(**said)).refused(code, "invalid")


@pytest.mark.parametrize(("target", "code"), [(0, "baseline_equals_target"), (-10, "direction_contradicts")])
def test_a_target_of_a_sum_that_starts_at_0_lies_above_0(target: int, code: str) -> None:
    """An increase of what adds up starts at 0 when it has no baseline."""
    command = SetKpiTarget(kind="increase", target=Decimal(target))
    sums = given("kpi", DEFINED.model_copy(update={"kind": "delta", "aggregation": "sum"}))
    sums.when(command).refused(code, "invalid", "/target")
    from_below = command.model_copy(update={"baseline": Decimal(-20)})
    assert sums.when(from_below).events
    assert KPI.when(command).events, "a ratio does not start at 0: without a baseline it has no score"


def test_a_kpi_is_retired_with_a_reason_and_changes_no_more() -> None:
    KPI.when(RetireKpi()).refused("reason_required", "invalid")
    assert KPI.when(RetireKpi(), reason="대체됨").then(KpiRetired()).retired
    for command in (RetireKpi(), RedefineKpi(name_ko="y"), SetKpiTarget(kind="at_most", target=Decimal(1))):
        RETIRED.when(command, reason="x").refused("kpi_retired")
        given("kpi").when(command, reason="x").refused("kpi_unknown", "not_found")


def test_a_kpi_says_what_it_serves_and_what_it_is_watched_with() -> None:
    """A team KPI's one sentence, and the KPI that gets worse when it is pushed for its own sake."""
    purpose: dict[str, Any] = {
        "serves": "top-customers-40",
        "serves_why": "신규 고객이 늘면 상위 고객 비중이 준다",
        "counter_metrics": ("gross-margin",),
    }
    command = RedefineKpi(**purpose)
    old = state_after("kpi", DEFINED).definition
    state = KPI.when(command, reason="why").then(KpiRedefined(old=old, new=old.model_copy(update=purpose)))
    assert (state.serves, state.counter_metrics) == ("top-customers-40", ("gross-margin",))
    for alone in (RedefineKpi(serves="x"), RedefineKpi(serves_why="y")):
        KPI.when(alone, reason="why").refused("serves_needs_why", "invalid", "/serves_why")
    unknown = frozenset({"gross-margin"})
    KPI.when(command, reason="why", unknown=unknown).refused(
        "kpi_purpose_unknown", "invalid", "/counter_metrics"
    )
    unknown = frozenset({"top-customers-40"})
    KPI.when(command, reason="why", unknown=unknown).refused("kpi_purpose_unknown", "invalid", "/serves")


def test_a_kpi_is_defined_once() -> None:
    command = DefineKpi(name_ko="x", unit="x", kind="delta", aggregation="sum")
    KPI.when(command).refused("kpi_exists")
