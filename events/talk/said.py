"""Words that people say to each other, and whose they are."""

from abc import abstractmethod
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from events.envelope import Event
from events.state import State
from events.talk.audience import Audience

_PERSON = "person:"


class Words(BaseModel):
    """A text, by whom, and the event that holds it. `text` is personal text; None once it is redacted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: str
    """A person's id."""
    event_id: UUID
    text: str | None = None


class Said(State):
    """Something that people said to each other."""

    audience: Audience
    about: str | None = None
    day: date
    """The business day on which it was said, or is to be."""
    read_by: dict[str, date] = Field(default_factory=dict)
    """Who read it without being a party, and the last business day on which they did."""

    def is_private_to(self, actor: str) -> bool:
        """Return whether an actor who may read it is somebody to whom it was not said."""
        return self.audience != "everyone" and person_of(actor) not in self.parties

    @property
    @abstractmethod
    def parties(self) -> tuple[str, ...]:
        """The ids of those who talk: they read it whatever the audience is."""

    @property
    def whose_line(self) -> tuple[str, ...]:
        """The ids of those whose line reads it, too, if the audience says so."""
        return self.parties

    @property
    def concerned(self) -> tuple[str, ...]:
        """The ids of those whom it is for: everybody who talks, or who gets it."""
        return self.parties

    @property
    @abstractmethod
    def all_words(self) -> dict[str, Words]:
        """All its texts by the names they have in it."""


def person_of(actor: str) -> str | None:
    """Return the id of the person who acts; None for a feed or the system."""
    return actor.removeprefix(_PERSON) if actor.startswith(_PERSON) else None


def words_of(event: Event, text: str) -> Words:
    """Return the text of an event with its author."""
    return Words(author=person_of(event.actor) or event.actor, event_id=event.id, text=text)


def with_reader(said: Said, event: Event) -> dict[str, dict[str, date]]:
    """Return the change that follows from an event that says that somebody read it."""
    return {"read_by": {**said.read_by, event.actor: said_on(event)}}


def said_on(event: Event) -> date:
    """Return the business day of an event."""
    return event.business_day or event.time.date()
