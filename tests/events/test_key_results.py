"""The rules of key results: adding, weights, targets, baselines, links, check-ins."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from events.commands import Command
from events.measures import Measure, Window
from events.objectives.commands import (
    AddKeyResult,
    ChangeKeyResultOwner,
    ChangeMeasure,
    ChangeTarget,
    CheckIn,
    CorrectBaseline,
    DropKeyResult,
    LinkKpi,
    RewordKeyResult,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted
from events.objectives.key_result_events import (
    BaselineCorrected,
    CheckedIn,
    KeyResultAdded,
    KeyResultDropped,
    KeyResultOwnerChanged,
    KeyResultReworded,
    KpiLinked,
    KpiUnlinked,
    RangeChanged,
    TargetChanged,
    WeightChanged,
)
from events.objectives.state import KeyResult, TargetFact
from events.registry import EventData
from tests.events.given import QUARTER, REVENUE, TODAY, given, state_after

DRAFTED = ObjectiveDrafted(title="수익성 있는 성장", cycle="2025-q1", ambition="stretch")
ACV = Measure(kind="increase", baseline=Decimal(50), target=Decimal(80), unit="KRW")
START, END = QUARTER.start, QUARTER.end
YESTERDAY = TODAY - timedelta(days=1)


def added(id_: str = "acv", **fields: Any) -> KeyResultAdded:
    """A key result from 50 to 80 for the whole quarter."""
    usual: dict[str, Any] = {"title": "ACV 50 → 80", "measure": ACV, "effective_from": START}
    return KeyResultAdded(key_result=id_, **usual | fields)


DRAFT = given("objective", DRAFTED, added())
ACTIVE = DRAFT.and_then(ObjectiveActivated())
LINKED = ACTIVE.and_then(KpiLinked(key_result="acv", new="revenue"))
WEIGHTED = given(
    "objective",
    DRAFTED,
    added("a", weight=Decimal(60)),
    added("b", weight=Decimal(40)),
    ObjectiveActivated(),
)

CHANGES: list[tuple[Command, EventData]] = [
    (
        RewordKeyResult(key_result="acv", title="연 계약 금액"),
        KeyResultReworded(key_result="acv", old="ACV 50 → 80", new="연 계약 금액"),
    ),
    (
        ChangeKeyResultOwner(key_result="acv", owner="bora"),
        KeyResultOwnerChanged(key_result="acv", new="bora"),
    ),
    (
        CorrectBaseline(key_result="acv", baseline=Decimal(48)),
        BaselineCorrected(key_result="acv", old=Decimal(50), new=Decimal(48)),
    ),
    (LinkKpi(key_result="acv", kpi="revenue"), KpiLinked(key_result="acv", new="revenue")),
    (
        SetWeights(weights={"acv": Decimal(3)}),
        WeightChanged(key_result="acv", old=None, new=Decimal(3)),
    ),
]


def key_result(state: Any, id_: str = "acv") -> KeyResult:
    """One key result of an objective that has it."""
    found = state.key_result(id_)
    assert isinstance(found, KeyResult)
    return found


def facts(of: KeyResult) -> list[tuple[Decimal | None, date, Decimal | None]]:
    """Its targets, each with its first day and its upper edge."""
    return [(fact.target, fact.effective_from, fact.upper) for fact in of.targets]


class TestAdding:
    """More key results."""

    def test_its_target_holds_for_the_whole_cycle(self) -> None:
        command = AddKeyResult(title="ACV 50 → 80", measure=ACV)
        state = given("objective", DRAFTED).when(command).then(added("new-1"))
        assert facts(key_result(state, "new-1")) == [(Decimal(80), START, None)]

    @pytest.mark.parametrize(
        ("target", "code"), [(0, "baseline_equals_target"), (-5, "direction_contradicts")]
    )
    def test_an_increase_of_a_sum_that_starts_at_0_leads_above_0(self, target: int, code: str) -> None:
        """Whether it is added, linked later, or gets another target or measure."""
        away = Measure(kind="increase", target=Decimal(target), unit="KRW")
        assert REVENUE.aggregation == "sum"
        command = AddKeyResult(title="x", measure=away, kpi="revenue")
        given("objective", DRAFTED).when(command).refused(code, "invalid", "/measure/target")
        unlinked = given("objective", DRAFTED, added(measure=away))
        unlinked.when(LinkKpi(key_result="acv", kpi="revenue")).refused(code, "invalid", "/kpi")
        mean = REVENUE.model_copy(update={"kind": "gauge", "aggregation": "mean"})
        assert unlinked.when(LinkKpi(key_result="acv", kpi="revenue"), kpi=mean).events
        from_0 = away.model_copy(update={"target": Decimal(90)})
        linked = given("objective", DRAFTED, added(measure=from_0, kpi="revenue"))
        lower = ChangeTarget(key_result="acv", target=Decimal(target))
        linked.when(lower).refused(code, "invalid", "/target")
        assert given("objective", DRAFTED, added(measure=from_0)).when(lower, kpi=None).events
        yearly = away.model_copy(update={"window": Window(kind="rolling", periods=12)})
        changed = ChangeMeasure(key_result="acv", measure=yearly)
        LINKED.when(changed, reason="x").refused(code, "invalid", "/measure/target")

    def test_the_caller_may_choose_an_id_that_nobody_has(self) -> None:
        command = AddKeyResult(key_result="acv", title="ACV 50 → 80", measure=ACV)
        given("objective", DRAFTED).when(command).then(added())
        DRAFT.when(command).refused("key_result_exists")
        elsewhere = frozenset({"acv"})
        given("objective", DRAFTED).when(command, taken=elsewhere).refused("key_result_exists")

    def test_after_activation_it_needs_a_reason(self) -> None:
        command = AddKeyResult(title="ACV 50 → 80", measure=ACV)
        ACTIVE.when(command).refused("reason_required", "invalid")
        ACTIVE.when(command, reason="빠진 지표").then(added("new-1"))

    def test_an_objective_has_at_most_fifty(self) -> None:
        many = given("objective", DRAFTED, *(added(f"kr-{n}") for n in range(50)))
        command = AddKeyResult(title="x", measure=ACV)
        many.when(command).refused("too_many_key_results")
        many.and_then(KeyResultDropped(key_result="kr-7")).when(
            AddKeyResult(title="ACV 50 → 80", measure=ACV)
        ).then(added("new-1"))

    @pytest.mark.parametrize(
        ("kpi", "code", "kind"),
        [
            (None, "kpi_unknown", "invalid"),
            (REVENUE.model_copy(update={"retired": True}), "kpi_retired", "conflict"),
            (REVENUE.model_copy(update={"unit": "USD"}), "unit_differs", "invalid"),
        ],
    )
    def test_a_linked_kpi_is_alive_and_measures_the_same(self, kpi: Any, code: str, kind: Any) -> None:
        command = AddKeyResult(title="x", measure=ACV, kpi="revenue")
        given("objective", DRAFTED).when(command, kpi=kpi).refused(code, kind, "/kpi")
        DRAFT.when(LinkKpi(key_result="acv", kpi="revenue"), kpi=kpi).refused(code, kind, "/kpi")


class TestWeights:
    """Given for all of them or for none."""

    @pytest.mark.parametrize(("before", "weight"), [(DRAFT, Decimal(1)), (WEIGHTED, None)])
    def test_one_that_is_added_follows_the_others(self, before: Any, weight: Decimal | None) -> None:
        command = AddKeyResult(title="x", measure=ACV, weight=weight)
        before.when(command, reason="x").refused("weights_mixed", "invalid", "/weight")

    def test_the_first_one_may_have_a_weight(self) -> None:
        command = AddKeyResult(title="ACV 50 → 80", measure=ACV, weight=Decimal(2))
        given("objective", DRAFTED).when(command).then(added("new-1", weight=Decimal(2)))

    def test_several_change_at_once(self) -> None:
        command = SetWeights(weights={"a": Decimal(70), "b": Decimal(30)})
        state = WEIGHTED.when(command, reason="집중").then(
            WeightChanged(key_result="a", old=Decimal(60), new=Decimal(70)),
            WeightChanged(key_result="b", old=Decimal(40), new=Decimal(30)),
        )
        assert [kr.weight for kr in state.key_results] == [70, 30]

    def test_only_what_differs_is_an_event(self) -> None:
        command = SetWeights(weights={"a": Decimal("60.0"), "b": Decimal(30)})
        WEIGHTED.when(command, reason="x").then(
            WeightChanged(key_result="b", old=Decimal(40), new=Decimal(30))
        )
        WEIGHTED.when(SetWeights(weights={"a": Decimal(60)})).then()

    def test_they_may_all_be_taken_away_but_not_some(self) -> None:
        WEIGHTED.when(SetWeights(weights={"a": None}), reason="x").refused("weights_mixed", "invalid")
        WEIGHTED.when(SetWeights(weights={"a": None, "b": None}), reason="x").then(
            WeightChanged(key_result="a", old=Decimal(60), new=None),
            WeightChanged(key_result="b", old=Decimal(40), new=None),
        )

    @pytest.mark.parametrize("weight", [Decimal(0), Decimal(-1)])
    def test_they_are_above_zero(self, weight: Decimal) -> None:
        WEIGHTED.when(SetWeights(weights={"a": weight}), reason="x").refused("weight_not_positive", "invalid")

    def test_dropped_ones_do_not_count(self) -> None:
        dropped = WEIGHTED.and_then(KeyResultDropped(key_result="b"))
        dropped.when(SetWeights(weights={"a": None}), reason="x").then(
            WeightChanged(key_result="a", old=Decimal(60), new=None)
        )
        dropped.when(SetWeights(weights={"b": Decimal(1)}), reason="x").refused("key_result_dropped")

    def test_a_weight_belongs_to_a_key_result(self) -> None:
        WEIGHTED.when(SetWeights(weights={"zzz": Decimal(1)}), reason="x").refused(
            "key_result_unknown", "not_found", "/weights/zzz"
        )


class TestTargets:
    """A target that moves is a fact with a date, an author and a reason."""

    def test_a_draft_has_one_target_for_the_whole_cycle(self) -> None:
        command = ChangeTarget(key_result="acv", target=Decimal(90))
        state = DRAFT.when(command).then(
            TargetChanged(key_result="acv", old=Decimal(80), new=Decimal(90), effective_from=START)
        )
        assert facts(key_result(state)) == [(Decimal(90), START, None)]
        dated = command.model_copy(update={"effective_from": TODAY})
        DRAFT.when(dated).refused("target_not_agreed_yet", "invalid", "/effective_from")

    def test_after_activation_it_changes_from_today_on_with_a_reason(self) -> None:
        command = ChangeTarget(key_result="acv", target=Decimal(70))
        ACTIVE.when(command).refused("reason_required", "invalid", "/reason")
        state = ACTIVE.when(command, reason="시장 축소").then(
            TargetChanged(key_result="acv", old=Decimal(80), new=Decimal(70), effective_from=TODAY)
        )
        changed = key_result(state)
        assert changed.measure.target == 70
        assert [changed.target_on(day) for day in (START, YESTERDAY, TODAY, END)] == [80, 80, 70, 70]
        assert changed.measure_on(YESTERDAY) == ACV

    def test_a_backdated_change_is_flagged(self) -> None:
        command = ChangeTarget(key_result="acv", target=Decimal(70), effective_from=YESTERDAY)
        ACTIVE.when(command, reason="x").then(
            TargetChanged(
                key_result="acv",
                old=Decimal(80),
                new=Decimal(70),
                effective_from=YESTERDAY,
                backdated=True,
            )
        )

    def test_after_the_last_day_every_change_is_backdated(self) -> None:
        """Between the end of a cycle and its closing a target can still move, but not unseen."""
        command = ChangeTarget(key_result="acv", target=Decimal(70), effective_from=END)
        ACTIVE.when(command, reason="x", today=END + timedelta(days=3)).then(
            TargetChanged(
                key_result="acv", old=Decimal(80), new=Decimal(70), effective_from=END, backdated=True
            )
        )

    def test_before_the_first_day_it_holds_from_the_first_day(self) -> None:
        command = ChangeTarget(key_result="acv", target=Decimal(70))
        ACTIVE.when(command, reason="x", today=START - timedelta(days=9)).then(
            TargetChanged(key_result="acv", old=Decimal(80), new=Decimal(70), effective_from=START)
        )

    @pytest.mark.parametrize("day", [START - timedelta(days=1), END + timedelta(days=1)])
    def test_its_day_lies_in_the_cycle(self, day: date) -> None:
        command = ChangeTarget(key_result="acv", target=Decimal(70), effective_from=day)
        ACTIVE.when(command, reason="x").refused("day_outside_cycle", "invalid", "/effective_from")

    @pytest.mark.parametrize(
        ("target", "code"), [(50, "baseline_equals_target"), (49, "direction_contradicts")]
    )
    def test_it_makes_sense_with_the_baseline(self, target: int, code: str) -> None:
        command = ChangeTarget(key_result="acv", target=Decimal(target))
        ACTIVE.when(command, reason="x").refused(code, "invalid", "/target")

    def test_the_same_target_is_no_change(self) -> None:
        ACTIVE.when(ChangeTarget(key_result="acv", target=Decimal("80.00"))).then()

    def test_a_later_change_is_overruled_by_one_from_an_earlier_day(self) -> None:
        """Back to 80 from yesterday on is a change, though 80 is what held yesterday."""
        changed = ACTIVE.and_then(
            TargetChanged(key_result="acv", old=Decimal(80), new=Decimal(70), effective_from=TODAY)
        )
        command = ChangeTarget(key_result="acv", target=Decimal(80), effective_from=YESTERDAY)
        state = changed.when(command, reason="실수").then(
            TargetChanged(
                key_result="acv",
                old=Decimal(80),
                new=Decimal(80),
                effective_from=YESTERDAY,
                backdated=True,
            )
        )
        assert key_result(state).target_on(END) == 80

    def test_the_targets_from_a_day_on_are_those_that_hold_then(self) -> None:
        facts = [(80, START), (70, date(2025, 3, 1)), (60, date(2025, 2, 1)), (90, date(2025, 3, 20))]
        subject = KeyResult(
            id="x",
            title="x",
            measure=ACV,
            targets=tuple(TargetFact(target=Decimal(t), effective_from=d) for t, d in facts),
        )
        assert {edge for edge, _upper in subject.edges_from(START)} == {80, 60, 90}
        assert {edge for edge, _upper in subject.edges_from(date(2025, 3, 1))} == {60, 90}
        assert subject.edges_from(END) == {(Decimal(90), None)}

    def test_a_range_moves_with_both_edges(self) -> None:
        """Left out, the upper one stays; together they move even where one alone would pass the other."""
        stock = Measure(kind="between", target=Decimal(4), upper=Decimal(6), unit="weeks", grading="strict")
        active = given("objective", DRAFTED, added("stock", measure=stock), ObjectiveActivated())
        both = ChangeTarget(key_result="stock", target=Decimal(7), upper=Decimal(9))
        moved = {"key_result": "stock", "old": Decimal(4), "old_upper": Decimal(6), "effective_from": TODAY}
        state = active.when(both, reason="계절").then(RangeChanged(new=Decimal(7), upper=Decimal(9), **moved))
        subject = key_result(state, "stock")
        four_to_six, seven_to_nine = (Decimal(4), Decimal(6)), (Decimal(7), Decimal(9))
        assert subject.edges_from(YESTERDAY) == {four_to_six, seven_to_nine}
        assert subject.edges_from(TODAY) == {seven_to_nine}
        assert subject.measure_on(YESTERDAY) == stock
        lower = active.when(ChangeTarget(key_result="stock", target=Decimal(5)), reason="…").then(
            RangeChanged(new=Decimal(5), upper=Decimal(6), **moved)
        )
        assert key_result(lower, "stock").fact_on(END).upper == 6
        upper = ChangeTarget(key_result="stock", target=Decimal(4), upper=Decimal(8))
        active.when(upper).refused("reason_required", "invalid", "/reason")
        active.when(upper, reason="…").then(RangeChanged(new=Decimal(4), upper=Decimal(8), **moved))
        active.when(ChangeTarget(key_result="stock", target=Decimal(4), upper=Decimal(6))).then()

    def test_edges_keep_their_order_and_belong_to_ranges(self) -> None:
        stock = Measure(kind="between", target=Decimal(4), upper=Decimal(6), unit="weeks", grading="strict")
        active = given("objective", DRAFTED, added("stock", measure=stock), ObjectiveActivated())
        crossed = ChangeTarget(key_result="stock", target=Decimal(7), upper=Decimal(7))
        active.when(crossed, reason="…").refused("edges_out_of_order", "invalid", "/upper")
        alone = ChangeTarget(key_result="stock", target=Decimal(7))
        active.when(alone, reason="…").refused("edges_out_of_order", "invalid", "/target")
        edge = ChangeTarget(key_result="acv", target=Decimal(90), upper=Decimal(99))
        ACTIVE.when(edge, reason="…").refused("upper_missing_or_unused", "invalid", "/upper")

    def test_a_move_of_a_range_from_before_both_edges_moved_leaves_the_upper_one(self) -> None:
        """What is on record as a change of the target alone is a change of the lower edge."""
        stock = Measure(kind="between", target=Decimal(4), upper=Decimal(6), unit="weeks", grading="strict")
        move = TargetChanged(key_result="stock", old=Decimal(4), new=Decimal(5), effective_from=TODAY)
        state = state_after("objective", DRAFTED, added("stock", measure=stock), ObjectiveActivated(), move)
        assert facts(key_result(state, "stock"))[-1] == (Decimal(5), TODAY, Decimal(6))


class TestBaseline:
    """A baseline is one for the whole cycle."""

    def test_it_is_put_right_with_a_reason(self) -> None:
        command = CorrectBaseline(key_result="acv", baseline=Decimal(48))
        state = ACTIVE.when(command, reason="결산 반영").then(
            BaselineCorrected(key_result="acv", old=Decimal(50), new=Decimal(48))
        )
        assert key_result(state).baseline == 48

    def test_it_makes_sense_with_every_target_there_was(self) -> None:
        changed = ACTIVE.and_then(
            TargetChanged(key_result="acv", old=Decimal(80), new=Decimal(120), effective_from=TODAY)
        )
        for baseline, code in ((80, "baseline_equals_target"), (90, "direction_contradicts")):
            command = CorrectBaseline(key_result="acv", baseline=Decimal(baseline))
            changed.when(command, reason="x").refused(code, "invalid", "/baseline")

    def test_the_same_one_is_no_change(self) -> None:
        ACTIVE.when(CorrectBaseline(key_result="acv", baseline=Decimal(50))).then()


class TestChanges:
    """What holds for every change of a key result."""

    @pytest.mark.parametrize(("command", "changed"), CHANGES)
    def test_a_draft_changes_freely(self, command: Command, changed: EventData) -> None:
        DRAFT.when(command).then(changed)

    @pytest.mark.parametrize(("command", "changed"), CHANGES)
    def test_after_activation_it_needs_a_reason(self, command: Command, changed: EventData) -> None:
        ACTIVE.when(command).refused("reason_required", "invalid", "/reason")
        ACTIVE.when(command, reason="분기 점검").then(changed)

    @pytest.mark.parametrize("command", [command for command, _ in CHANGES])
    def test_a_dropped_one_changes_no_more(self, command: Command) -> None:
        dropped = ACTIVE.and_then(KeyResultDropped(key_result="acv"))
        dropped.when(command, reason="x").refused("key_result_dropped")

    @pytest.mark.parametrize("command", [command for command, _ in CHANGES])
    def test_nothing_changes_in_a_closed_cycle(self, command: Command) -> None:
        closed = QUARTER.model_copy(update={"status": "closed"})
        ACTIVE.when(command, reason="x", cycle=closed).refused("cycle_closed")

    def test_it_is_one_of_the_objective(self) -> None:
        ACTIVE.when(RewordKeyResult(key_result="zzz", title="x"), reason="x").refused(
            "key_result_unknown", "not_found", "/key_result"
        )

    @pytest.mark.parametrize(
        "command",
        [
            RewordKeyResult(key_result="acv", title="ACV 50 → 80"),
            ChangeKeyResultOwner(key_result="acv", owner=None),
            UnlinkKpi(key_result="acv"),
        ],
    )
    def test_what_is_so_already_is_no_event(self, command: Command) -> None:
        ACTIVE.when(command).then()

    def test_dropping_takes_a_reason_and_keeps_history(self) -> None:
        for before in (DRAFT, ACTIVE):
            before.when(DropKeyResult(key_result="acv")).refused("reason_required", "invalid")
            state = before.when(DropKeyResult(key_result="acv"), reason="중복").then(
                KeyResultDropped(key_result="acv")
            )
            assert key_result(state).status == "dropped"
            assert key_result(state).measure == ACV

    def test_a_link_changes_and_ends(self) -> None:
        other = REVENUE.model_copy(update={"id": "bookings"})
        LINKED.when(LinkKpi(key_result="acv", kpi="bookings"), reason="x", kpi=other).then(
            KpiLinked(key_result="acv", old="revenue", new="bookings")
        )
        LINKED.when(LinkKpi(key_result="acv", kpi="revenue")).then()
        state = LINKED.when(UnlinkKpi(key_result="acv"), reason="x").then(
            KpiUnlinked(key_result="acv", old="revenue")
        )
        assert key_result(state).kpi is None


class TestCheckIns:
    """A person's report: a value only where no KPI gives one."""

    def test_it_needs_no_reason_and_is_for_today(self) -> None:
        command = CheckIn(key_result="acv", value=Decimal(71), confidence=7, note="두 건 계약")
        state = ACTIVE.when(command).then(
            CheckedIn(key_result="acv", day=TODAY, value=Decimal(71), confidence=7, note="두 건 계약")
        )
        (check_in,) = key_result(state).check_ins
        assert (check_in.actor, check_in.note) == ("person:anna", "두 건 계약")
        assert check_in.value == 71

    def test_a_linked_key_result_takes_no_value_by_hand(self) -> None:
        """The KPI is the only source of truth; confidence and note are welcome."""
        LINKED.when(CheckIn(key_result="acv", value=Decimal(71))).refused(
            "value_comes_from_kpi", "invalid", "/value"
        )
        LINKED.when(CheckIn(key_result="acv", confidence=0)).then(
            CheckedIn(key_result="acv", day=TODAY, confidence=0)
        )

    def test_it_says_something(self) -> None:
        ACTIVE.when(CheckIn(key_result="acv")).refused("check_in_empty", "invalid")

    def test_it_begins_with_activation(self) -> None:
        assert DRAFT.when(CheckIn(key_result="acv", confidence=5)).refused("objective_not_active").allowed

    @pytest.mark.parametrize(
        ("day", "code"),
        [
            (START - timedelta(days=1), "day_outside_cycle"),
            (END + timedelta(days=1), "day_outside_cycle"),
            (TODAY + timedelta(days=1), "day_in_the_future"),
        ],
    )
    def test_its_day_has_come_and_lies_in_the_cycle(self, day: date, code: str) -> None:
        command = CheckIn(key_result="acv", day=day, confidence=5)
        ACTIVE.when(command).refused(code, "invalid", "/day")

    def test_after_the_cycle_a_value_names_its_day_and_what_is_no_value_is_for_the_last_one(self) -> None:
        late = END + timedelta(days=2)
        value = CheckIn(key_result="acv", value=Decimal(79))
        ACTIVE.when(value, today=late).refused("cycle_over", "invalid", "/day")
        ACTIVE.when(value.model_copy(update={"day": END}), today=late).then(
            CheckedIn(key_result="acv", day=END, value=Decimal(79), backdated=True)
        )
        confident = CheckIn(key_result="acv", confidence=7)
        ACTIVE.when(confident, today=late).then(CheckedIn(key_result="acv", day=END, confidence=7))

    def test_a_thousand_are_enough(self) -> None:
        report = CheckedIn(key_result="acv", day=TODAY, confidence=5)
        many = ACTIVE.and_then(*[report] * 1000)
        many.when(CheckIn(key_result="acv", confidence=5)).refused("too_many_check_ins")

    @pytest.mark.parametrize(
        "said",
        [
            {"confidence": 11},
            {"confidence": -1},
            {"confidence": 5.5},
            {"value": "NaN"},
            {"value": 0.1},
            {"note": "x" * 4001},
            {"note": ""},
            {"key_result": "No Slug", "confidence": 5},
            {"mood": "good"},
        ],
    )
    def test_its_shape_is_checked(self, said: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            CheckIn(**{"key_result": "acv"} | said)
