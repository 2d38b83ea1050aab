"""The state of a conversation."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from events.talk.said import Said, Words

AGENDA = "agenda"
"""The name of the agenda among the words of a conversation."""


class TalkNote(BaseModel):
    """What was said, as one of the parties wrote it down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    words: Words


class AgreedAction(BaseModel):
    """What is to be done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    words: Words
    owner: str | None = None
    due: date | None = None
    done: bool = False


class Conversation(Said):
    """What some people talk about."""

    people: tuple[str, ...]
    agenda: Words
    notes: tuple[TalkNote, ...] = ()
    """In the order in which they were written."""
    actions: tuple[AgreedAction, ...] = ()

    @property
    def parties(self) -> tuple[str, ...]:
        """The ids of those who talk; who began is the first."""
        return self.people

    @property
    def all_words(self) -> dict[str, Words]:
        """The texts by name: agenda, notes and actions."""
        notes = {note.id: note.words for note in self.notes}
        actions = {action.id: action.words for action in self.actions}
        return {AGENDA: self.agenda, **notes, **actions}

    def action(self, id_: str) -> AgreedAction | None:
        """Return one of the agreed actions."""
        return next((action for action in self.actions if action.id == id_), None)
