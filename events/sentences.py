"""Tell people in one sentence what an event says, in Korean or English."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from types import SimpleNamespace
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from events import decimals
from events.code_words import code_words
from events.envelope import Event
from events.registry import lookup
from events.text import Language, Text

_FORMAT = Formatter()
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
"""A part of a sentence that is left out when a field in it is None."""
_UNKNOWN = Text(
    "{actor} 알 수 없는 일({type})을 기록했습니다.", "{actor} recorded something unknown ({type})."
)
_NONE = Text("없음", "none")


@runtime_checkable
class Spoken(Protocol):
    """A part of an event that has words of its own for its sentence."""

    def in_words(self, lang: Language) -> str:
        """Return the part as it stands in a sentence."""


def sentence(event: Event, lang: Language, names: Mapping[str, str] | None = None) -> str:
    """Return one sentence about an event. `names` gives names for ids and actors such as `person:anna`."""
    names = names or {}
    entry = lookup(event.type)
    values: dict[str, Any] = {
        "actor": _actor(event.actor, lang, names),
        "id": names.get(event.aggregate.id, event.aggregate.id),
    }
    if entry is None:
        return _UNKNOWN.told(lang, {**values, "type": event.type})
    for field in entry.model.model_fields:
        value = getattr(event.data, field)
        values[field] = code_words(entry.model, field, value, lang) or _words(value, lang, names)
    ko, en = (
        _OPTIONAL.sub(lambda part: "" if _lacks(part[1], values) else part[1], text)
        for text in entry.sentence
    )
    return Text(ko, en).told(lang, values)


def _lacks(part: str, values: Mapping[str, object]) -> bool:
    """Return whether a field that is named in a part of a template is None."""
    return any(
        isinstance(values[field.split(".")[0]], _Nothing) for _, field, *_ in _FORMAT.parse(part) if field
    )


_ACTORS = {
    "person": Text("{name} 님이", "{name}"),
    "feed": Text("연동 {name}에서", "Feed {name}"),
    "system": Text("시스템({name})이", "The system ({name})"),
}
_ANYBODY = Text("{name}", "{name}")


def _actor(actor: str, lang: Language, names: Mapping[str, str]) -> str:
    """Return the actor as the subject of a sentence: in Korean with its particle."""
    kind, _, id_ = actor.partition(":")
    return _ACTORS.get(kind, _ANYBODY).told(
        lang, {"name": names.get(actor) or names.get(id_) or id_ or actor}
    )


class _Nothing(str):
    """What stands for None, also where a sentence names a part of it."""

    __slots__ = ()

    def __getattr__(self, part: str) -> "_Nothing":
        return self


def _words(value: object, lang: Language, names: Mapping[str, str]) -> object:
    if value is None:
        return _Nothing(_NONE.told(lang))
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
