"""Commands on feedback, besides what is asked of all words (events/talk/commands.py)."""

from typing import Literal

from events.commands import Command, Note
from events.ids import Slug
from events.talk.audience import About


class GiveFeedback(Command):
    """Tell a person something, between the two or open to the person's line."""

    needs = frozenset({"unknown"})

    to: Slug
    text: Note
    about: About | None = None
    audience: Literal["parties", "line"] = "parties"
