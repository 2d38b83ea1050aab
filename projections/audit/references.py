"""References `<kind>/<id>` to what an event concerns: ids of two kinds may be the same word."""

from __future__ import annotations

from collections.abc import Iterator

from events.envelope import Event
from events.initiatives.events import InitiativeReplanned
from events.kpis.events import KpiRedefined
from events.objectives.agreement_events import ObjectiveChangeProposed
from events.objectives.events import (
    ObjectiveCycleChanged,
    ObjectiveOrgUnitChanged,
    ObjectiveOwnerChanged,
    ObjectiveReviewerChanged,
    ObjectiveSupportsChanged,
)
from events.objectives.key_result_events import KeyResultOwnerChanged, KpiLinked, KpiUnlinked
from events.org_units.events import OrgUnitMoved
from events.registry import EventData

KINDS = (
    "objective",
    "key_result",
    "kpi",
    "cycle",
    "policy",
    "org_unit",
    "initiative",
    "scorecard",
    "feed",
    "reading",
    "person",
    "conversation",
    "feedback",
    "recognition",
    "workspace",
    "access",
    "ledger",
)
"""Every kind of thing an event can concern."""

_GOAL = ("objective", "key_result")
"""Only the ledger knows which of the two an id is; nobody else has it."""

_NAMED_BY: dict[str, tuple[str, ...]] = {
    "key_result": ("key_result",),
    "kpi": ("kpi",),
    "cycle": ("cycle",),
    "org_unit": ("org_unit",),
    "parent": ("org_unit",),
    "feed": ("feed",),
    "reading": ("reading",),
    "owner": ("person",),
    "reviewer": ("person",),
    "person": ("person",),
    "supports": _GOAL,
    "takes_over": ("key_result",),
    "serves": _GOAL,
    "to": ("person",),
    "parties": ("person",),
}
"""Fields that name something wherever they occur, and the kinds it may be of."""

_CHANGES: dict[type[EventData], tuple[str, ...]] = {
    KpiLinked: ("kpi",),
    KpiUnlinked: ("kpi",),
    ObjectiveCycleChanged: ("cycle",),
    ObjectiveOrgUnitChanged: ("org_unit",),
    ObjectiveOwnerChanged: ("person",),
    ObjectiveReviewerChanged: ("person",),
    ObjectiveSupportsChanged: _GOAL,
    KeyResultOwnerChanged: ("person",),
    OrgUnitMoved: ("org_unit",),
}
"""Events whose `old` and `new` are ids, and the kinds these may be of."""


def reference(kind: str, id_: object) -> str:
    """Return how `trail.about` names something."""
    return f"{kind}/{id_}"


def references(what: str) -> list[str]:
    """Return everything that a person may mean by an id, or exactly what is given as `<kind>/<id>`."""
    kind, slash, _ = what.partition("/")
    if slash and kind in KINDS:
        return [what]
    return [reference(kind, what) for kind in KINDS]


def about(event: Event) -> list[str]:
    """Return what an event concerns as references, each once, the aggregate first.

    Readings stand on an aggregate per KPI: they concern the KPI, the feed and the reading itself.
    """
    kind, id_ = event.aggregate
    first = reference("kpi" if kind == "reading" else kind, id_)
    return list(dict.fromkeys([first, *_named(event.data)]))


def _named(data: EventData) -> Iterator[str]:
    yield from _fields(data)
    if isinstance(data, KpiRedefined | InitiativeReplanned):
        yield from _fields(data.old)
        yield from _fields(data.new)
    kinds = _CHANGES.get(type(data), ())
    for end in ("old", "new"):
        yield from _each(getattr(data, end, None), kinds)
    if isinstance(data, ObjectiveChangeProposed):
        named = (change.data.get("key_result") for change in data.changes)
        yield from (reference("key_result", id_) for id_ in named if id_ is not None)
    # What words are about is a reference already.
    subject = getattr(data, "about", None)
    if subject is not None:
        yield subject
    holder = getattr(data, "holder", None)
    if holder is not None:
        yield holder.replace(":", "/", 1)


def _fields(named: object) -> Iterator[str]:
    for field, kinds in _NAMED_BY.items():
        yield from _each(getattr(named, field, None), kinds)


def _each(value: object, kinds: tuple[str, ...]) -> Iterator[str]:
    """Yield the references of one id, of several, or of none."""
    for id_ in value if isinstance(value, tuple) else (value,):
        if id_ is not None:
            yield from (reference(kind, id_) for kind in kinds)
