"""Commands on one's own words, wherever they were said."""

from events.commands import Command, Note
from events.ids import Slug

THE_TEXT = "text"
"""The name of the only text of feedback or a recognition."""


class Reword(Command):
    """Put own words otherwise; the earlier ones are shown no longer."""

    words: Slug = THE_TEXT
    text: Note


class RecordReading(Command):
    """Put on record that who asks read it without being a party; nothing follows on the same day again."""


class Redact(Command):
    """Take own words back: they are shown no longer, that something was said stays."""

    words: Slug = THE_TEXT
