"""The reference of events, from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, get_args

from pydantic import BaseModel

from docs.pages.fields import fields, summary
from events import event_types as _event_types  # noqa: F401 - registers every event type
from events.registry import EventType, all_types, lookup
from projections.groups import GROUPS

HEAD = """# Events

Written by `make docs` from `events/`.

Every change of a goal and every reading of a KPI is one event. Events are never changed and never deleted.
An event stands at a *position* of its workspace's ledger, the JetStream stream `LEDGER_<workspace>`, on the
subject `ledger.<workspace>.<kind>.<id>` of its aggregate. Its payload is a
[CloudEvent](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) in structured JSON:

| attribute | holds |
|---|---|
| `specversion` | `1.0` |
| `id` | a UUID: version 5 of a request with an Idempotency-Key or of a reading and its revision, else 7 |
| `type` | `goaltrail.<subject>.<fact>.v<version>` |
| `source` | `/goaltrail/<workspace>` |
| `subject` | `<kind>/<id>` of the aggregate |
| `time` | when the command was handled (UTC). Order and recording time are the ledger's |
| `actor` | `person:<id>`, `feed:<id>` or `system:<what>` |
| `reason` | why, in the words of the actor: personal text, sealed for the actor unless said otherwise |
| `businessday` | the day of `time` in the workspace's zone |
| `correlationid`, `causationid` | what belongs together, what led to what |
| `request` | with an Idempotency-Key, on the first event: `<hash of the command>:<number of its events>` |
| `data` | the fields below |

Decimals are strings, times are UTC, days are dates of the workspace's zone, and what is empty is left out.
*Personal* fields hold text that people wrote; it can be redacted or erased while the event stays. A reader
meets every event in the newest version of its type: older versions are translated when they are read. An
event of a type that a reader does not know is kept and skipped.

Each type has a sentence in Korean and English, which the audit trail fills in. A part in square brackets is
left out where nothing was said; in Korean 을(를), 이(가) and the like become the particle that fits the word
before. What *outlives a ledger that loses it* is put back
before [such a ledger is accepted](../how-to/recover-a-ledger.md). *Changes* names the
[tables of the views](views.md) to which an event of this type may add rows, or whose rows it may change.
"""

SUBJECTS = {
    "access": "Access tokens",
    "conversation": "Conversations (대화)",
    "cycle": "Cycles (사이클)",
    "feed": "Feeds (연동)",
    "feedback": "Feedback (피드백)",
    "initiative": "Initiatives (실행과제)",
    "key_result": "Key results (핵심 결과)",
    "kpi": "KPIs (핵심성과지표)",
    "ledger": "The ledger (원장)",
    "objective": "Objectives (목표)",
    "org_unit": "Org units (조직)",
    "person": "People (구성원)",
    "policy": "Policies (산정 기준)",
    "private_text": "Reading what was said to others",
    "reading": "Readings (실적)",
    "recognition": "Recognition (인정)",
    "scorecard": "Scorecards (평가표)",
    "workspace": "Workspaces (워크스페이스)",
}


def events_reference() -> str:
    """Every event type with its sentences and fields."""
    parts = [HEAD]
    nested: dict[str, type[BaseModel]] = {}
    for subject, entries in groupby(all_types(), key=lambda entry: entry.name.split(".")[0]):
        parts.append(f"\n## {SUBJECTS[subject]}\n")
        for entry in entries:
            parts.append(_event(entry))
            nested |= {model.__name__: model for model in _nested(entry.model)}
    parts.append("\n## Parts\n\nObjects inside the data of events.\n")
    parts += [
        f"\n### {name}\n\n{summary(model)}\n\n{fields(model)}" for name, model in sorted(nested.items())
    ]
    return "".join(parts)


def _event(entry: EventType) -> str:
    older = [n for n in range(1, entry.version) if lookup(f"goaltrail.{entry.name}.v{n}") is entry]
    versions = "".join(f" Version {n} is read as version {entry.version}." for n in older)
    sealed = " Sealed with the key of the person it is about." if entry.sealed_for == "subject" else ""
    sealed += " It outlives a ledger that loses it." if entry.withdraws else ""
    rows = fields(entry.model, entry.personal) or "No fields.\n"
    return (
        f"\n### {entry.name}\n\n`{entry.full}`.{versions} {summary(entry.model)}{sealed}\n\n"
        f"- ko: {entry.sentence.ko}\n- en: {entry.sentence.en}\n- changes: {_tables(entry.name)}\n\n{rows}"
    )


def _tables(event: str) -> str:
    """Return the tables of the views whose rows an event may change, each behind its group."""
    changed = (
        f"`{group.name}.{table}`" for group in GROUPS.values() for table in group.tables_changed_by(event)
    )
    return ", ".join(changed)


def _nested(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models inside a model's fields, and inside those."""
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            yield part
            yield from _nested(part)


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
