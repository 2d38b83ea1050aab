"""An event and its form on the ledger: CloudEvents 1.0, structured JSON.

Decoding and encoding readings is the hot path of everything (measured 4 us and 3 us); that is why events are
named tuples, why the JSON is put together by hand, and why `events/readings/fast_decode.py` is there.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel

from events import decimals
from events import event_types as _event_types  # noqa: F401 - registers every event type
from events.error_text import explained
from events.ids import Aggregate
from events.readings import fast_decode
from events.registry import EventData, UnknownData, lookup, upcast

_SOURCE = "/goaltrail/"
_FOREIGN = "it is no CloudEvent 1.0 of Goaltrail"
_LEAST = 8
"""Attributes that every event has, with its data; readings have no others."""
_TEXT_OR_NONE = frozenset((str, NoneType))
_NO_MORE = (None,) * 5
_ESCAPE = b"\\"
"""A JSON text can hold a NUL only by an escape; looking for one costs nothing."""


class UndecodableEvent(ValueError):
    """A payload that is no event, or whose data does not fit its type."""


class Event(NamedTuple):
    """Something that happened. `data` is the model registered for `type`, or UnknownData."""

    id: UUID
    type: str
    workspace: str
    aggregate: Aggregate
    time: datetime
    """When the command was handled (UTC). Informative: order and recording time are the ledger's."""
    actor: str
    """`person:<id>`, `feed:<id>` or `system:<what>`."""
    data: EventData
    reason: str | None = None
    """Why, in the words of a person: personal text."""
    correlation_id: str | None = None
    causation_id: str | None = None
    request: str | None = None
    """`<hash of the command>:<number of its events>`: on the first event of an idempotent command."""
    business_day: date | None = None
    """The day of `time` in the workspace's zone, stamped by the handler: folds never compute zones."""

    @property
    def name(self) -> str:
        """The event's name, without vendor and version: `key_result.target_changed`."""
        return self.type.removeprefix("goaltrail.").rpartition(".v")[0]


class RecordedEvent(NamedTuple):
    """An event at its position on the ledger of its workspace."""

    position: int
    recorded_at: datetime
    """The server's time (UTC); to a fold never earlier than that of an event before."""
    batch_end: bool
    """The last event of its atomic batch."""
    event: Event
    server_time: datetime | None = None
    """The server's own time, where its clock stood before `recorded_at`."""


def encode(event: Event) -> bytes:
    """Return the payload of an event. None is left out; decimals are strings, times are UTC.

    Raises ValueError for a text that holds a NUL character: PostgreSQL cannot store one.
    """
    data = event.data
    document = head(event.type, event.workspace, event.aggregate, event.time, event.actor)
    document["id"] = event.id
    if event.reason is not None:
        document["reason"] = event.reason
    if event.correlation_id is not None:
        document["correlationid"] = event.correlation_id
    if event.causation_id is not None:
        document["causationid"] = event.causation_id
    if event.request is not None:
        document["request"] = event.request
    if event.business_day is not None:
        document["businessday"] = event.business_day
    document["data"] = data.raw if isinstance(data, UnknownData) else _present(data)
    return encode_document(document)


def head(type_: str, workspace: str, aggregate: Aggregate, time: datetime, actor: str) -> dict[str, Any]:
    """Return the attributes that the events of one sender on one aggregate have in common."""
    return {
        "specversion": "1.0",
        "id": None,
        "type": type_,
        "source": _SOURCE + workspace,
        "subject": f"{aggregate.kind}/{aggregate.id}",
        "time": time,
        "actor": actor,
    }


def encode_document(document: dict[str, Any]) -> bytes:
    """Return the payload of an event made of `head`, `id` and `data`: the short way of intake.

    Raises ValueError for a text that holds a NUL character: PostgreSQL cannot store one.
    """
    payload = orjson.dumps(document, default=_plain, option=orjson.OPT_UTC_Z)
    if _ESCAPE in payload and _holds_nul(orjson.loads(payload)):
        raise ValueError("an event cannot hold a NUL character")
    return payload


def decode(payload: bytes) -> Event:
    """Return the event of a payload, its data in the newest version. Raises UndecodableEvent."""
    if _ESCAPE not in payload:
        try:
            return _reading(fast_decode.read(payload))
        except (ValueError, RecursionError):
            pass  # the general way judges
    return decode_any(payload)


def decode_any(payload: bytes) -> Event:
    """Return the event of a payload as `decode` does, without the short way of readings.

    Raises UndecodableEvent.
    """
    try:
        document = orjson.loads(payload)
        if _ESCAPE in payload and _holds_nul(document):
            raise ValueError("it holds a NUL character")
        if document["specversion"] != "1.0":
            raise ValueError(_FOREIGN)
        type_ = document["type"]
        actor = document["actor"]
        data = document["data"]
        decoded: EventData
        known = lookup(type_)
        if known is None:
            decoded = UnknownData(raw=data)
        else:
            if type_ != known.full:
                data = upcast(type_, data)
                type_ = known.full
            decoded = known.model.__pydantic_validator__.validate_python(data)
        if type(type_) is not str or type(actor) is not str:
            raise ValueError("its type or actor is no text")
        return Event(
            UUID(document["id"]),
            type_,
            _workspace(document["source"]),
            _aggregate(document["subject"]),
            _time(document["time"]),
            actor,
            decoded,
            *(_NO_MORE if len(document) == _LEAST else _more(document)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UndecodableEvent(_explained(error)) from error


def _reading(found: fast_decode.Document) -> Event:
    return Event(
        found.id,
        found.type,
        _workspace(found.source),
        _aggregate(found.subject),
        _time(found.time),
        found.actor,
        found.reading(),
        found.reason,
        found.correlationid,
        found.causationid,
        found.request,
        found.businessday,
    )


# Events that follow each other have much in common: what was read once is used again.


@lru_cache(256)
def _workspace(source: str) -> str:
    if not source.startswith(_SOURCE):
        raise ValueError(_FOREIGN)
    return source[len(_SOURCE) :]


@lru_cache(4096)
def _aggregate(subject: str) -> Aggregate:
    kind, slash, id_ = subject.partition("/")
    if not slash:
        raise ValueError("its subject is not <kind>/<id>")
    return Aggregate(kind, id_)


@lru_cache(256)
def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("its time has no zone")
    return time.astimezone(UTC)


def _more(document: dict[str, Any]) -> tuple[Any, ...]:
    """Return the attributes that an event may lack, in the order of `Event`; null is the same as lacking."""
    get = document.get
    texts = get("reason"), get("correlationid"), get("causationid"), get("request")
    if not _TEXT_OR_NONE.issuperset(map(type, texts)):
        raise ValueError("its reason, correlationid, causationid or request is no text")
    day = get("businessday")
    return (*texts, None if day is None else date.fromisoformat(day))


def _present(model: BaseModel) -> dict[str, Any]:
    return {field: value for field, value in model.__dict__.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return decimals.text(value)
    if isinstance(value, BaseModel):
        return _present(value)
    raise TypeError(f"{type(value).__name__} has no form in an event")


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)


def _explained(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"not an event: {error.args[0]!r} is missing"
    return f"not an event: {explained(error)}"
