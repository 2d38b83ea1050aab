"""Names of people in clear, for answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from events.ids import Aggregate
from events.people.state import Person
from events.text import Language
from projections.driver import Connection
from projections.state import queries
from services.keys.keys import Keys
from services.queries.read_context import ReadContext

_PEOPLE = ("owner", "reviewer", "person")


async def names_of(
    connection: Connection,
    keys: Keys,
    workspace: str,
    people: Iterable[str | None],
    position: int,
    language: Language,
) -> dict[str, str]:
    """Return the names of those of some ids that are a known person's.

    Nobody who was forgotten is among them: their id still tells them from others who were.
    """
    wanted = sorted({person for person in people if person is not None})
    if not wanted:
        return {}
    found = await queries.latest_of(connection, [Aggregate("person", id_) for id_ in wanted], position)
    names: dict[str, str] = {}
    for version in found.values():
        person = version.state
        if isinstance(person, Person) and person.name is not None and not person.forgotten:
            names[person.id] = await keys.open_text(workspace, person.name, language)
    return names


async def name_people(
    keys: Keys, context: ReadContext, language: Language, things: Sequence[BaseModel]
) -> None:
    """Fill in `owner_name`, `reviewer_name` and `person_name` where the id is that of a registered person."""
    named = [(thing, field) for thing in things for field in _fields(thing)]
    ids = [getattr(thing, field) for thing, field in named]
    names = await names_of(context.connection, keys, context.workspace.id, ids, context.position, language)
    for (thing, field), id_ in zip(named, ids, strict=True):
        setattr(thing, f"{field}_name", names.get(id_))


def _fields(thing: BaseModel) -> Iterable[str]:
    return (field for field in _PEOPLE if f"{field}_name" in type(thing).model_fields)
