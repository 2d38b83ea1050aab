"""The rules of a feed."""

from events.context import Context
from events.envelope import Event
from events.errors import Refused
from events.feeds.commands import ChangeFeed, RegisterFeed
from events.feeds.events import FeedChanged, FeedDeclaration, FeedRegistered
from events.feeds.state import Feed
from events.registry import EventData
from events.state import beginning, existing
from events.workspace.decider import check_zone

CLEARABLE = frozenset({"zone", "kpis"})
"""Parts of a declaration that may be empty."""


def decide(command: RegisterFeed | ChangeFeed, state: Feed | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event."""
    context.check_reason()
    if command.zone is not None:
        check_zone(command.zone)
    match command:
        case RegisterFeed():
            return _register(command, state)
        case ChangeFeed():
            return _change(command, state)


def _register(command: RegisterFeed, state: Feed | None) -> list[EventData]:
    if state is not None:
        raise Refused(
            "feed_exists",
            f"there is a feed {state.id} already",
            f"연동 {state.id} 아이디가 이미 있습니다",
            allowed=["change"],
        )
    declaration = FeedDeclaration(zone=command.zone, revisions=command.revisions, kpis=command.kpis)
    return [FeedRegistered(name=command.name, declaration=declaration)]


def _change(command: ChangeFeed, state: Feed | None) -> list[EventData]:
    if state is None:
        raise Refused("feed_unknown", "there is no such feed", "없는 연동입니다", kind="not_found")
    old = state.declaration
    said = {
        field: getattr(command, field)
        for field in command.model_fields_set
        if field in CLEARABLE or getattr(command, field) is not None
    }
    new = FeedDeclaration(**old.model_dump() | said)
    return [] if new == old else [FeedChanged(old=old, new=new)]


def evolve(state: Feed | None, event: Event) -> Feed:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case FeedRegistered() as registered:
            id_ = beginning(state, event)
            return Feed(id=id_, name=registered.name, declaration=registered.declaration)
        case FeedChanged() as changed:
            return existing(state, event).model_copy(update={"declaration": changed.new})
        case _:
            return existing(state, event)
