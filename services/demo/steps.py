"""What happened in the demo company's year: the shape of the steps in `content/year.yaml`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from events.decimals import Number
from events.ids import Slug
from events.policies.rules import Framework, Rules
from events.scorecards.items import Item
from events.talk.audience import Audience
from events.text import Text
from services.demo.schema import Initiative, KeyResult, Part, Target


class Step(Part):
    """Something that happened on a day of the year."""

    when: date


class OpenCycle(Step):
    """Work in a cycle began."""

    do: Literal["open_cycle"]
    cycle: Slug


class CloseCycle(Step):
    """A cycle was closed."""

    do: Literal["close_cycle"]
    cycle: Slug


class Agree(Step):
    """An objective was written down with its key results, and activated."""

    do: Literal["agree"]
    objective: Slug


class AddKeyResult(Step):
    """An active objective got one more key result."""

    do: Literal["add_key_result"]
    objective: Slug
    key_result: KeyResult
    reason: Text


class ChangeTarget(Step):
    """The target of a key result moved, from the day of the step on."""

    do: Literal["change_target"]
    key_result: Slug
    target: Number
    reason: Text


class CorrectBaseline(Step):
    """The baseline of a key result was put right."""

    do: Literal["correct_baseline"]
    key_result: Slug
    baseline: Number
    reason: Text


class SetWeights(Step):
    """Key results of an objective count differently."""

    do: Literal["set_weights"]
    objective: Slug
    weights: dict[Slug, Number]
    reason: Text


class Reword(Step):
    """A key result is said in other words."""

    do: Literal["reword"]
    key_result: Slug
    title: Text
    reason: Text


class DropKeyResult(Step):
    """A key result is pursued no longer."""

    do: Literal["drop_key_result"]
    key_result: Slug
    reason: Text


class CheckIn(Step):
    """Somebody reported on a key result, for the day of the step unless `day` says otherwise."""

    do: Literal["check_in"]
    key_result: Slug
    day: date | None = None
    value: Number | None = None
    confidence: int
    note: Text | None = None


class SetKpiTarget(Step):
    """A KPI got another target, from the day of the step on."""

    do: Literal["set_kpi_target"]
    kpi: Slug
    target: Target
    reason: Text


class LinkKpis(Step):
    """Every KPI that serves one of these objectives or their key results said so, and how."""

    do: Literal["link_kpis"]
    objectives: tuple[Slug, ...]
    reason: Text


class WatchWith(Step):
    """A KPI is watched with others, which get worse if it is pushed for its own sake."""

    do: Literal["watch_with"]
    kpi: Slug
    counter_metrics: tuple[Slug, ...]
    reason: Text


class SetPolicy(Step):
    """The rules of a framework became others."""

    do: Literal["set_policy"]
    by: Slug
    framework: Framework
    rules: Rules
    reason: Text


class DrawUpScorecard(Step):
    """It was said by what a unit or a person is judged in a cycle."""

    do: Literal["draw_up_scorecard"]
    by: Slug
    id: Slug
    cycle: Slug
    org_unit: Slug | None = None
    person: Slug | None = None
    items: tuple[Item, ...]


class PlanInitiative(Step):
    """Work was planned."""

    do: Literal["plan_initiative"]
    initiative: Initiative


class StartInitiative(Step):
    """Planned work began."""

    do: Literal["start_initiative"]
    initiative: Slug


class FinishInitiative(Step):
    """Planned work was done."""

    do: Literal["finish_initiative"]
    initiative: Slug


class Remark(Part):
    """What somebody said in a conversation."""

    by: Slug
    text: Text


class Action(Part):
    """What a conversation agreed that somebody does."""

    owner: Slug
    due: date
    text: Text


class Talk(Step):
    """Some people talked about a goal."""

    do: Literal["talk"]
    by: Slug
    parties: tuple[Slug, ...]
    about: str
    audience: Audience
    agenda: Text
    notes: tuple[Remark, ...] = ()
    actions: tuple[Action, ...] = ()


class GiveFeedback(Step):
    """Somebody told another person something; it stays between the two."""

    do: Literal["feedback"]
    by: Slug
    to: Slug
    about: str
    text: Text


class Recognise(Step):
    """Somebody thanked others before everybody."""

    do: Literal["recognise"]
    by: Slug
    to: tuple[Slug, ...]
    about: str
    text: Text


class WrongReading(Step):
    """A reading was first sent as `times` what it really was; on the day of the step it was corrected."""

    do: Literal["wrong_reading"]
    kpi: Slug
    day: date
    times: Number
    reason: Text


class StrayReading(Step):
    """A reading was sent that should not have been; on the day of the step it was retracted."""

    do: Literal["stray_reading"]
    kpi: Slug
    day: date
    sent: Number
    reason: Text


class LateReading(Step):
    """A reading came on the day of the step only."""

    do: Literal["late_reading"]
    kpi: Slug
    day: date


AnyStep = Annotated[
    OpenCycle
    | CloseCycle
    | Agree
    | AddKeyResult
    | ChangeTarget
    | CorrectBaseline
    | SetWeights
    | Reword
    | DropKeyResult
    | CheckIn
    | SetKpiTarget
    | LinkKpis
    | WatchWith
    | SetPolicy
    | DrawUpScorecard
    | PlanInitiative
    | StartInitiative
    | FinishInitiative
    | Talk
    | GiveFeedback
    | Recognise
    | WrongReading
    | StrayReading
    | LateReading,
    Field(discriminator="do"),
]
