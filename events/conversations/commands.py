"""Commands on a conversation, besides what is asked of all words (events/talk/commands.py)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from events.commands import Command, Note
from events.ids import Slug
from events.talk.audience import About, Audience


class OpenConversation(Command):
    """Begin to talk with others; who begins is one of the parties."""

    needs = frozenset({"unknown"})

    parties: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=20)]
    agenda: Note
    about: About | None = None
    audience: Audience = "parties"
    day: date | None = None
    """The business day on which they meet; None: today."""


class AddNote(Command):
    """Write down what was said."""

    words: Slug | None = None
    """What the note is called in the conversation; without one it gets a new name."""
    text: Note


class AgreeAction(Command):
    """Write down what is to be done, by one of the parties or by nobody yet."""

    action: Slug | None = None
    """What the action is called in the conversation; without one it gets a new name."""
    text: Note
    owner: Slug | None = None
    due: date | None = None


class FinishAction(Command):
    """Say that an agreed action is done."""

    action: Slug


class ReopenAction(Command):
    """Say that an agreed action is not done after all."""

    action: Slug


class NarrowAudience(Command):
    """Let fewer people read the conversation; what was said to few is never opened to more."""

    audience: Audience
