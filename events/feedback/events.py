"""Events of feedback. Its id is the aggregate's. No sentence tells what was said."""

from events.registry import EventData, event
from events.talk.audience import Audience


@event(
    "feedback.given",
    ko="{actor} 피드백을 남겼습니다(받는 사람 {to}).",
    en="{actor} gave feedback to {to}.",
    personal=("text",),
)
class FeedbackGiven(EventData):
    """A person told another one something."""

    to: str
    text: str
    audience: Audience
    about: str | None = None


@event(
    "feedback.reworded",
    ko="{actor} 피드백 {id}의 글을 고쳤습니다.",
    en="{actor} put the feedback {id} in other words.",
    personal=("text",),
)
class FeedbackReworded(EventData):
    """Feedback reads otherwise; its earlier words are shown no longer."""

    text: str


@event(
    "feedback.redacted",
    ko="{actor} 피드백 {id}의 글을 지웠습니다.",
    en="{actor} took back the words of the feedback {id}.",
    withdraws=True,
)
class FeedbackRedacted(EventData):
    """The words are shown no longer; that there was feedback stays."""
