"""Fold the events of a conversation into its state."""

from typing import Any, TypeVar

from events.conversations.events import (
    ActionAgreed,
    ActionDone,
    ActionReopened,
    AudienceNarrowed,
    ConversationNoted,
    ConversationOpened,
    ConversationRedacted,
    ConversationReworded,
)
from events.conversations.state import AGENDA, AgreedAction, Conversation, TalkNote
from events.envelope import Event
from events.state import beginning, existing
from events.talk.events import PrivateTextRead
from events.talk.said import Words, with_reader, words_of

Part = TypeVar("Part", TalkNote, AgreedAction)


def evolve(state: Conversation | None, event: Event) -> Conversation:
    """Return the state after an event. Raises OutOfPlace."""
    if isinstance(event.data, ConversationOpened):
        opened = event.data
        return Conversation(
            id=beginning(state, event),
            people=opened.parties,
            audience=opened.audience,
            about=opened.about,
            day=opened.day,
            agenda=words_of(event, opened.agenda),
        )
    before = existing(state, event)
    return before.model_copy(update=_change(before, event))


def _change(before: Conversation, event: Event) -> dict[str, Any]:
    match event.data:
        case ConversationNoted(words=id_, text=text):
            return {"notes": (*before.notes, TalkNote(id=id_, words=words_of(event, text)))}
        case ActionAgreed(action=id_, text=text, owner=owner, due=due):
            agreed = AgreedAction(id=id_, words=words_of(event, text), owner=owner, due=due)
            return {"actions": (*before.actions, agreed)}
        case ActionDone(action=id_):
            return {"actions": _with(before.actions, id_, done=True)}
        case ActionReopened(action=id_):
            return {"actions": _with(before.actions, id_, done=False)}
        case PrivateTextRead():
            return with_reader(before, event)
        case AudienceNarrowed(new=audience):
            return {"audience": audience}
        case ConversationReworded(words=name, text=text):
            return _put(before, name, words_of(event, text))
        case ConversationRedacted(words=name):
            redacted = before.all_words.get(name)
            return {} if redacted is None else _put(before, name, redacted.model_copy(update={"text": None}))
        case _:
            return {}


def _put(before: Conversation, name: str, words: Words) -> dict[str, Any]:
    """Return the change that puts words in the place of the ones with this name."""
    if name == AGENDA:
        return {"agenda": words}
    return {
        "notes": _with(before.notes, name, words=words),
        "actions": _with(before.actions, name, words=words),
    }


def _with(parts: tuple[Part, ...], id_: str, **change: Any) -> tuple[Part, ...]:
    return tuple(part.model_copy(update=change) if part.id == id_ else part for part in parts)
