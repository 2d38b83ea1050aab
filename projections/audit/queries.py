"""Reading group `audit`: the trail of anything, how goalposts moved, and where readings came from.

Every function takes a connection on which the schema `audit` means the active build, and the position up to
which things are known (`known`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    literal,
    not_,
    or_,
    select,
)

from events.envelope import Event
from events.ids import Aggregate
from events.measures import Measure
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeAgreedFor,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.key_result_events import (
    BaselineCorrected,
    KeyResultAdded,
    MeasureChanged,
    RangeChanged,
    RelativeResolved,
    TargetChanged,
)
from events.registry import EventData, UnknownData, all_types, lookup, type_of, upcast
from projections.audit.references import reference
from projections.audit.tables import recording, trail
from projections.driver import Connection

_AGREEMENT = (
    ObjectiveChangeProposed,
    ObjectiveChangeAgreed,
    ObjectiveChangeAgreedFor,
    ObjectiveChangeSentBack,
)


class TrailEntry(NamedTuple):
    """An event where it stands on the ledger."""

    position: int
    recorded_at: datetime
    """UTC, by the server's clock."""
    about: list[str]
    """`<kind>/<id>` of everything it concerns, the aggregate first."""
    event: Event


class Goalpost(NamedTuple):
    """A target or baseline, when and why it came to be what it is."""

    what: Literal["target", "baseline"]
    old: Decimal | None
    """None where there was none before."""
    new: Decimal
    effective_from: date | None
    """The business day from which a target holds; a baseline holds for as long as the measure."""
    backdated: bool
    """A target that holds from a day before the one on which it was set."""
    position: int
    recorded_at: datetime
    event_id: UUID
    actor: str
    reason: str | None
    old_upper: Decimal | None = None
    """Of `between`: the upper edge that held before; None where it did not move."""
    upper: Decimal | None = None
    """Of `between`; its lower edge is the target."""
    asked_by: str | None = None
    """Who asked for what the actor then agreed to; None where nobody had to agree."""
    asked_why: str | None = None
    measure: Measure | None = None
    """How the key result was measured by then, as that was set; it has the unit."""


class EventBuilder(NamedTuple):
    """How many readings of a KPI a feed sent on one recorded day (UTC), and where they stand."""

    feed: str
    recorded_day: date
    n: int
    first_position: int
    last_position: int


_TEXTS = ARRAY(Text)


async def trail_of(
    connection: Connection,
    workspace: str,
    about: Sequence[str],
    *,
    known: int,
    hidden: Sequence[Aggregate] = (),
    after: int = 0,
    before: int | None = None,
    actor: str | None = None,
    name: str | tuple[str, ...] | None = None,
    done_to: tuple[str, ...] = (),
    recorded_from: datetime | None = None,
    recorded_until: datetime | None = None,
    newest_first: bool = False,
    limit: int = 100,
) -> list[TrailEntry]:
    """Return events that concern any of some references (see `references.references`); all if there are none.

    Those of `hidden` aggregates are left out.
    Positions lie above `after` and below `before`; both are cursors for the next page. `name` is an event's
    name in any version, such as `key_result.target_changed`, or some; recording times lie in [from, until].
    Events with a name in `done_to` are returned, too, if their aggregate itself is asked for.
    """
    statement = _select(known).where(trail.c.position > after)
    if before is not None:
        statement = statement.where(trail.c.position < before)
    if about:
        statement = statement.where(trail.c.about.overlap(list(about)))
    for kind in sorted({aggregate.kind for aggregate in hidden}):
        ids = [aggregate.id for aggregate in hidden if aggregate.kind == kind]
        among = trail.c.id == any_(literal(ids, _TEXTS))
        statement = statement.where(not_(and_(trail.c.kind == kind, among)))
    if actor is not None:
        statement = statement.where(trail.c.actor == actor)
    if name is not None:
        named = _is_named((name,) if isinstance(name, str) else name)
        if done_to:
            itself = trail.c.about[1] == any_(literal(list(about), _TEXTS))
            named = or_(named, and_(_is_named(done_to), itself))
        statement = statement.where(named)
    if recorded_from is not None:
        statement = statement.where(trail.c.recorded_at >= recorded_from)
    if recorded_until is not None:
        statement = statement.where(trail.c.recorded_at <= recorded_until)
    order = trail.c.position.desc() if newest_first else trail.c.position
    rows = await connection.execute(statement.order_by(order).limit(limit))
    return [_entry(workspace, row) for row in rows]


async def withdrawals(connection: Connection, workspace: str) -> list[TrailEntry]:
    """Return all events that take something back for good, in their order."""
    rows = await connection.execute(_WITHDRAWALS)
    return [_entry(workspace, row) for row in rows]


async def goalposts(
    connection: Connection, workspace: str, key_result: str, *, objective: str, known: int
) -> list[Goalpost]:
    """Return every target and baseline of a key result in the order they were set, the first ones included.

    One that somebody had to agree to names also who asked for it and why.
    """
    parameters = {
        "key_result": [reference("key_result", key_result)],
        "objective": [reference("objective", objective)],
        "agreement": [type_of(model) for model in _AGREEMENT],
        "known": known,
    }
    rows = await connection.execute(_GOALPOSTS, parameters)
    return goalposts_in([_entry(workspace, row) for row in rows], key_result)


