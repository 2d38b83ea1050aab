"""The rules for whatever people say: people talk, about what is there, and each changes only own words."""

from events.context import Context
from events.errors import Refused
from events.registry import EventData
from events.talk.commands import Redact, Reword
from events.talk.events import PrivateTextRead
from events.talk.said import Said, Words, person_of


def speaker(context: Context) -> str:
    """Return the id of the person who talks.

    Raises Refused for a feed or the system, and where they name nobody.
    """
    person = person_of(context.actor)
    if person is None:
        raise Refused("only_people_talk", "only people talk", "사람만 쓸 수 있습니다", kind="forbidden")
    context.check_people()
    return person


def check_about(context: Context) -> None:
    """Refuse what is about a goal that there is not."""
    if context.unknown:
        missing = ", ".join(sorted(context.unknown))
        raise Refused(
            "about_unknown",
            f"there is no {missing} to talk about",
            f"이야기할 대상이 없습니다: {missing}",
            kind="invalid",
            pointer="/about",
        )


def record_reading(state: Said, context: Context) -> list[EventData]:
    """Put on record that who asks reads what was not said to them, unless that was done today."""
    if not state.is_private_to(context.actor) or state.read_by.get(context.actor) == context.today:
        return []
    return [PrivateTextRead(parties=tuple(sorted(set(state.parties))))]


def own_words(command: Reword | Redact, state: Said, context: Context) -> Words:
    """Return the words that are to be changed, if they are the speaker's own and still there.

    Raises Refused.
    """
    words = state.all_words.get(command.words)
    if words is None:
        raise Refused(
            "words_unknown",
            f"nothing of it is called {command.words}",
            f"{command.words}(이)라는 글이 없습니다",
            kind="invalid",
            pointer="/words",
        )
    if words.author != speaker(context):
        raise Refused(
            "words_of_another",
            "only who wrote it may change it",
            "글을 쓴 사람만 바꿀 수 있습니다",
            kind="forbidden",
        )
    if words.text is None:
        raise Refused("words_redacted", "it was taken back already", "이미 지운 글입니다")
    return words
