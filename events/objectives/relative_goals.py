"""The rules of relative goals: stated without figures, resolved once their base is known."""

from events.context import Context
from events.errors import Refused
from events.measures import Measure
from events.objectives.commands import ResolveRelative
from events.objectives.key_result_events import RelativeResolved
from events.objectives.state import KeyResult, Objective, TargetFact
from events.registry import EventData
from events.relative import PeriodBase


def as_stated(measure: Measure) -> Measure:
    """The measure of a new key result: a change of its own baseline has its target at once.

    Refuses figures that a relative goal is still to be given.
    """
    relative = measure.relative
    if relative is None:
        return measure
    if measure.target is not None or (measure.baseline is not None and relative.of != "baseline"):
        raise Refused(
            "relative_has_figures",
            "a relative goal gets its baseline and target when it is resolved: leave them out",
            "상대 목표의 기준값과 목표치는 확정할 때 정해지므로 비워 두십시오",
            kind="invalid",
            pointer="/measure/relative",
        )
    if relative.of != "baseline":
        return measure
    if measure.baseline is None:
        raise Refused(
            "relative_needs_baseline",
            "a change of the baseline needs a baseline",
            "기준값에 대한 변화에는 기준값이 필요합니다",
            kind="invalid",
            pointer="/measure/baseline",
        )
    _check_positive(measure.baseline > 0, "/measure/baseline")
    return measure.revised("/measure/relative", target=relative.target(measure.baseline))


def check_absolute(key_result: KeyResult, *, changes_target: bool, objective: Objective) -> None:
    """Refuse a figure for what follows from another period.

    Once the objective is active and the goal is resolved its target can be moved as any other.
    """
    relative = key_result.measure.relative
    if relative is None or (relative.of == "baseline" and not changes_target):
        return
    resolved = all(fact.target is not None for fact in key_result.targets[-1:])
    if changes_target and resolved and objective.activated:
        return
    raise Refused(
        "goal_is_relative",
        "baseline and target of this goal follow from another period: resolve it",
        "이 목표의 기준값과 목표치는 다른 기간의 값에서 정해집니다. 확정(resolve)하십시오",
    )


def resolve_relative(
    command: ResolveRelative, key_result: KeyResult, objective: Objective, context: Context
) -> list[EventData]:
    """Freeze what is known of the base periods; what is frozen with the same base already makes no event."""
    relative = key_result.measure.relative
    if relative is None or relative.of == "baseline":
        raise Refused(
            "goal_not_relative",
            "the goal does not follow from another period, so there is nothing to resolve",
            "다른 기간에서 정해지는 목표가 아니므로 확정할 것이 없습니다",
        )
    if not command.bases:
        raise Refused(
            "base_unknown",
            "the base is not known: its period is not over, it has no value, or no KPI is linked",
            "기준 기간이 끝나지 않았거나 값이 없거나 연결된 KPI가 없어 기준을 알 수 없습니다",
        )
    resolved: list[EventData] = []
    for found in command.bases:
        held = _resolved_from(key_result, found)
        if held is not None and held.base is not None and _same(found, held):
            continue
        if held is not None and objective.activated:
            context.require_reason()
        _check_positive(found.base.value > 0, "/base")
        target = relative.target(found.base.value)
        key_result.measure.revised("/measure/relative", target=target, baseline=found.base.value)
        old = key_result.target_on(found.effective_from)
        resolved.append(
            RelativeResolved(
                key_result=key_result.id,
                old=old,
                new=target,
                base=found.base,
                effective_from=found.effective_from,
            )
        )
    return resolved


def _resolved_from(key_result: KeyResult, found: PeriodBase) -> TargetFact | None:
    """What was resolved last from the same day on."""
    return next(
        (
            fact
            for fact in reversed(key_result.targets)
            if fact.base is not None and fact.effective_from == found.effective_from
        ),
        None,
    )


def _same(found: PeriodBase, held: TargetFact) -> bool:
    return held.base is not None and (found.base.value, found.base.course) == (
        held.base.value,
        held.base.course,
    )


def _check_positive(positive: bool, pointer: str) -> None:
    if not positive:
        raise Refused(
            "base_not_positive",
            "a relative goal needs a base above 0",
            "상대 목표의 기준은 0보다 커야 합니다",
            kind="invalid",
            pointer=pointer,
        )
