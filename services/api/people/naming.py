"""Names of people beside their ids, in answers about goals, KPIs and initiatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from events.text import Language
from services.keys.keys import Keys
from services.queries.person_names import names_of
from services.queries.read_context import Then

_PEOPLE = ("owner", "reviewer", "person")


async def name_people(keys: Keys, then: Then, language: Language, things: Sequence[BaseModel]) -> None:
    """Fill in `owner_name`, `reviewer_name` and `person_name` where the id is that of a registered person."""
    named = [(thing, field) for thing in things for field in _fields(thing)]
    ids = [getattr(thing, field) for thing, field in named]
    names = await names_of(then.connection, keys, then.workspace.id, ids, then.position, language)
    for (thing, field), id_ in zip(named, ids, strict=True):
        setattr(thing, f"{field}_name", names.get(id_))


def _fields(thing: BaseModel) -> Iterable[str]:
    return (field for field in _PEOPLE if f"{field}_name" in type(thing).model_fields)
