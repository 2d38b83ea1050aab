"""A pydantic model as a table of its fields."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from events.registry import EventData


def fields(model: type[BaseModel], personal: frozenset[str] = frozenset()) -> str:
    """A row for each field: name, type, and what its docstring or description says; '' without fields."""
    if not model.model_fields:
        return ""
    docs = _field_docs(model)
    rows = ["| field | type | meaning |\n|---|---|---|\n"]
    for name, field in model.model_fields.items():
        kind = _type(field.annotation) + ("" if field.is_required() else ", optional")
        notes = [field.description or docs.get(name, ""), "**Personal.**" if name in personal else ""]
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
        values = _NAMES.get(getattr(arguments[1], "__name__", ""), "values")
        return f"object of {values}s" if values == "text" else "object"
    if issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _NAMES[annotation.__name__]


def summary(model: type[BaseModel]) -> str:
    """The docstring in one line."""
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
