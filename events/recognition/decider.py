"""The rules of a recognition: of others, and changed by nobody but who gave it."""

from events.context import Context
from events.envelope import Event
from events.errors import Refused
from events.recognition.commands import GiveRecognition
from events.recognition.events import RecognitionGiven, RecognitionRedacted, RecognitionReworded
from events.recognition.state import Recognition
from events.registry import EventData
from events.state import beginning, existing
from events.talk.commands import Redact, Reword
from events.talk.rules import check_about, own_words, speaker
from events.talk.said import said_on, words_of

RecognitionCommand = GiveRecognition | Reword | Redact


def decide(command: RecognitionCommand, state: Recognition | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it."""
    person = speaker(context)
    if isinstance(command, GiveRecognition):
        return _give(command, state, person, context)
    if state is None:
        raise Refused(
            "recognition_unknown", "there is no such recognition", "없는 인정입니다", kind="not_found"
        )
    own_words(command, state, context)
    match command:
        case Reword(text=text):
            return [RecognitionReworded(text=text)]
        case Redact():
            return [RecognitionRedacted()]


def _give(
    command: GiveRecognition, state: Recognition | None, person: str, context: Context
) -> list[EventData]:
    if state is not None:
        raise Refused("recognition_exists", "there is such a recognition already", "이미 있는 인정입니다")
    if person in command.to:
        raise Refused(
            "recognition_of_oneself",
            "a recognition is of others",
            "자기 자신은 인정할 수 없습니다",
            kind="invalid",
            pointer="/to",
        )
    check_about(context)
    return [RecognitionGiven(to=tuple(dict.fromkeys(command.to)), text=command.text, about=command.about)]


def evolve(state: Recognition | None, event: Event) -> Recognition:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case RecognitionGiven() as given:
            return Recognition(
                id=beginning(state, event),
                to=given.to,
                about=given.about,
                day=said_on(event),
                words=words_of(event, given.text),
            )
        case RecognitionReworded(text=text):
            return existing(state, event).model_copy(update={"words": words_of(event, text)})
        case RecognitionRedacted():
            before = existing(state, event)
            return before.model_copy(update={"words": before.words.model_copy(update={"text": None})})
        case _:
            return existing(state, event)
