"""What may be asked of a feed."""

from typing import Annotated

from pydantic import Field

from events.commands import Command, Title
from events.ids import Slug

Kpis = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=1000)]


class RegisterFeed(Command):
    """Declare a source of readings: how its times are read, whether it sends revisions, what it may send."""

    name: Title
    zone: str | None = None
    revisions: bool = False
    kpis: Kpis | None = None


class ChangeFeed(Command):
    """Change parts of the declaration: what is left out stays; null clears what may be empty."""

    zone: str | None = None
    revisions: bool | None = None
    kpis: Kpis | None = None
