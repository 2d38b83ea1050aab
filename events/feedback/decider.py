"""The rules of feedback: to another person, and changed by nobody but who gave it."""

from events.context import Context
from events.envelope import Event
from events.errors import Refused
from events.feedback.commands import GiveFeedback
from events.feedback.events import FeedbackGiven, FeedbackRedacted, FeedbackReworded
from events.feedback.state import Feedback
from events.registry import EventData
from events.state import beginning, existing
from events.talk.commands import RecordReading, Redact, Reword
from events.talk.events import PrivateTextRead
from events.talk.rules import check_about, own_words, record_reading, speaker
from events.talk.said import said_on, with_reader, words_of

FeedbackCommand = GiveFeedback | Reword | Redact | RecordReading


def decide(command: FeedbackCommand, state: Feedback | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it.

    For whom it does not concern there is no such feedback.
    """
    person = speaker(context)
    if isinstance(command, GiveFeedback):
        return _give(command, state, person, context)
    if state is None or (person not in state.parties and not isinstance(command, RecordReading)):
        raise Refused("feedback_unknown", "there is no such feedback", "없는 피드백입니다", kind="not_found")
    if isinstance(command, RecordReading):
        return record_reading(state, context)
    own_words(command, state, context)
    match command:
        case Reword(text=text):
            return [FeedbackReworded(text=text)]
        case Redact():
            return [FeedbackRedacted()]


def _give(command: GiveFeedback, state: Feedback | None, person: str, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused("feedback_exists", "there is such feedback already", "이미 있는 피드백입니다")
    if command.to == person:
        raise Refused(
            "feedback_to_oneself",
            "feedback is for somebody else",
            "자기 자신에게는 피드백을 남길 수 없습니다",
            kind="invalid",
            pointer="/to",
        )
    check_about(context)
    return [FeedbackGiven(**command.model_dump())]


def evolve(state: Feedback | None, event: Event) -> Feedback:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case FeedbackGiven() as given:
            return Feedback(
                id=beginning(state, event),
                to=given.to,
                audience=given.audience,
                about=given.about,
                day=said_on(event),
                words=words_of(event, given.text),
            )
        case FeedbackReworded(text=text):
            return existing(state, event).model_copy(update={"words": words_of(event, text)})
        case PrivateTextRead():
            before = existing(state, event)
            return before.model_copy(update=with_reader(before, event))
        case FeedbackRedacted():
            before = existing(state, event)
            return before.model_copy(update={"words": before.words.model_copy(update={"text": None})})
        case _:
            return existing(state, event)
