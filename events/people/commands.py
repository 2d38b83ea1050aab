"""Commands on a person."""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from events.commands import Command, Title
from events.ids import Slug
from events.people.events import MemberRole

Mail = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$"
    ),
]
"""A mail address: something, an @, a place. Only a mail that arrives proves more."""


class RegisterPerson(Command):
    """Make somebody known. The id is new, and says nothing of the name."""

    name: Title
    mail: Mail | None = None


class RenamePerson(Command):
    """Give a person another name."""

    name: Title


class ChangeMail(Command):
    """Give a person another mail address, or none."""

    mail: Mail | None


class JoinUnit(Command):
    """Make a person a member of a unit, besides all others they belong to."""

    needs = frozenset({"org_unit"})
    serialized_by = frozenset({"tree"})
    moves_lines = True

    org_unit: Slug
    role: MemberRole = "member"
    effective_from: date | None = None
    """The first day; None: today."""
    until: date | None = None
    """The last day, if it is known."""


class ApproveLead(Command):
    """Say yes to somebody's becoming the lead of a unit; never by who asked for it."""

    needs = frozenset({"org_unit"})

    org_unit: Slug


class RefuseLead(Command):
    """Say no to somebody's becoming the lead of a unit, or withdraw what one asked for."""

    org_unit: Slug


class LeaveUnit(Command):
    """End a membership, or end it earlier than was said."""

    serialized_by = frozenset({"tree"})
    moves_lines = True

    org_unit: Slug
    until: date | None = None
    """The last day; None: today. The day before the first one takes the membership back."""


class ForgetPerson(Command):
    """Erase who a person is and all they wrote, for ever."""

    serialized_by = frozenset({"tree"})
    moves_lines = True

    acts: bool = False
    """There is a token or a key of theirs: they are somebody, even if nobody registered them."""
