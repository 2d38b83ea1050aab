"""Commands on an objective and its key results."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from events.commands import Command, Note, Title
from events.decimals import Number
from events.ids import Slug
from events.measures import Measure
from events.objectives.events import Ambition, Framework
from events.objectives.trajectory import Trajectory
from events.relative import PeriodBase
from events.rewards import Reward

MOST_SUPPORTED = 50
"""Goals that one objective may help to reach."""


def _each_once(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


Supports = Annotated[tuple[Slug, ...], Field(max_length=MOST_SUPPORTED), AfterValidator(_each_once)]
"""Ids of objectives and key results, each once, in the order given."""


class DraftObjective(Command):
    """Write an objective down for a cycle that is not closed.

    One that takes over a key result of another objective supports it, and has its title unless it is given
    one.
    """

    needs = frozenset({"cycle", "org_unit", "policies", "taken", "taken_over", "unknown"})
    # Nothing leads to a new objective, so it closes no circle.
    serialized_by = frozenset({"ids"})

    title: Title | None = None
    cycle: Slug
    org_unit: Slug | None = None
    owner: Slug | None = None
    ambition: Ambition | None = None
    """Stretch unless said otherwise; an MBO goal is always committed."""
    framework: Framework = "okr"
    reviewer: Slug | None = None
    """Of an MBO goal: the person who agrees on it with its owner."""
    reward: Reward | None = None
    supports: Supports = ()
    takes_over: Slug | None = None


class EnsureContainer(Command):
    """See to it that a unit has what holds its direct key results in a cycle."""

    # Its id is chosen by nobody, and it comes with its first key result: no rule about ids.
    needs = frozenset({"cycle", "org_unit"})

    cycle: Slug
    org_unit: Slug


class ObjectiveStep(Command):
    """Asked of an objective or key result that is there."""

    needs = frozenset({"cycle", "new_cycle"})


class GoalpostCommand(ObjectiveStep):
    """Moves the goalposts of an objective; the policy says whether that waits for somebody's approval."""

    needs = ObjectiveStep.needs | frozenset({"policies"})
    moves_goalposts = True


class RewordObjective(ObjectiveStep):
    """Say the objective in other words."""

    title: Title


class ChangeObjectiveReviewer(ObjectiveStep):
    """Make another person the other party of an MBO goal, or nobody yet."""

    reviewer: Slug | None


class ChangeReward(ObjectiveStep):
    """Link another reward to the objective, or none; the policy may refuse it."""

    needs = ObjectiveStep.needs | frozenset({"policies"})

    reward: Reward | None


class ProposeObjective(ObjectiveStep):
    """Put a draft forward for agreement; it changes no more until it is sent back."""


class AgreeObjective(ObjectiveStep):
    """Say yes to a proposed objective, or to the changes that wait on an active MBO goal."""

    needs = ObjectiveStep.needs | frozenset({"gone", "leads_to", "taken", "unseen"})
    # It makes changes that waited, of any sort.
    serialized_by = frozenset({"ids", "supports"})


class SendBackObjective(ObjectiveStep):
    """Make a proposed or agreed objective a draft again, or refuse the changes that wait; takes a reason."""

    needs = ObjectiveStep.needs | frozenset({"gone"})


class ActivateObjective(ObjectiveStep):
    """Begin: from then on every change takes a reason. A draft may be activated without being proposed."""


class ChangeObjectiveOwner(ObjectiveStep):
    """Give the objective to another person, or to nobody."""

    owner: Slug | None


class ChangeObjectiveOrgUnit(ObjectiveStep):
    """Give the objective to another unit, or to none."""

    needs = ObjectiveStep.needs | frozenset({"org_unit"})

    org_unit: Slug | None


class ChangeObjectiveCycle(GoalpostCommand):
    """Move the objective to another cycle, with its key results and all they have been through."""

    cycle: Slug


class ChangeSupports(ObjectiveStep):
    """Say anew which objectives and key results the objective helps to reach: the whole list."""

    needs = ObjectiveStep.needs | frozenset({"leads_to", "unknown", "unseen"})
    serialized_by = frozenset({"supports"})

    supports: Supports


class DropObjective(ObjectiveStep):
    """Pursue the objective no longer; it takes a reason."""


class GradeObjective(ObjectiveStep):
    """Say at the end how well it went: the owner's own grade, 0 to 1, and what was learnt."""

    needs = ObjectiveStep.needs | frozenset({"line"})

    grade: Annotated[Number, Field(ge=0, le=1)]
    reflection: Note | None = None


class CloseObjective(ObjectiveStep):
    """End an active objective, graded or not; nothing of it changes until it is reopened."""

    needs = ObjectiveStep.needs | frozenset({"line"})

    comment: Note | None = None


