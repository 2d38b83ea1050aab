"""The state of a recognition."""

from events.talk.audience import Audience
from events.talk.commands import THE_TEXT
from events.talk.said import Said, Words


class Recognition(Said):
    """What a person thanked or praised others for."""

    to: tuple[str, ...]
    audience: Audience = "everyone"
    words: Words

    @property
    def parties(self) -> tuple[str, ...]:
        """The ids of who gave it and who got it."""
        return (self.words.author, *self.to)

    @property
    def concerned(self) -> tuple[str, ...]:
        """The ids of those who got it."""
        return self.to

    @property
    def all_words(self) -> dict[str, Words]:
        """The one text."""
        return {THE_TEXT: self.words}
