"""What people say to each other: who may say what, and whose words are whose."""

from datetime import date
from typing import Any

import pytest

from events.commands import Command
from events.conversations.commands import (
    AddNote,
    AgreeAction,
    FinishAction,
    NarrowAudience,
    OpenConversation,
    ReopenAction,
)
from events.conversations.decider import MOST_WORDS
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
from events.feedback.commands import GiveFeedback
from events.feedback.events import FeedbackGiven, FeedbackRedacted, FeedbackReworded
from events.recognition.commands import GiveRecognition
from events.recognition.events import RecognitionGiven, RecognitionRedacted, RecognitionReworded
from events.registry import EventData
from events.talk.audience import Audience
from events.talk.commands import Redact, Reword
from tests.events.given import TODAY, Given, given

GIVEN = FeedbackGiven(to="boris", text="well done", audience="parties", about="key_result/acv")
FEEDBACK = given("feedback", GIVEN)
RECOGNITION = given("recognition", RecognitionGiven(to=("boris",), text="thank you"))
OPENED = ConversationOpened(parties=("anna", "boris"), agenda="mid-term", audience="line", day=TODAY)
TALK = given("conversation", OPENED)
NOTED = TALK.and_then(ConversationNoted(words="n1", text="legal takes 9 days"))
AGREED = TALK.and_then(ActionAgreed(action="a1", text="share the draft", owner="boris"))


def test_feedback_goes_to_another_person() -> None:
    command = GiveFeedback(to="boris", text="well done", about="key_result/acv")
    state = given("feedback").when(command).then(GIVEN)
    assert (state.parties, state.whose_line, state.concerned) == (("anna", "boris"), ("boris",), ("boris",))
    assert (state.words.author, state.day, state.audience) == ("anna", TODAY, "parties")


def test_a_recognition_is_for_everybody_and_names_each_once() -> None:
    command = GiveRecognition(to=("boris", "carla", "boris"), text="thank you")
    state = given("recognition").when(command).then(RecognitionGiven(to=("boris", "carla"), text="thank you"))
    assert (state.audience, state.parties) == ("everyone", ("anna", "boris", "carla"))


def test_who_opens_a_conversation_is_in_it() -> None:
    command = OpenConversation(parties=("boris", "anna"), agenda="mid-term", audience="line")
    state = given("conversation").when(command).then(OPENED)
    assert (state.parties, state.whose_line) == (("anna", "boris"), ("anna", "boris"))


@pytest.mark.parametrize(
    ("kind", "command", "facts", "code", "pointer"),
    [
        pytest.param("feedback", GiveFeedback(to="anna", text="x"), {}, "feedback_to_oneself", "/to", id="f"),
        pytest.param(
            "recognition",
            GiveRecognition(to=("boris", "anna"), text="x"),
            {},
            "recognition_of_oneself",
            "/to",
            id="praise of oneself",
        ),
        pytest.param(
            "conversation",
            OpenConversation(parties=("anna",), agenda="x"),
            {},
            "conversation_needs_another",
            "/parties",
            id="a talk with oneself",
        ),
        *(
            pytest.param(
                kind,
                command,
                {"unknown": frozenset({"objective/nowhere"})},
                "about_unknown",
                "/about",
                id=f"{kind} about nothing",
            )
            for kind, command in (
                ("feedback", GiveFeedback(to="boris", text="x", about="objective/nowhere")),
                ("recognition", GiveRecognition(to=("boris",), text="x", about="objective/nowhere")),
                (
                    "conversation",
                    OpenConversation(parties=("boris",), agenda="x", about="objective/nowhere"),
                ),
            )
        ),
    ],
)
def test_words_are_for_others_and_about_what_is_there(
    kind: str, command: Command, facts: dict[str, Any], code: str, pointer: str
) -> None:
    given(kind).when(command, **facts).refused(code, "invalid", pointer)


CHANGES: list[tuple[Given, Command, EventData]] = [
    (FEEDBACK, Reword(text="well done indeed"), FeedbackReworded(text="well done indeed")),
    (FEEDBACK, Redact(), FeedbackRedacted()),
    (RECOGNITION, Reword(text="thanks"), RecognitionReworded(text="thanks")),
    (RECOGNITION, Redact(), RecognitionRedacted()),
    (TALK, Reword(words="agenda", text="final"), ConversationReworded(words="agenda", text="final")),
    (TALK, Redact(words="agenda"), ConversationRedacted(words="agenda")),
    (NOTED, Reword(words="n1", text="8 days"), ConversationReworded(words="n1", text="8 days")),
    (NOTED, Redact(words="n1"), ConversationRedacted(words="n1")),
    (AGREED, Redact(words="a1"), ConversationRedacted(words="a1")),
]


