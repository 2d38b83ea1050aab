"""Commands on a feed."""

from typing import Annotated, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from events.commands import Command, Title
from events.feeds.events import revisions_in_words
from events.ids import Slug
from events.readings.identity import Revisions

Kpis = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=1000)]

DeclaredRevisions = Annotated[
    Revisions,
    BeforeValidator(revisions_in_words),
    WithJsonSchema(
        {
            "description": "How it says that a value has changed: `none`: not at all, so other content is a"
            " conflict; `versioned`: by `source_version`, which every item needs; `in_order`: what comes last"
            " is what holds. `true` and `false`, as it was said earlier, mean `in_order` and `none`.",
            "anyOf": [{"type": "string", "enum": list(get_args(Revisions))}, {"type": "boolean"}],
        }
    ),
]


class RegisterFeed(Command):
    """Declare a source of readings: how its times are read, how it sends revisions, what it may send."""

    name: Title
    zone: str | None = None
    revisions: DeclaredRevisions = "none"
    kpis: Kpis | None = None


class ChangeFeed(Command):
    """Change parts of the declaration: what is left out stays; null clears what may be empty."""

    zone: str | None = None
    revisions: DeclaredRevisions | None = None
    kpis: Kpis | None = None
