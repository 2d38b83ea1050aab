"""The state of a scorecard."""

from events.scorecards.items import Item
from events.state import State


class Scorecard(State):
    """By what a unit or a person is judged in a cycle."""

    cycle: str
    org_unit: str | None = None
    person: str | None = None
    items: tuple[Item, ...]