class ReopenObjective(ObjectiveStep):
    """Take a close or a drop back; it takes a reason."""


class AddKeyResult(GoalpostCommand):
    """Add a key result. It has a weight if the others have one, and none if they have none."""

    needs = GoalpostCommand.needs | frozenset({"kpi", "taken"})
    serialized_by = frozenset({"ids"})

    key_result: Slug | None = None
    """Its id; without one it gets a new one."""
    title: Title
    measure: Measure
    kpi: Slug | None = None
    owner: Slug | None = None
    weight: Number | None = None
    trajectory: Trajectory = ()


class RewordKeyResult(ObjectiveStep):
    """Say a key result in other words."""

    key_result: Slug
    title: Title


class ChangeMeasure(GoalpostCommand):
    """Measure a key result otherwise from now on: by another kind, in another unit or direction."""

    needs = GoalpostCommand.needs | frozenset({"kpi"})

    key_result: Slug
    measure: Measure


class ChangeTarget(GoalpostCommand):
    """Set another target from a day of the cycle on, today unless said otherwise."""

    needs = GoalpostCommand.needs | frozenset({"kpi"})

    key_result: Slug
    target: Number
    """Of `between` the lower edge."""
    upper: Number | None = None
    """The upper edge of `between`; without it that stays."""
    effective_from: date | None = None


class CorrectBaseline(GoalpostCommand):
    """Put the figure right that the key result starts from."""

    key_result: Slug
    baseline: Number


class SetWeights(GoalpostCommand):
    """Set weights of several key results at once; null takes a weight away."""

    weights: Annotated[dict[Slug, Number | None], Field(min_length=1)]


class DeclareTrajectory(GoalpostCommand):
    """Say which values a key result is expected to have on the way; an empty one takes that back."""

    key_result: Slug
    trajectory: Trajectory


class ResolveRelative(ObjectiveStep):
    """Freeze baseline and target of a relative goal, with what the base periods came to.

    What is resolved already with other bases is resolved again, which takes a reason.
    """

    # What it resolves anew moves a goalpost all the same, and waits.
    needs = ObjectiveStep.needs | frozenset({"policies"})
    reports = True

    key_result: Slug
    bases: tuple[PeriodBase, ...]


class LinkKpi(GoalpostCommand):
    """Take the value of a key result from a KPI of the same unit."""

    needs = GoalpostCommand.needs | frozenset({"kpi"})

    key_result: Slug
    kpi: Slug


class UnlinkKpi(GoalpostCommand):
    """Take the value of a key result from check-ins."""

    key_result: Slug


class ChangeKeyResultOwner(ObjectiveStep):
    """Give a key result to another person, or to nobody."""

    key_result: Slug
    owner: Slug | None


class CheckIn(ObjectiveStep):
    """Report on a key result for a day of the cycle, today unless said otherwise.

    Once the cycle is over a value needs its day.
    """

    reports = True

    key_result: Slug
    day: date | None = None
    value: Number | None = None
    confidence: Annotated[int, Field(ge=0, le=10)] | None = None
    note: Note | None = None


class MarkStepDone(ObjectiveStep):
    """Say that a step of a milestone is done, since a day of the cycle; since today unless said otherwise."""

    reports = True

    key_result: Slug
    step: Slug
    day: date | None = None


class ReopenStep(ObjectiveStep):
    """Say that a step is not done after all, from a day on, today unless said otherwise; with a reason."""

    reports = True

    key_result: Slug
    step: Slug
    day: date | None = None


class DropKeyResult(GoalpostCommand):
    """Pursue a key result no longer; it takes a reason."""

    key_result: Slug


LifeCommand = (
    ProposeObjective
    | AgreeObjective
    | SendBackObjective
    | ActivateObjective
    | GradeObjective
    | CloseObjective
    | DropObjective
    | ReopenObjective
)
ObjectiveChange = (
    RewordObjective
    | ChangeObjectiveOwner
    | ChangeObjectiveReviewer
    | ChangeObjectiveOrgUnit
    | ChangeObjectiveCycle
    | ChangeSupports
    | ChangeReward
)
ObjectiveCommand = ObjectiveChange | LifeCommand
KeyResultCommand = (
    RewordKeyResult
    | ChangeMeasure
    | ChangeTarget
    | CorrectBaseline
    | LinkKpi
    | UnlinkKpi
    | ChangeKeyResultOwner
    | CheckIn
    | MarkStepDone
    | ReopenStep
    | DeclareTrajectory
    | ResolveRelative
    | DropKeyResult
)
