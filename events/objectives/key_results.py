"""The rules of key results: what may be added, changed, reported and dropped."""

from decimal import Decimal

from events.context import Context
from events.cycles.state import Cycle
from events.errors import Refused
from events.kpis.decider import require_kpi
from events.measures import Measure
from events.objectives.commands import (
    AddKeyResult,
    ChangeKeyResultOwner,
    ChangeMeasure,
    ChangeTarget,
    CheckIn,
    CorrectBaseline,
    DeclareTrajectory,
    DropKeyResult,
    KeyResultCommand,
    LinkKpi,
    MarkStepDone,
    ReopenStep,
    ResolveRelative,
    RewordKeyResult,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.goalposts import is_over
from events.objectives.key_result_events import (
    BaselineCorrected,
    KeyResultAdded,
    KeyResultDropped,
    KeyResultOwnerChanged,
    KeyResultReworded,
    KpiLinked,
    KpiUnlinked,
    MeasureChanged,
    RangeChanged,
    TargetChanged,
    TrajectoryDeclared,
    WeightChanged,
)
from events.objectives.refusals import cycle_over, key_result_exists
from events.objectives.relative_goals import check_absolute, resolve_relative, unresolved
from events.objectives.reports import check_day_in_cycle, report
from events.objectives.state import KeyResult, Objective
from events.objectives.trajectory import Trajectory
from events.registry import EventData
from events.relative_rules import as_stated
from events.text import Text

MOST_KEY_RESULTS = 50
"""Of one objective that are not dropped. Good practice is two to five; that is advice, this is a limit."""


def add_key_result(
    command: AddKeyResult, objective: Objective, cycle: Cycle, context: Context
) -> list[EventData]:
    """Return the event that adds a key result; its first target holds for the whole cycle."""
    id_ = command.key_result or context.new_id()
    if id_ in context.taken or objective.key_result(id_) is not None:
        raise key_result_exists(id_, pointer="/key_result")
    if len(objective.active_key_results) >= MOST_KEY_RESULTS:
        raise Refused(
            "too_many_key_results",
            f"an objective has at most {MOST_KEY_RESULTS} key results",
            f"목표 하나에 핵심 결과는 최대 {MOST_KEY_RESULTS}개입니다",
        )
    weights = [key_result.weight for key_result in objective.active_key_results]
    _check_weights([*weights, command.weight], pointer="/weight")
    if command.kpi is not None:
        _check_source(command.measure)
        kpi = require_kpi(context, command.measure.unit, pointer="/kpi")
        command.measure.check_start(kpi.aggregation, "/measure/target")
    _check_trajectory(command.trajectory, command.measure, cycle)
    measure = as_stated(command.measure, pointer="/measure")
    _need_reason_if_active(objective, context)
    return [
        KeyResultAdded(
            key_result=id_,
            title=command.title,
            measure=measure,
            effective_from=cycle.start,
            kpi=command.kpi,
            owner=command.owner,
            weight=command.weight,
            trajectory=command.trajectory,
        )
    ]


def set_weights(command: SetWeights, objective: Objective, context: Context) -> list[EventData]:
    """Return the events that set new weights; afterwards all active key results have one, or none has."""
    for id_ in command.weights:
        _active_key_result(objective, id_, pointer=f"/weights/{id_}")
    after = {key_result.id: key_result.weight for key_result in objective.active_key_results}
    before = dict(after)
    after.update(command.weights)
    _check_weights(list(after.values()), pointer="/weights")
    changed = [id_ for id_ in after if after[id_] != before[id_]]
    if changed:
        _need_reason_if_active(objective, context)
    return [WeightChanged(key_result=id_, old=before[id_], new=after[id_]) for id_ in changed]


def change_key_result(
    command: KeyResultCommand, objective: Objective, cycle: Cycle, context: Context
) -> list[EventData]:
    """Return the events that change one key result. Refuses a dropped one."""
    key_result = _active_key_result(objective, command.key_result, pointer="/key_result")
    match command:
        case CheckIn() | MarkStepDone() | ReopenStep():
            return report(command, key_result, objective, cycle, context)
        case DropKeyResult():
            context.require_reason()
            return [KeyResultDropped(key_result=key_result.id)]
        case ResolveRelative():
            return resolve_relative(command, key_result, objective, context)
        case ChangeMeasure():
            changed = _change_measure(command, key_result, objective, cycle, context)
        case ChangeTarget():
            changed = _change_target(command, key_result, objective, cycle, context)
        case CorrectBaseline():
            check_absolute(key_result, changes_target=False, objective=objective)
            changed = _correct_baseline(command, key_result)
        case DeclareTrajectory():
            changed = _declare_trajectory(command, key_result, cycle)
        case LinkKpi():
            changed = _link(command, key_result, context)
        case UnlinkKpi():
            changed = _unlink(key_result)
        case RewordKeyResult():
            changed = _reword(command, key_result)
        case ChangeKeyResultOwner():
            changed = _change_owner(command, key_result)
    if changed:
        _need_reason_if_active(objective, context)
    return changed


def _change_measure(
    command: ChangeMeasure, key_result: KeyResult, objective: Objective, cycle: Cycle, context: Context
) -> list[EventData]:
    """Return the event of another measure.

    Refuses one that differs in its figures only: other commands set these.
    """
    new = as_stated(command.measure, pointer="/measure")
    if new == key_result.measure:
        return []
    if new.judges_like(key_result.measure):
        raise Refused(
            "measure_same",
            "only target or baseline differ: change the target, or correct the baseline",
            "목표치나 기준값만 다릅니다. 목표치를 바꾸거나 기준값을 바로잡으십시오",
            kind="invalid",
            pointer="/measure",
        )
    day = max(context.today, cycle.start) if objective.activated else cycle.start
    kept = key_result.kpi if new.unit == key_result.measure.unit and new.steps is None else None
    if kept is not None and context.kpi is not None:
        new.check_start(context.kpi.aggregation, "/measure/target")
    return [
        MeasureChanged(
            key_result=key_result.id,
            old=key_result.measure,
            new=new,
            effective_from=day,
            kpi=kept,
            cycle_over=day > cycle.end,
        )
    ]


def _change_target(
    command: ChangeTarget, key_result: KeyResult, objective: Objective, cycle: Cycle, context: Context
) -> list[EventData]:
    # Before the objective is active there is one target, for the whole cycle; afterwards a change has a date.
    if command.effective_from is None and is_over(objective, cycle, context):
        what = Text("목표치를 적용할", "from which the target holds")
        raise cycle_over(cycle, what, pointer="/effective_from")
    usual = max(context.today, cycle.start) if objective.activated else cycle.start
    day = command.effective_from or usual
    check_day_in_cycle(day, cycle, pointer="/effective_from")
    if not objective.activated and day != cycle.start:
        raise Refused(
            "target_not_agreed_yet",
            "until the objective is active its target holds for the whole cycle",
            "실행을 시작하기 전의 목표치는 사이클 전체에 적용됩니다",
            kind="invalid",
            pointer="/effective_from",
        )
    if key_result.as_measured_on(day, cycle.id) is not key_result and key_result.measured_since > cycle.end:
        raise Refused(
            "day_before_measure",
            f"the cycle {cycle.id} is judged by the measure that it had on its last day: its target stays",
            f"사이클 {cycle.id}은(는) 마지막 날의 측정 방식으로 평가되므로 목표치를 바꿀 수 없습니다",
            kind="invalid",
            pointer="/effective_from",
        )
    check_absolute(key_result, changes_target=True, objective=objective)
    held = key_result.fact_on(day)
    if held.target is None:
        # It is resolved for later days only.
        raise unresolved()
    upper = held.upper if command.upper is None else command.upper
    if key_result.edges_from(day) == {(command.target, upper)}:
        return []
    pointer = "/target" if command.upper is None else "/upper"
    revised = key_result.measure.revised(pointer, target=command.target, upper=upper)
    if key_result.kpi is not None and context.kpi is not None:
        revised.check_start(context.kpi.aggregation, "/target")
    changed = TargetChanged(
        key_result=key_result.id,
        old=held.target,
        new=command.target,
        effective_from=day,
        backdated=objective.activated and day < context.today,
    )
    if held.upper is None or upper is None:
        return [changed]
    return [RangeChanged(**changed.model_dump(), old_upper=held.upper, upper=upper)]


def _correct_baseline(command: CorrectBaseline, key_result: KeyResult) -> list[EventData]:
    if command.baseline == key_result.baseline:
        return []
    # A baseline is one for the whole cycle, so it must make sense with every target there was.
    for fact in key_result.targets:
        key_result.measure.revised(
            "/baseline", target=fact.target, upper=fact.upper, baseline=command.baseline
        )
    return [BaselineCorrected(key_result=key_result.id, old=key_result.baseline, new=command.baseline)]


def _declare_trajectory(command: DeclareTrajectory, key_result: KeyResult, cycle: Cycle) -> list[EventData]:
    if command.trajectory == key_result.trajectory:
        return []
    _check_trajectory(command.trajectory, key_result.measure, cycle)
    return [TrajectoryDeclared(key_result=key_result.id, old=key_result.trajectory, new=command.trajectory)]


def _link(command: LinkKpi, key_result: KeyResult, context: Context) -> list[EventData]:
    if command.kpi == key_result.kpi:
        return []
    _check_source(key_result.measure)
    kpi = require_kpi(context, key_result.measure.unit, pointer="/kpi")
    for fact in key_result.targets:
        if fact.base is None:
            measure = key_result.measure.model_copy(update={"target": fact.target})
            measure.check_start(kpi.aggregation, "/kpi")
    return [KpiLinked(key_result=key_result.id, old=key_result.kpi, new=command.kpi)]


def _unlink(key_result: KeyResult) -> list[EventData]:
    if key_result.kpi is None:
        return []
    return [KpiUnlinked(key_result=key_result.id, old=key_result.kpi)]


def _reword(command: RewordKeyResult, key_result: KeyResult) -> list[EventData]:
    if command.title == key_result.title:
        return []
    return [KeyResultReworded(key_result=key_result.id, old=key_result.title, new=command.title)]


def _change_owner(command: ChangeKeyResultOwner, key_result: KeyResult) -> list[EventData]:
    if command.owner == key_result.owner:
        return []
    return [KeyResultOwnerChanged(key_result=key_result.id, old=key_result.owner, new=command.owner)]


def _check_source(measure: Measure) -> None:
    if measure.steps is not None:
        raise Refused(
            "value_comes_from_steps",
            "the value of a milestone comes from its steps, not from a KPI",
            "milestone의 값은 KPI가 아니라 단계에서 옵니다",
            kind="invalid",
            pointer="/kpi",
        )


def _check_trajectory(points: Trajectory, measure: Measure, cycle: Cycle) -> None:
    """Refuse points outside the cycle or out of order, and any for a range: it has no way to go."""
    if points and measure.kind == "between":
        raise Refused(
            "trajectory_not_for_between",
            "between has no trajectory: its value is to stay where it is",
            "between에는 예상 경로를 둘 수 없습니다. 범위 안에 머무르는 것이 목표입니다",
            kind="invalid",
            pointer="/trajectory",
        )
    for n, point in enumerate(points):
        check_day_in_cycle(point.day, cycle, pointer=f"/trajectory/{n}/day")
        if n and point.day <= points[n - 1].day:
            raise Refused(
                "trajectory_out_of_order",
                "the days of a trajectory are in order, each once",
                "예상 경로의 날짜는 하루에 하나씩 차례대로 적으십시오",
                kind="invalid",
                pointer=f"/trajectory/{n}/day",
            )


def _active_key_result(objective: Objective, id_: str, *, pointer: str) -> KeyResult:
    key_result = objective.key_result(id_)
    if key_result is None:
        raise Refused(
            "key_result_unknown",
            f"the objective {objective.id} has no key result {id_}",
            f"목표 {objective.id}에 핵심 결과 {id_}이(가) 없습니다",
            kind="not_found",
            pointer=pointer,
        )
    if key_result.status == "dropped":
        raise Refused(
            "key_result_dropped",
            f"the key result {id_} is dropped",
            f"핵심 결과 {id_} 추진이 중단되었습니다",
            pointer=pointer,
        )
    return key_result


def _check_weights(weights: list[Decimal | None], *, pointer: str) -> None:
    given = [weight for weight in weights if weight is not None]
    if any(weight <= 0 for weight in given):
        raise Refused(
            "weight_not_positive",
            "a weight must be above 0",
            "가중치는 0보다 커야 합니다",
            kind="invalid",
            pointer=pointer,
        )
    if given and len(given) < len(weights):
        raise Refused(
            "weights_mixed",
            "either all key results of an objective have a weight or none has: set them all at once",
            "가중치는 목표의 모든 핵심 결과에 있거나 모두 없어야 합니다. 한 번에 함께 정하십시오",
            kind="invalid",
            pointer=pointer,
        )


def _need_reason_if_active(objective: Objective, context: Context) -> None:
    if objective.activated:
        context.require_reason()
