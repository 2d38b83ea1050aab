"""The state of a feed."""

from events.feeds.events import FeedDeclaration
from events.state import State


class Feed(State):
    """A source of readings and what is declared about it."""

    name: str
    declaration: FeedDeclaration