@pytest.mark.parametrize(("before", "command", "event"), CHANGES, ids=range(len(CHANGES)))
def test_people_change_their_own_words_only(before: Given, command: Any, event: EventData) -> None:
    """Who got them may not; for others there are none; nobody changes what was taken back."""
    after = before.when(command).then(event)
    changed = after.all_words[command.words]
    assert changed.text == getattr(command, "text", None)
    assert changed.author == "anna"
    before.when(command, actor="person:boris").refused("words_of_another", "forbidden")
    stranger = before.when(command, actor="person:eve")
    if before.kind == "recognition":
        stranger.refused("words_of_another", "forbidden")
    else:
        stranger.refused(f"{before.kind}_unknown", "not_found")
    if isinstance(command, Redact):
        before.and_then(event).when(command).refused("words_redacted")
        before.and_then(event).when(Reword(words=command.words, text="x")).refused("words_redacted")
    given(before.kind).when(command).refused(f"{before.kind}_unknown", "not_found")


@pytest.mark.parametrize("before", [FEEDBACK, RECOGNITION, TALK], ids=lambda before: before.kind)
def test_words_that_are_not_there_and_feeds_that_talk(before: Given) -> None:
    before.when(Redact(words="n7")).refused("words_unknown", "invalid", "/words")
    before.when(Redact(), actor="feed:erp").refused("only_people_talk", "forbidden")


@pytest.mark.parametrize(
    ("before", "command", "events"),
    [
        (TALK, AddNote(words="n1", text="x"), [ConversationNoted(words="n1", text="x")]),
        (TALK, AddNote(text="x"), [ConversationNoted(words="new-1", text="x")]),
        (
            TALK,
            AgreeAction(action="a1", text="x", owner="boris", due=date(2025, 3, 1)),
            [ActionAgreed(action="a1", text="x", owner="boris", due=date(2025, 3, 1))],
        ),
        (AGREED, FinishAction(action="a1"), [ActionDone(action="a1")]),
        (AGREED, ReopenAction(action="a1"), []),
        (AGREED.and_then(ActionDone(action="a1")), FinishAction(action="a1"), []),
        (AGREED.and_then(ActionDone(action="a1")), ReopenAction(action="a1"), [ActionReopened(action="a1")]),
    ],
)
def test_each_party_writes_in_a_conversation_and_nobody_else(
    before: Given, command: Command, events: list[EventData]
) -> None:
    before.when(command, actor="person:boris").then(*events)
    before.when(command, actor="person:eve").refused("conversation_unknown", "not_found")


def test_what_is_agreed_is_open_until_it_is_done() -> None:
    state = AGREED.when(FinishAction(action="a1")).then(ActionDone(action="a1"))
    assert [action.done for action in state.actions] == [True]
    AGREED.when(FinishAction(action="a2")).refused("action_unknown", "not_found")
    TALK.when(AgreeAction(text="x", owner="eve")).refused("not_in_conversation", "invalid", "/owner")
    AGREED.when(AddNote(words="a1", text="x")).refused("words_exist")


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("everyone", "line", True),
        ("everyone", "parties", True),
        ("line", "parties", True),
        ("line", "everyone", False),
        ("parties", "line", False),
        ("parties", "everyone", False),
    ],
)
def test_an_audience_only_becomes_smaller(old: Audience, new: Audience, allowed: bool) -> None:
    """What was said to few is never opened to more."""
    before = given("conversation", OPENED.model_copy(update={"audience": old}))
    outcome = before.when(NarrowAudience(audience=new))
    if allowed:
        assert outcome.then(AudienceNarrowed(old=old, new=new)).audience == new
    else:
        outcome.refused("audience_wider")
    before.when(NarrowAudience(audience=old)).then()


def test_a_conversation_ends_when_it_is_full() -> None:
    full = TALK.and_then(*(ConversationNoted(words=f"n{n}", text="x") for n in range(MOST_WORDS)))
    full.when(AddNote(text="x")).refused("conversation_full")
    full.when(AgreeAction(text="x")).refused("conversation_full")
