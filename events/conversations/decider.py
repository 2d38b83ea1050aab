"""The rules of a conversation: only its parties write in it, and what was said to few stays with few."""

from events.context import Context
from events.conversations.commands import (
    AddNote,
    AgreeAction,
    FinishAction,
    NarrowAudience,
    OpenConversation,
    ReopenAction,
)
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
from events.conversations.evolve import evolve
from events.conversations.state import Conversation
from events.errors import Refused
from events.registry import EventData
from events.talk.audience import WIDTH
from events.talk.commands import RecordReading, Redact, Reword
from events.talk.rules import check_about, own_words, record_reading, speaker

__all__ = ["decide", "evolve"]

ConversationCommand = (
    OpenConversation
    | AddNote
    | AgreeAction
    | FinishAction
    | ReopenAction
    | NarrowAudience
    | Reword
    | Redact
    | RecordReading
)

MOST_WORDS = 200
"""Notes and actions of one conversation; who has more to say begins another one."""


def decide(command: ConversationCommand, state: Conversation | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it.

    For whoever is no party there is no such conversation.
    """
    person = speaker(context)
    if isinstance(command, OpenConversation):
        return _open(command, state, person, context)
    if state is None or (person not in state.parties and not isinstance(command, RecordReading)):
        raise Refused(
            "conversation_unknown", "there is no such conversation", "없는 대화입니다", kind="not_found"
        )
    if isinstance(command, RecordReading):
        return record_reading(state, context)
    match command:
        case AddNote(words=words, text=text):
            name = words or context.new_id()
            _check_room(state, name)
            return [ConversationNoted(words=name, text=text)]
        case AgreeAction():
            return _agree(command, state, context)
        case FinishAction(action=action):
            return [] if _is_done(state, action) else [ActionDone(action=action)]
        case ReopenAction(action=action):
            return [ActionReopened(action=action)] if _is_done(state, action) else []
        case NarrowAudience():
            return _narrow(command, state)
        case Reword(words=words, text=text):
            own_words(command, state, context)
            return [ConversationReworded(words=words, text=text)]
        case Redact(words=words):
            own_words(command, state, context)
            return [ConversationRedacted(words=words)]


def _open(
    command: OpenConversation, state: Conversation | None, person: str, context: Context
) -> list[EventData]:
    if state is not None:
        raise Refused("conversation_exists", "there is such a conversation already", "이미 있는 대화입니다")
    parties = tuple(dict.fromkeys((person, *command.parties)))
    if len(parties) < 2:
        raise Refused(
            "conversation_needs_another",
            "a conversation is with somebody else",
            "대화에는 다른 참여자가 있어야 합니다",
            kind="invalid",
            pointer="/parties",
        )
    check_about(context)
    opened = ConversationOpened(
        parties=parties,
        agenda=command.agenda,
        audience=command.audience,
        day=command.day or context.today,
        about=command.about,
    )
    return [opened]


def _agree(command: AgreeAction, state: Conversation, context: Context) -> list[EventData]:
    name = command.action or context.new_id()
    _check_room(state, name)
    if command.owner is not None and command.owner not in state.parties:
        raise Refused(
            "not_in_conversation",
            f"{command.owner} is not in this conversation",
            f"{command.owner} 님은 이 대화의 참여자가 아닙니다",
            kind="invalid",
            pointer="/owner",
        )
    agreed = ActionAgreed(action=name, text=command.text, owner=command.owner, due=command.due)
    return [agreed]


def _narrow(command: NarrowAudience, state: Conversation) -> list[EventData]:
    if command.audience == state.audience:
        return []
    if WIDTH[command.audience] > WIDTH[state.audience]:
        raise Refused(
            "audience_wider",
            f"what was said to {state.audience} is not opened to {command.audience}",
            f"공개 범위는 좁힐 수만 있습니다(현재 {state.audience})",
            pointer="/audience",
        )
    return [AudienceNarrowed(old=state.audience, new=command.audience)]


def _is_done(state: Conversation, id_: str) -> bool:
    action = state.action(id_)
    if action is None:
        raise Refused(
            "action_unknown", "no such action was agreed", "합의한 적이 없는 할 일입니다", kind="not_found"
        )
    return action.done


def _check_room(state: Conversation, name: str) -> None:
    if name in state.all_words:
        raise Refused("words_exist", f"{name} is there already", f"{name}(이)라는 글이 이미 있습니다")
    if len(state.notes) + len(state.actions) >= MOST_WORDS:
        raise Refused(
            "conversation_full",
            f"a conversation has at most {MOST_WORDS} notes and actions: begin another one",
            f"한 대화에는 메모와 할 일을 {MOST_WORDS}개까지 쓸 수 있습니다. 새 대화를 여십시오",
        )
