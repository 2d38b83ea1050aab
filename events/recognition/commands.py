"""Commands on a recognition, besides what is asked of all words (events/talk/commands.py)."""

from typing import Annotated

from pydantic import Field

from events.commands import Command, Note
from events.ids import Slug
from events.talk.audience import About


class GiveRecognition(Command):
    """Thank or praise one or several people before everybody."""

    needs = frozenset({"unknown"})

    to: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=50)]
    text: Note
    about: About | None = None
