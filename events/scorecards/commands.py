"""Commands on a scorecard."""

from typing import Annotated

from pydantic import Field

from events.commands import Command
from events.ids import Slug
from events.scorecards.items import Item
from events.scorecards.state import Scorecard

MOST_ITEMS = 30

Items = Annotated[tuple[Item, ...], Field(min_length=1, max_length=MOST_ITEMS)]


class DrawUpScorecard(Command):
    """Set by what a unit or a person is judged in a cycle."""

    needs = frozenset({"cycle", "org_unit", "unknown"})
    begins_in_sight = Scorecard

    cycle: Slug
    org_unit: Slug | None = None
    person: Slug | None = None
    items: Items


class ChangeScorecard(Command):
    """Set all its items and weights anew; it takes a reason. Items that who asks does not see stay."""

    needs = frozenset({"cycle", "unknown", "unseen"})

    items: Items
