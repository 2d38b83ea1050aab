"""The state of a person."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from events.people.events import MemberRole
from events.state import State


class Membership(BaseModel):
    """A person in a unit, from its first to its last business day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    org_unit: str
    role: MemberRole
    effective_from: date
    until: date | None = None
    """The last day; None while it goes on."""

    def holds_on(self, day: date) -> bool:
        """Return whether it holds at the end of a business day."""
        return self.effective_from <= day and (self.until is None or day <= self.until)

    @property
    def taken_back(self) -> bool:
        """Whether it ended before it began, so that it never was."""
        return self.until is not None and self.until < self.effective_from


class LeadRequest(BaseModel):
    """Somebody is to become the lead of a unit once a second person has said yes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    org_unit: str
    effective_from: date
    until: date | None = None
    by: str
    """The actor who asked for it."""


class Person(State):
    """Somebody. Name and mail are sealed with the person's key wherever this is stored."""

    name: str | None = None
    mail: str | None = None
    memberships: tuple[Membership, ...] = ()
    """By their first day; none that was taken back."""
    lead_requests: tuple[LeadRequest, ...] = ()
    """In the order in which they were asked for, at most one of a unit."""
    forgotten: bool = False
    """Their key is destroyed: who they are and what they wrote cannot be read again."""

    def has_left(self, day: date) -> bool:
        """Return whether the person has left by a day: is forgotten, or in no unit on it or later.

        Whoever never was in a unit has not left one.
        """
        over = (one.until is not None and one.until < day for one in self.memberships)
        return self.forgotten or (bool(self.memberships) and all(over))

    def leads_from(self, day: date) -> bool:
        """Return whether the person leads a unit on a day or later."""
        return any(one.role == "lead" and (one.until is None or one.until >= day) for one in self.memberships)

    def last_memberships(self) -> list[Membership]:
        """Return the memberships that ended last, of somebody who left."""
        last = max((one.until for one in self.memberships if one.until is not None), default=None)
        return [one for one in self.memberships if one.until == last]

    def memberships_on(self, day: date) -> list[Membership]:
        """Return the memberships that hold at the end of a business day."""
        return [membership for membership in self.memberships if membership.holds_on(day)]
