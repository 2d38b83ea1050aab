"""Events of a conversation. Its id is the aggregate's. No sentence tells what was said."""

from datetime import date

from events.registry import EventData, event
from events.talk.audience import Audience


@event(
    "conversation.opened",
    ko="{actor} 대화를 열었습니다(참여자 {parties}, 날짜 {day}).",
    en="{actor} opened a conversation of {parties} for {day}.",
    personal=("agenda",),
)
class ConversationOpened(EventData):
    """Some people talk, or are going to."""

    parties: tuple[str, ...]
    agenda: str
    audience: Audience
    day: date
    about: str | None = None


@event(
    "conversation.noted",
    ko="{actor} 대화 {id}에 메모를 남겼습니다.",
    en="{actor} wrote a note in the conversation {id}.",
    personal=("text",),
)
class ConversationNoted(EventData):
    """What was said, in the words of one of the parties."""

    words: str
    """Its name in the conversation."""
    text: str


@event(
    "conversation.action_agreed",
    ko="{actor} 대화 {id}에서 합의한 할 일을 적었습니다(담당자 {owner}, 기한 {due}).",
    en="{actor} wrote down an action that was agreed in the conversation {id} (owner {owner}, due {due}).",
    personal=("text",),
)
class ActionAgreed(EventData):
    """What is to be done, in the words of one of the parties."""

    action: str
    """Its name in the conversation."""
    text: str
    owner: str | None = None
    due: date | None = None


@event(
    "conversation.action_done",
    ko="{actor} 대화 {id}에서 합의한 할 일을 마쳤습니다.",
    en="{actor} finished an action that was agreed in the conversation {id}.",
)
class ActionDone(EventData):
    """An agreed action is done."""

    action: str


@event(
    "conversation.action_reopened",
    ko="{actor} 대화 {id}에서 합의한 할 일을 다시 열었습니다.",
    en="{actor} reopened an action that was agreed in the conversation {id}.",
)
class ActionReopened(EventData):
    """An agreed action is not done after all."""

    action: str


@event(
    "conversation.audience_narrowed",
    ko="{actor} 대화 {id}의 공개 범위를 좁혔습니다: {old} → {new}.",
    en="{actor} narrowed the audience of the conversation {id} from {old} to {new}.",
    withdraws=True,
)
class AudienceNarrowed(EventData):
    """Fewer people may read a conversation, all of what was said in it."""

    old: Audience
    new: Audience


@event(
    "conversation.reworded",
    ko="{actor} 대화 {id}에 쓴 글을 고쳤습니다.",
    en="{actor} put something in the conversation {id} in other words.",
    personal=("text",),
)
class ConversationReworded(EventData):
    """The agenda, a note or an action reads otherwise; the earlier words are shown no longer."""

    words: str
    """`agenda`, or the name of a note or an action."""
    text: str


@event(
    "conversation.redacted",
    ko="{actor} 대화 {id}에 쓴 글을 지웠습니다.",
    en="{actor} took back something in the conversation {id}.",
    withdraws=True,
)
class ConversationRedacted(EventData):
    """The agenda, a note or an action is shown no longer; that it was written stays."""

    words: str
