"""The state of feedback."""

from events.talk.commands import THE_TEXT
from events.talk.said import Said, Words


class Feedback(Said):
    """What a person told another one."""

    to: str
    words: Words

    @property
    def parties(self) -> tuple[str, ...]:
        """The ids of who gave it and who got it."""
        return (self.words.author, self.to)

    @property
    def whose_line(self) -> tuple[str, ...]:
        """The person whose line may read it: who got it."""
        return (self.to,)

    @property
    def concerned(self) -> tuple[str, ...]:
        """The ids of those who got it."""
        return (self.to,)

    @property
    def all_words(self) -> dict[str, Words]:
        """The one text."""
        return {THE_TEXT: self.words}
