"""Commands on a workspace."""

from datetime import date

from events.commands import Command, Title
from events.workspace.events import DefaultLanguage


class CreateWorkspace(Command):
    """Begin a workspace in an IANA time zone such as `Asia/Seoul`."""

    name: Title
    zone: str
    default_language: DefaultLanguage = "ko"


class SetDualControl(Command):
    """Say whether becoming a lead, and a token for another person, take a second person (이중 승인).

    To turn it off while it is in force takes a second administrator, too, who asks for the same.
    """

    required: bool


class ChangeZone(Command):
    """Count business days in another zone from a day on."""

    zone: str
    effective_from: date
