"""Any event data there may be: hypothesis strategies built from the models' fields."""

from __future__ import annotations

import types
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from events.envelope import Event
from events.ids import Aggregate
from events.measures import Measure, Window
from events.policies.defaults import DEFAULTS
from events.policies.events import PolicySet
from events.policies.rules import PayoutGrade, Rules
from events.registry import EventData, all_types, event_type
from events.relative import Base, Relative
from events.rewards import Reward

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, places=12, min_value=-(10**25), max_value=10**25
)
instants = st.datetimes(timezones=st.just(UTC))


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    """Measures of every kind that hang together."""
    low, high = sorted(draw(st.lists(decimals, min_size=2, max_size=2, unique=True)))
    unit = draw(st.sampled_from(["KRW", "percent", "hour"]))
    kind = draw(st.sampled_from(["increase", "decrease", "at_least", "at_most", "milestone"]))
    window = draw(st.sampled_from([None, Window(kind="rolling", periods=3), Window(kind="cycle_to_date")]))
    if kind == "milestone":
        steps = [{"id": f"s{n}", "title": "…", "weight": abs(edge) + 1} for n, edge in enumerate((low, high))]
        return Measure.model_validate({"kind": kind, "steps": steps})
    if kind == "increase":
        return Measure(kind=kind, baseline=low, target=high, unit=unit, window=window)
    if kind == "decrease":
        return Measure(kind=kind, baseline=high, target=low, unit=unit, window=window)
    return Measure(kind=kind, target=low, unit=unit, window=window, grading="strict")


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    """Policies of every framework that hang together."""
    factors = st.decimals(0, 10, allow_nan=False, places=2)
    edges = sorted(draw(st.sets(decimals, max_size=3)))
    payout = [PayoutGrade(grade=draw(_grades), at_least=edge, pay_factor=draw(factors)) for edge in edges]
    lowest = PayoutGrade(grade=draw(_grades), pay_factor=draw(factors))
    chosen = DEFAULTS[draw(st.sampled_from(list(DEFAULTS)))]
    return Rules(**dict(chosen) | {"reward_link": "allowed", "payout": (lowest, *payout)})


_grades = st.text("SABCD+", min_size=1, max_size=3)


def data_of(model: type[EventData]) -> st.SearchStrategy[EventData]:
    """Any data of one event type."""
    return _models(model)


def all_data() -> st.SearchStrategy[EventData]:
    """Any data of any event type."""
    return st.one_of([data_of(entry.model) for entry in all_types()])


@st.composite
def all_events(draw: st.DrawFn) -> Event:
    """Any event."""
    data = draw(all_data())
    maybe_text = st.none() | texts
    return Event(
        id=draw(st.uuids()),
        type=event_type(data),
        workspace=draw(st.sampled_from(["acme", "other-1"])),
        aggregate=Aggregate("objective", draw(st.sampled_from(["growth", "a_b-c"]))),
        time=draw(instants),
        actor=draw(st.sampled_from(["person:anna", "feed:erp", "system:provision"])),
        data=data,
        reason=draw(maybe_text),
        correlation_id=draw(maybe_text),
        causation_id=draw(maybe_text),
        request=draw(maybe_text),
        business_day=draw(st.none() | st.dates()),
    )


def _models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    if model is Reward:
        shares = st.none() | st.decimals(min_value="0.01", max_value=100, places=2)
        return st.builds(Reward, share=shares, note=st.none() | st.just("성과급"))
    if model is Measure:
        return measures()
    if model is Rules:
        return rules()
    if model is Relative:
        amounts = st.decimals(min_value=-1000, max_value=1000, places=2)
        return st.builds(Relative, amount=amounts, of=st.sampled_from(get_args(Base)))
    fields = {name: _field(field) for name, field in model.model_fields.items()}
    if model is PolicySet:
        # The first one: versions of a policy follow each other.
        fields["version"] = st.just(1)
    return st.builds(model, **fields)


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    lengths = [limit.max_length for limit in field.metadata if hasattr(limit, "max_length")]
    if field.annotation is str and lengths:
        return st.text("0123456789abcdef", min_size=lengths[0], max_size=lengths[0])
    return _values(field.annotation)


_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    str: texts,
    int: st.integers(1, 2**63 - 1),
    bool: st.booleans(),
    Decimal: decimals,
    date: st.dates(),
    datetime: instants,
    UUID: st.uuids(),
    JsonValue: texts,
}


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
        return instants if annotation is datetime else _values(annotation)
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if getattr(annotation, "__name__", "") == "AwareDatetime":
        return instants
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(_values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_values(arguments[0]), _values(arguments[1]), max_size=3)
    assert issubclass(annotation, BaseModel), annotation
    return _models(annotation)
