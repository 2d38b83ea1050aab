"""The registry of event types: the model and sentence of each, and how its older versions are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from events.text import Text

SealedFor = Literal["author", "subject"]
"""Whose key seals the personal text of an event, its reason too: who wrote it, or the person it is about."""


class EventData(BaseModel):
    """What an event says. A field that may be None defaults to None, since None is left out on the ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Report(EventData):
    """Reports on an aggregate and changes none of its terms: an `If-Match` of an earlier read still holds."""


class Backdatable(EventData):
    """Moves figures, also of days that were over, and then says so."""

    backdated: bool = False
    """It holds for days that were over: from a day before the one on which it was recorded, or for a whole
    cycle whose last day was over."""


class UnknownData(EventData):
    """The data of an event type this version does not know: kept as it is and skipped by every fold."""

    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type in its newest version. `personal` names the fields that hold text written by people."""

    full: str
    """The CloudEvents type: `goaltrail.<name>.v<version>`."""
    name: str
    version: int
    model: type[EventData]
    sentence: Text
    personal: frozenset[str]
    sealed_for: SealedFor = "author"
    withdraws: bool = False
    """It takes back for good what others could use or read: it must outlive a ledger that loses it."""


Data = TypeVar("Data", bound=EventData)
Upcast = Callable[[dict[str, Any]], dict[str, Any]]

_types: dict[str, EventType] = {}
_by_model: dict[type[EventData], EventType] = {}
_upcasters: dict[str, tuple[str, Upcast]] = {}


def event(
    name: str,
    *,
    ko: str,
    en: str,
    version: int = 1,
    personal: tuple[str, ...] = (),
    sealed_for: SealedFor = "author",
    withdraws: bool = False,
) -> Callable[[type[Data]], type[Data]]:
    """Register a model as the newest version of the event type `goaltrail.<name>.v<version>`.

    `ko` and `en` are one sentence each; placeholders are `{actor}`, `{id}` (of the aggregate) and fields.
    A part in square brackets is left out when a field in it is None; 을(를) becomes the particle that fits.
    `sealed_for="subject"` is for events of a person: what they say goes when that person is forgotten.
    `withdraws` is for events that take something back for good: who accepts a ledger that lost one puts it
    back on it first.
    """

    def register(model: type[Data]) -> type[Data]:
        entry = EventType(
            _type(name, version),
            name,
            version,
            model,
            Text(ko, en),
            frozenset(personal),
            sealed_for,
            withdraws,
        )
        if entry.full in _types:
            raise ValueError(f"{entry.full} is registered twice")
        _types[entry.full] = entry
        _by_model[model] = entry
        return model

    return register


def upcaster(name: str, from_version: int) -> Callable[[Upcast], Upcast]:
    """Register how the data of one version becomes the data of the next. It gets a copy it may change."""

    def register(upcast: Upcast) -> Upcast:
        _upcasters[_type(name, from_version)] = (_type(name, from_version + 1), upcast)
        return upcast

    return register


def event_type(data: EventData) -> str:
    """Return the CloudEvents type of event data. Raises KeyError for a model that is not registered."""
    return type_of(type(data))


def type_of(model: type[EventData]) -> str:
    """Return the CloudEvents type of a model of event data. Raises KeyError if it is not registered."""
    return _by_model[model].full


def lookup(type_: str) -> EventType | None:
    """Return the newest version of an event type, also for the name of an older one; None if unknown."""
    entry = _types.get(type_)
    while entry is None and type_ in _upcasters:
        type_ = _upcasters[type_][0]
        entry = _types.get(type_)
    return entry


def upcast(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an older version in the shape of the newest one."""
    while type_ in _upcasters:
        type_, step = _upcasters[type_]
        data = step(dict(data))
    return data


def all_types() -> list[EventType]:
    """Return every event type in its newest version, by name."""
    return sorted(_types.values(), key=lambda entry: entry.name)


def _type(name: str, version: int) -> str:
    return f"goaltrail.{name}.v{version}"
