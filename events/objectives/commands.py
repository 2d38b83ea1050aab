"""What may be asked of an objective and its key results."""

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

    cycle: Slug
    org_unit: Slug


class RewordObjective(Command):
    """Say the objective in other words."""

    title: Title


class ChangeObjectiveReviewer(Command):
    """Make another person the other party of an MBO goal, or nobody yet."""

    reviewer: Slug | None


class ChangeReward(Command):
    """Link another reward to the objective, or none; the policy may refuse it."""

    reward: Reward | None


class ProposeObjective(Command):
    """Put a draft forward for agreement; it changes no more until it is sent back."""


class AgreeObjective(Command):
    """Say yes to a proposed objective, or to the changes that wait on an active MBO goal."""


class SendBackObjective(Command):
    """Make a proposed or agreed objective a draft again, or refuse the changes that wait; takes a reason."""


class ActivateObjective(Command):
    """Begin: from then on every change takes a reason. A draft may be activated without being proposed."""


class ChangeObjectiveOwner(Command):
    """Give the objective to another person, or to nobody."""

    owner: Slug | None


class ChangeObjectiveOrgUnit(Command):
    """Give the objective to another unit, or to none."""

    org_unit: Slug | None


class ChangeObjectiveCycle(Command):
    """Move the objective to another cycle, with its key results and all they have been through."""

    cycle: Slug


class ChangeSupports(Command):
    """Say anew which objectives and key results the objective helps to reach: the whole list."""

    supports: Supports


class DropObjective(Command):
    """Pursue the objective no longer; it takes a reason."""


class GradeObjective(Command):
    """Say at the end how well it went: the owner's own grade, 0 to 1, and what was learnt."""

    grade: Annotated[Number, Field(ge=0, le=1)]
    reflection: Note | None = None


class CloseObjective(Command):
    """End an active objective, graded or not; nothing of it changes until it is reopened."""

    comment: Note | None = None


class ReopenObjective(Command):
    """Take a close or a drop back; it takes a reason."""


class AddKeyResult(Command):
    """Add a key result. It has a weight if the others have one, and none if they have none."""

    key_result: Slug | None = None
    """Its id; without one it gets a new one."""
    title: Title
    measure: Measure
    kpi: Slug | None = None
    owner: Slug | None = None
    weight: Number | None = None
    trajectory: Trajectory = ()


class RewordKeyResult(Command):
    """Say a key result in other words."""

    key_result: Slug
    title: Title


class ChangeMeasure(Command):
    """Measure a key result otherwise from now on: by another kind, in another unit or direction."""

    key_result: Slug
    measure: Measure


class ChangeTarget(Command):
    """Set another target from a day of the cycle on, today unless said otherwise."""

    key_result: Slug
    target: Number
    """Of `between` the lower edge."""
    upper: Number | None = None
    """The upper edge of `between`; without it that stays."""
    effective_from: date | None = None


class CorrectBaseline(Command):
    """Put the figure right that the key result starts from."""

    key_result: Slug
    baseline: Number


class SetWeights(Command):
    """Set weights of several key results at once; null takes a weight away."""

    weights: Annotated[dict[Slug, Number | None], Field(min_length=1)]


class DeclareTrajectory(Command):
    """Say which values a key result is expected to have on the way; an empty one takes that back."""

    key_result: Slug
    trajectory: Trajectory


class ResolveRelative(Command):
    """Freeze baseline and target of a relative goal, with what the base periods came to.

    What is resolved already with other bases is resolved again, which takes a reason.
    """

    key_result: Slug
    bases: tuple[PeriodBase, ...]


class LinkKpi(Command):
    """Take the value of a key result from a KPI of the same unit."""

    key_result: Slug
    kpi: Slug


class UnlinkKpi(Command):
    """Take the value of a key result from check-ins."""

    key_result: Slug


class ChangeKeyResultOwner(Command):
    """Give a key result to another person, or to nobody."""

    key_result: Slug
    owner: Slug | None


class CheckIn(Command):
    """Report on a key result for a day of the cycle, today unless said otherwise."""

    key_result: Slug
    day: date | None = None
    value: Number | None = None
    confidence: Annotated[int, Field(ge=0, le=10)] | None = None
    note: Note | None = None


class MarkStepDone(Command):
    """Say that a step of a milestone is done, since a day of the cycle; since today unless said otherwise."""

    key_result: Slug
    step: Slug
    day: date | None = None


class ReopenStep(Command):
    """Say that a step is not done after all, from a day on, today unless said otherwise; with a reason."""

    key_result: Slug
    step: Slug
    day: date | None = None


class DropKeyResult(Command):
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
