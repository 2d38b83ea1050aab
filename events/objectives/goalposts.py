"""Goalposts: which changes of an active goal move them, and whether these wait for somebody's yes."""

from events.commands import Command
from events.context import Context
from events.cycles.state import Cycle
from events.objectives.cycle_change import cycle_of
from events.objectives.events import ObjectiveCycleChanged
from events.objectives.key_result_events import CheckedIn, RelativeResolved
from events.objectives.state import Objective
from events.registry import Backdatable, EventData


def needs_agreement(objective: Objective) -> bool:
    """Return whether a change of terms has to wait for the parties."""
    return objective.framework == "mbo" and objective.activated


def needs_approval(objective: Objective, context: Context) -> bool:
    """Return whether somebody else has to say yes before the goalposts of an OKR move.

    So it is where the policy that its cycle pins asks for it. What is asked while a change waits joins that
    one: so what waits still fits when it is made, also if the cycle has adopted another policy since.
    """
    if not objective.activated or objective.framework == "mbo":
        return False
    if objective.waiting is not None:
        return True
    return context.policies.pinned(objective.framework, context.cycle).rules.approve_target_changes


def must_wait(command: Command, objective: Objective, context: Context) -> bool:
    """Return whether all that follows from a command waits: of an active MBO goal every change of its terms.

    All but the goalposts of an OKR stays free: words, owners, its unit, its reward, what it supports,
    reports, and its end.
    """
    if needs_agreement(objective):
        return not command.reports
    return command.moves_goalposts and needs_approval(objective, context)


def is_over(objective: Objective, cycle: Cycle, context: Context) -> bool:
    """Return whether the last day of the cycle of an active objective is over."""
    return objective.activated and context.today > cycle.end


def flagged(data: EventData, objective: Objective, cycle: Cycle, context: Context) -> EventData:
    """Return an event; one that moves a final figure of a cycle that is over is marked as backdated.

    What has no day of its own holds for the whole cycle, whose final figure it moves. A first base of a
    relative goal follows from what was agreed, and confidence enters no score. A move gives a final figure to
    the cycle that it leads to; the one that is left keeps its own.
    """
    if isinstance(data, ObjectiveCycleChanged):
        cycle = cycle_of(objective.model_copy(update={"cycle": data.new}), cycle, context)
    if not isinstance(data, Backdatable) or not is_over(objective, cycle, context):
        return data
    if isinstance(data, RelativeResolved) and not resolved_anew(data, objective):
        return data
    if isinstance(data, CheckedIn) and data.value is None:
        return data
    return data.model_copy(update={"backdated": True})


def resolved_anew(data: EventData, objective: Objective) -> bool:
    """Return whether a relative goal gets another base: the first one follows from what was agreed."""
    if not isinstance(data, RelativeResolved):
        return False
    key_result = objective.key_result(data.key_result)
    facts = () if key_result is None else key_result.targets
    return any(fact.base is not None and fact.effective_from == data.effective_from for fact in facts)
