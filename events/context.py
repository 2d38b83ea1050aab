"""The context of a decision: who asks, when, why, and facts of other aggregates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from events.commands import NOTE_LENGTH
from events.cycles.state import Cycle
from events.errors import Refused
from events.kpis.state import Kpi
from events.objectives.state import KeyResult
from events.org_units.state import OrgUnit
from events.people.refusals import forgotten_person, unknown_person
from events.people.state import Person
from events.policies.state import Policies

Ref = TypeVar("Ref")
"""Something that refers to a goal: its id, or a line of a scorecard."""


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of a command. The handler looks them up; a decider reads no clock and no store."""

    actor: str
    """`person:<id>`, `feed:<id>` or `system:<what>`."""
    role: str
    today: date
    """Today's business day in the workspace's zone."""
    now: datetime
    """The current time (UTC)."""
    new_id: Callable[[], str]
    """A fresh id for something the command creates."""
    reason: str | None = None
    """Why, in the words of the actor."""
    cycle: Cycle | None = None
    """The cycle the objective belongs to, or is to belong to."""
    new_cycle: Cycle | None = None
    """The cycle to which the command, or a change that waits, moves the objective."""
    cycles: tuple[Cycle, ...] = ()
    """All cycles of the workspace."""
    measured_cycles: tuple[Cycle, ...] = ()
    """The cycles in which a KPI measures something; none unless the command changes how it counts."""
    supported_cycles: tuple[Cycle, ...] = ()
    """The cycles of all goals that an initiative supports, before and after the command."""
    kpi: Kpi | None = None
    """The KPI that the command names, or that the key result it changes takes its value from."""
    org_unit: OrgUnit | None = None
    """The org unit that the command names: a goal's or KPI's unit, a unit's parent."""
    below: frozenset[str] = frozenset()
    """Of the org unit that changes: the ids of all units below it that are not archived."""
    taken_over: KeyResult | None = None
    """The key result that a new objective takes over."""
    unknown: frozenset[str] = frozenset()
    """Of what a goal, a KPI or words are to refer to: the objectives, key results and KPIs that do not exist,
    or not for who asks."""
    unseen: frozenset[str] = frozenset()
    """Goals that are referred to already, or lie on the way upwards, and that who asks does not see."""
    leads_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """From what an objective is to support upwards: key results to their objectives, these to what they
    support."""
    policies: Policies = field(default_factory=Policies)
    """The policies of the workspace, for what pins one of their versions or follows its rules."""
    taken: frozenset[str] = frozenset()
    """Of the ids that new goals are to have: those that an objective or key result has already."""

    people: Mapping[str, Person | None] = field(default_factory=dict)
    """Whom the command names, by the place (owner, to/1); None: an id of the form that the server makes, of
    nobody. Ids of people that a company chose itself are not among them, unless a person has one."""

    gone: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Parties of an MBO goal who left or were forgotten, each with the line they had: these actors may say
    yes in their place."""
    line: frozenset[str] = frozenset()
    """Of an MBO goal that is to end: the actors in the line of its parties, unless the caller is a party."""

    dual_control: bool = False
    """Becoming a lead, and a token for another person, take a second person."""

    def with_unseen(
        self, said: tuple[Ref, ...], held: tuple[Ref, ...], goal_of: Callable[[Ref], str | None] = str
    ) -> tuple[Ref, ...]:
        """Return the references that are stated, with those held already that who asks does not see.

        Nobody takes away what they are not shown. `goal_of` says which goal a reference is to, if to one.
        """
        if said == tuple(one for one in held if goal_of(one) not in self.unseen):
            return held
        return (*said, *(one for one in held if goal_of(one) in self.unseen))

    def require_reason(self) -> None:
        """Refuse the command unless it says why."""
        if self.reason is None or not self.reason.strip():
            raise Refused(
                "reason_required",
                "this change needs a reason",
                "이 변경에는 사유가 필요합니다",
                kind="invalid",
                pointer="/reason",
            )

    def check_has_come(self, day: date, *, pointer: str) -> None:
        """Refuse a business day that is still to come."""
        if day > self.today:
            raise Refused(
                "day_in_the_future",
                f"{day} has not come yet",
                f"{day}은(는) 아직 오지 않은 날입니다",
                kind="invalid",
                pointer=pointer,
            )

    def check_people(self) -> None:
        """Refuse a command that names somebody who is not known or was forgotten."""
        for named_by, person in self.people.items():
            if person is None:
                raise unknown_person(f"/{named_by}")
            if person.forgotten:
                raise forgotten_person(person.id, f"/{named_by}")

    def check_reason(self) -> None:
        """Refuse a reason that is too long or holds control characters."""
        reason = self.reason or ""
        if len(reason) > NOTE_LENGTH or any(c < " " and c not in "\r\n\t" for c in reason):
            raise Refused(
                "reason_unreadable",
                f"a reason is text of at most {NOTE_LENGTH} characters",
                f"사유는 {NOTE_LENGTH}자 이하의 글이어야 합니다",
                kind="invalid",
                pointer="/reason",
            )
