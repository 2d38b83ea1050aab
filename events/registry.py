"""Every event type there is: its model, its sentences for people, and how older versions are read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict

from events import decimals
from events.korean import with_particles

if TYPE_CHECKING:
    from events.envelope import Event

Language = Literal["ko", "en"]
SealedFor = Literal["author", "subject"]
"""Whose key seals the personal text of an event, its reason too: who wrote it, or the person it is about."""


class EventData(BaseModel):
    """What an event says. A field that may be None defaults to None, since None is left out on the ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@runtime_checkable
class Spoken(Protocol):
    """A part of an event that has words of its own for its sentence."""

    def in_words(self, lang: Language) -> str:
        """As it stands in a sentence."""


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
    ko: str
    en: str
    personal: frozenset[str]
    sealed_for: SealedFor = "author"


Data = TypeVar("Data", bound=EventData)
Upcast = Callable[[dict[str, Any]], dict[str, Any]]

_types: dict[str, EventType] = {}
_by_model: dict[type[EventData], EventType] = {}
_upcasters: dict[str, tuple[str, Upcast]] = {}
_FORMAT = Formatter()


def event(
    name: str,
    *,
    ko: str,
    en: str,
    version: int = 1,
    personal: tuple[str, ...] = (),
    sealed_for: SealedFor = "author",
) -> Callable[[type[Data]], type[Data]]:
    """Register a model as the newest version of the event type `goaltrail.<name>.v<version>`.

    `ko` and `en` are one sentence each; placeholders are `{actor}`, `{id}` (of the aggregate) and fields.
    A part in square brackets is left out when a field in it is None; 을(를) becomes the particle that fits.
    `sealed_for="subject"` is for events of a person: what they say goes when that person is forgotten.
    """

    def register(model: type[Data]) -> type[Data]:
        entry = EventType(_type(name, version), name, version, model, ko, en, frozenset(personal), sealed_for)
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
    """The CloudEvents type of event data. Raises KeyError for a model that is not registered."""
    return type_of(type(data))


def type_of(model: type[EventData]) -> str:
    """The CloudEvents type of a model of event data. Raises KeyError if it is not registered."""
    return _by_model[model].full


def lookup(type_: str) -> EventType | None:
    """The event type in its newest version, also for the type of an older one; None if it is unknown."""
    entry = _types.get(type_)
    while entry is None and type_ in _upcasters:
        type_ = _upcasters[type_][0]
        entry = _types.get(type_)
    return entry


def upcast(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data of an older version in the shape of the newest one."""
    while type_ in _upcasters:
        type_, step = _upcasters[type_]
        data = step(dict(data))
    return data


def all_types() -> list[EventType]:
    """Every event type in its newest version, by name."""
    return sorted(_types.values(), key=lambda entry: entry.name)


def sentence(event: "Event", lang: Language, names: Mapping[str, str] | None = None) -> str:
    """One sentence for people. `names` gives readable names for ids and actors such as `person:anna`."""
    names = names or {}
    entry = lookup(event.type)
    values: dict[str, Any] = {
        "actor": _actor(event.actor, lang, names),
        "id": names.get(event.aggregate.id, event.aggregate.id),
    }
    if entry is None:
        unknown = {
            "ko": "{actor} 알 수 없는 일({type})을 기록했습니다.",
            "en": "{actor} recorded something unknown ({type}).",
        }
        return unknown[lang].format(type=event.type, **values)
    for field in entry.model.model_fields:
        values[field] = _words(getattr(event.data, field), lang, names)
    template = _OPTIONAL.sub(
        lambda part: "" if _lacks(part[1], values) else part[1], entry.ko if lang == "ko" else entry.en
    )
    if lang == "ko":
        template = with_particles(template, lambda placeholder: placeholder.format_map(values))
    return template.format_map(values)


_OPTIONAL = re.compile(r"\[([^\]]*)\]")


def _lacks(part: str, values: Mapping[str, object]) -> bool:
    """Whether a field that is named in a part of a template is None."""
    return any(
        isinstance(values[field.split(".")[0]], _Nothing) for _, field, *_ in _FORMAT.parse(part) if field
    )


_ACTOR_KO = {"person": "{} 님이", "feed": "연동 {}에서", "system": "시스템({})이"}
_ACTOR_EN = {"person": "{}", "feed": "Feed {}", "system": "The system ({})"}


def _actor(actor: str, lang: Language, names: Mapping[str, str]) -> str:
    """The actor as the subject of a sentence: in Korean with its particle."""
    kind, _, id_ = actor.partition(":")
    form = (_ACTOR_KO if lang == "ko" else _ACTOR_EN).get(kind, "{}")
    return form.format(names.get(actor) or names.get(id_) or id_ or actor)


class _Nothing(str):
    """What stands for None, also where a sentence names a part of it."""

    __slots__ = ()

    def __getattr__(self, part: str) -> "_Nothing":
        return self


def _words(value: object, lang: Language, names: Mapping[str, str]) -> object:
    if value is None:
        return _Nothing("없음" if lang == "ko" else "none")
    if isinstance(value, Spoken):
        return value.in_words(lang)
    if isinstance(value, BaseModel):
        return SimpleNamespace(**{part: _words(content, lang, names) for part, content in value})
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return decimals.grouped(Decimal(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value == ():
        return _words(None, lang, names)
    if isinstance(value, tuple):
        return ", ".join(str(_words(item, lang, names)) for item in value)
    return names.get(str(value)) or names.get(str(value).removeprefix("person:")) or str(value)


def _type(name: str, version: int) -> str:
    return f"goaltrail.{name}.v{version}"
