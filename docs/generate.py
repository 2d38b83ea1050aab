"""Writes the pages of docs/ that follow from the code: `make docs`, or `python -m docs.generate`.

A page is a function that returns Markdown; a new one is named in PAGES. A test compares them with the files.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from events import catalogue as _catalogue  # noqa: F401 - registers every event type
from events.registry import EventData, EventType, all_types, lookup
from services.runtime.settings_reference import settings_reference

DOCS = Path(__file__).parent

EVENTS_HEAD = """# Events

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
| `reason` | why, in the words of the actor: personal text |
| `businessday` | the day of `time` in the workspace's zone |
| `correlationid`, `causationid` | what belongs together, what led to what |
| `request` | with an Idempotency-Key, on the first event: `<hash of the command>:<number of its events>` |
| `data` | the fields below |

Decimals are strings, times are UTC, days are dates of the workspace's zone, and what is empty is left out.
*Personal* fields hold text that people wrote; it can be redacted or erased while the event stays. A reader
meets every event in the newest version of its type: older versions are translated when they are read. An
event of a type that a reader does not know is kept and skipped.
"""

SUBJECTS = {
    "access": "Access tokens",
    "cycle": "Cycles (사이클)",
    "feed": "Feeds (연동)",
    "key_result": "Key results (핵심 결과)",
    "kpi": "KPIs (핵심성과지표)",
    "ledger": "The ledger (원장)",
    "objective": "Objectives (목표)",
    "org_unit": "Org units (조직)",
    "reading": "Readings (실적)",
    "workspace": "Workspaces (워크스페이스)",
}


def events_reference() -> str:
    """Every event type with its sentences and fields."""
    parts = [EVENTS_HEAD]
    nested: dict[str, type[BaseModel]] = {}
    for subject, entries in groupby(all_types(), key=lambda entry: entry.name.split(".")[0]):
        parts.append(f"\n## {SUBJECTS[subject]}\n")
        for entry in entries:
            parts.append(_event(entry))
            nested |= {model.__name__: model for model in _nested(entry.model)}
    parts.append("\n## Parts\n\nObjects inside the data of events.\n")
    parts += [
        f"\n### {name}\n\n{_summary(model)}\n\n{_fields(model, frozenset())}"
        for name, model in sorted(nested.items())
    ]
    return "".join(parts)


def _event(entry: EventType) -> str:
    older = [n for n in range(1, entry.version) if lookup(f"goaltrail.{entry.name}.v{n}") is entry]
    versions = "".join(f" Version {n} is read as version {entry.version}." for n in older)
    fields = _fields(entry.model, entry.personal) or "No fields.\n"
    return (
        f"\n### {entry.name}\n\n`{entry.full}`.{versions} {_summary(entry.model)}\n\n"
        f"- ko: {entry.ko}\n- en: {entry.en}\n\n{fields}"
    )


def _fields(model: type[BaseModel], personal: frozenset[str]) -> str:
    if not model.model_fields:
        return ""
    docs = _field_docs(model)
    rows = ["| field | type | meaning |\n|---|---|---|\n"]
    for name, field in model.model_fields.items():
        kind = _type(field.annotation) + ("" if field.is_required() else ", optional")
        notes = [docs.get(name, ""), "**Personal.**" if name in personal else ""]
        rows.append(f"| `{name}` | {kind} | {' '.join(note for note in notes if note)} |\n")
    return "".join(rows)


_NAMES = {
    "str": "text",
    "Decimal": "decimal",
    "bool": "true or false",
    "date": "date",
    "datetime": "time",
    "AwareDatetime": "time",
    "int": "integer",
    "UUID": "UUID",
}


def _type(annotation: Any) -> str:
    """A type in words."""
    if hasattr(annotation, "__metadata__"):
        return _type(get_args(annotation)[0])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " \\| ".join(f"`{argument}`" for argument in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "object of texts"
    if issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _NAMES[annotation.__name__]


def _nested(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models inside a model's fields, and inside those."""
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield part
                yield from _nested(part)


def _summary(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split())


def _field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings below the fields of a class and of the classes it builds on."""
    docs: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if not issubclass(cls, BaseModel) or cls in (BaseModel, EventData):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
        assert isinstance(tree, ast.ClassDef)
        for field, doc in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr):
                assert isinstance(field.target, ast.Name)
                assert isinstance(doc.value, ast.Constant)
                docs[field.target.id] = " ".join(str(doc.value.value).split())
    return docs


PAGES: dict[str, Callable[[], str]] = {
    "reference/events.md": events_reference,
    "reference/settings.md": settings_reference,
}
"""By path below docs/."""


def main() -> None:
    """Write every page."""
    for path, page in PAGES.items():
        target = DOCS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
