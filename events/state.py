"""The base of all states of aggregates: each follows from its events, and is stored as a snapshot."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from events.envelope import Event


class State(BaseModel):
    """The state of one aggregate, immutable and as JSON the same everywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str


S = TypeVar("S", bound=State)


class OutOfPlace(ValueError):
    """An event stands where it cannot: a change of what does not exist, or a second beginning."""


def existing(state: S | None, event: Event) -> S:
    """Return the state that the event changes. Raises OutOfPlace if nothing began yet."""
    if state is None:
        raise OutOfPlace(f"{event.type} comes before {event.aggregate.kind} {event.aggregate.id} began")
    return state


def beginning(state: State | None, event: Event) -> str:
    """Return the id of what the event begins. Raises OutOfPlace if it exists already."""
    if state is not None:
        raise OutOfPlace(f"{event.type} comes after {event.aggregate.kind} {event.aggregate.id} began")
    return event.aggregate.id
