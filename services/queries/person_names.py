"""Names of people in clear, for answers."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from events.ids import Aggregate
from events.people.state import Person
from events.text import Language
from projections.state import queries
from services.keys.keys import Keys


async def names_of(
    connection: AsyncConnection,
    keys: Keys,
    workspace: str,
    people: Iterable[str | None],
    position: int,
    language: Language,
) -> dict[str, str]:
    """The names of those of some ids that are a known person's.

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
