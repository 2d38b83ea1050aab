"""Commands on a workspace."""

from datetime import date

from events.commands import Command, Title
from events.workspace.events import DefaultLanguage


class CreateWorkspace(Command):
    """Begin a workspace in an IANA time zone such as `Asia/Seoul`."""

    name: Title
    zone: str
    default_language: DefaultLanguage = "ko"


class ChangeZone(Command):
    """Count business days in another zone from a day on."""

    zone: str
    effective_from: date
