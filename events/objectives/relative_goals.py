"""The rules of relative goals: stated without figures, resolved once their base is known."""

from events.context import Context
from events.errors import Refused
from events.objectives.commands import ResolveRelative
from events.objectives.key_result_events import RelativeResolved
from events.objectives.state import KeyResult, Objective, TargetFact
from events.registry import EventData
from events.relative import PeriodBase
from events.relative_rules import base_unknown, check_positive


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
    raise unresolved()


def unresolved() -> Refused:
    """Return the refusal of a figure where one of another period is still to be resolved."""
    return Refused(
        "goal_is_relative",
        "baseline and target of this goal follow from another period: resolve it",
        "이 목표의 기준값과 목표치는 다른 기간의 값에서 정해집니다. 확정(resolve)하십시오",
    )


def resolve_relative(
    command: ResolveRelative, key_result: KeyResult, objective: Objective, context: Context
) -> list[EventData]:
    """Return the events that freeze the bases of a relative goal; a frozen one makes no event."""
    relative = key_result.measure.relative
    if relative is None or relative.of == "baseline":
        raise Refused(
            "goal_not_relative",
            "the goal does not follow from another period, so there is nothing to resolve",
            "다른 기간에서 정해지는 목표가 아니므로 확정할 것이 없습니다",
        )
    if not command.bases:
        raise base_unknown()
    resolved: list[EventData] = []
    for found in command.bases:
        held = _resolved_from(key_result, found)
        if held is not None and held.base is not None and _same(found, held):
            continue
        if held is not None and objective.activated:
            context.require_reason()
        check_positive(found.base.value, "/base")
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
    """Return the target fact that was resolved last from the same day on."""
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