_GOALPOSTS = (
    select(trail)
    .where(
        trail.c.position <= bindparam("known", type_=BigInteger),
        or_(
            trail.c.about.contains(bindparam("key_result", type_=_TEXTS)),
            and_(
                trail.c.about.contains(bindparam("objective", type_=_TEXTS)),
                trail.c.type == any_(bindparam("agreement", type_=_TEXTS)),
            ),
        ),
    )
    .order_by(trail.c.position)
)


def goalposts_in(entries: Iterable[TrailEntry], key_result: str) -> list[Goalpost]:
    """Return the goalposts of a key result that the events about it and its objective set, in their order."""
    found: list[Goalpost] = []
    measure: Measure | None = None
    asked: dict[type[EventData], Event] = {}
    agreed: dict[type[EventData], Event] = {}
    for entry in entries:
        match entry.event.data:
            case ObjectiveChangeProposed(changes=changes):
                own = (each for each in changes if each.data.get("key_result") == key_result)
                asked |= {kind.model: entry.event for each in own if (kind := lookup(each.type))}
            case ObjectiveChangeSentBack():
                asked = {}
            case ObjectiveChangeAgreed(takes_effect=takes_effect):
                agreed, asked = (asked, {}) if takes_effect else ({}, asked)
            case data:
                match data:
                    case KeyResultAdded(measure=set_) | MeasureChanged(new=set_):
                        measure = set_
                request = agreed.pop(type(data), None)
                who_and_why = (None, None) if request is None else (request.actor, request.reason)
                found += [
                    post._replace(asked_by=who_and_why[0], asked_why=who_and_why[1], measure=measure)
                    for post in _goalposts(entry)
                ]
    return found


async def recordings(connection: Connection, kpi: str, *, known: int) -> list[EventBuilder]:
    """Return how many readings of a KPI were recorded, by day and feed; the last day may go past `known`."""
    rows = await connection.execute(_RECORDINGS, {"kpi": kpi, "known": known})
    return [EventBuilder(*row) for row in rows]


_RECORDINGS = (
    select(
        recording.c.feed,
        recording.c.recorded_day,
        recording.c.n,
        recording.c.first_position,
        recording.c.last_position,
    )
    .where(
        recording.c.kpi == bindparam("kpi", type_=Text),
        recording.c.first_position <= bindparam("known", type_=BigInteger),
    )
    .order_by(recording.c.recorded_day, recording.c.feed)
)


def _is_named(names: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(trail.c.type.startswith(f"goaltrail.{each}.v", autoescape=True) for each in names))


_WITHDRAWALS = (
    select(trail)
    .where(_is_named(entry.name for entry in all_types() if entry.withdraws))
    .order_by(trail.c.position)
)


def _select(known: int) -> Select[Any]:
    return select(trail).where(trail.c.position <= known)


def _entry(workspace: str, row: Row[Any]) -> TrailEntry:
    event = Event(
        row.event_id,
        row.type,
        workspace,
        Aggregate(row.kind, row.id),
        row.time,
        row.actor,
        _data(row.type, row.data),
        row.reason,
        correlation_id=row.correlation_id,
        business_day=row.business_day,
    )
    return TrailEntry(row.position, row.recorded_at, row.about, event)


def _data(type_: str, data: dict[str, Any]) -> EventData:
    known = lookup(type_)
    if known is None:
        return UnknownData(raw=data)
    return known.model.model_validate(upcast(type_, data))


def _goalposts(entry: TrailEntry) -> list[Goalpost]:
    event = entry.event
    when_and_why = (entry.position, entry.recorded_at, event.id, event.actor, event.reason)
    match event.data:
        case (
            KeyResultAdded(measure=measure, effective_from=day)
            | MeasureChanged(new=measure, effective_from=day)
        ):
            first = []
            if measure.target is not None:
                post = Goalpost("target", None, measure.target, day, False, *when_and_why)
                first.append(post._replace(upper=measure.upper))
            if measure.baseline is not None:
                first.append(Goalpost("baseline", None, measure.baseline, None, False, *when_and_why))
            return first
        case RangeChanged(
            old=old, new=new, effective_from=day, backdated=backdated, old_upper=was, upper=upper
        ):
            return [Goalpost("target", old, new, day, backdated, *when_and_why, old_upper=was, upper=upper)]
        case TargetChanged(old=old, new=new, effective_from=day, backdated=backdated):
            return [Goalpost("target", old, new, day, backdated, *when_and_why)]
        case RelativeResolved(old=old, new=new, base=base, effective_from=day):
            return [
                Goalpost("target", old, new, day, event.data.backdated, *when_and_why),
                Goalpost("baseline", None, base.value, day, event.data.backdated, *when_and_why),
            ]
        case BaselineCorrected(old=before, new=new):
            return [Goalpost("baseline", before, new, None, event.data.backdated, *when_and_why)]
        case _:
            return []
