"""The rule of what supports what."""

from decimal import Decimal

import pytest

from events.measures import Measure
from events.objectives.commands import ChangeSupports, DraftObjective
from events.objectives.events import ObjectiveActivated, ObjectiveDrafted, ObjectiveSupportsChanged
from events.objectives.state import KeyResult
from tests.events.given import given

DRAFT = given("objective", ObjectiveDrafted(title="크게 성장한다", cycle="2025-q1", ambition="stretch"))
KEY_RESULT = KeyResult(
    id="acv",
    title="평균 계약 금액을 올린다",
    measure=Measure(kind="at_least", target=Decimal(80), unit="MKRW"),
    targets=(),
)
ACTIVE = DRAFT.and_then(ObjectiveActivated())


def test_what_an_objective_supports_is_said_as_a_whole_list() -> None:
    """The event holds the old list and the new one; an empty one takes all away."""
    state = DRAFT.when(ChangeSupports(supports=("growth", "acv"))).then(
        ObjectiveSupportsChanged(new=("growth", "acv"))
    )
    assert state.supports == ("growth", "acv")
    aligned = DRAFT.and_then(ObjectiveSupportsChanged(new=("growth",)))
    state = aligned.when(ChangeSupports(supports=())).then(ObjectiveSupportsChanged(old=("growth",)))
    assert state.supports == ()


def test_each_goal_is_named_once_in_the_order_given() -> None:
    assert ChangeSupports(supports=("b", "a", "b")).supports == ("b", "a")
    assert DraftObjective(title="x", cycle="2025-q1", supports=("b", "b")).supports == ("b",)


def test_after_activation_another_list_needs_a_reason() -> None:
    ACTIVE.when(ChangeSupports(supports=("growth",))).refused("reason_required", "invalid", "/reason")
    ACTIVE.when(ChangeSupports(supports=())).then()
    ACTIVE.when(ChangeSupports(supports=("growth",)), reason="조직 개편").then(
        ObjectiveSupportsChanged(new=("growth",))
    )


def test_what_there_is_not_cannot_be_supported() -> None:
    command = ChangeSupports(supports=("growth", "nothing"))
    refusal = DRAFT.when(command, unknown=frozenset({"nothing"})).refused(
        "supports_unknown", "invalid", "/supports"
    )
    assert "nothing" in refusal.text.en


@pytest.mark.parametrize(
    ("supports", "leads_to", "path"),
    [
        pytest.param(["it"], {"it": ()}, "it → it", id="itself"),
        pytest.param(["own"], {"own": ("it",)}, "it → own → it", id="a key result of its own"),
        pytest.param(["b"], {"b": ("it",)}, "it → b → it", id="one that supports it"),
        pytest.param(
            ["b-kr"],
            {"b-kr": ("b",), "b": ("own",), "own": ("it",)},
            "it → b-kr → b → own → it",
            id="a key result whose objective supports one of its own",
        ),
        pytest.param(
            ["fine", "b"],
            {"fine": ("top",), "top": (), "b": ("c", "d"), "c": ("top",), "d": ("it",)},
            "it → b → d → it",
            id="one of several",
        ),
    ],
)
def test_nothing_supports_itself(
    supports: list[str], leads_to: dict[str, tuple[str, ...]], path: str
) -> None:
    """However long the way: the refusal tells it."""
    outcome = DRAFT.when(ChangeSupports(supports=tuple(supports)), leads_to=leads_to)
    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.kind, outcome.refusal.pointer) == (
        "supports_itself",
        "conflict",
        "/supports",
    )
    assert path in outcome.refusal.text.en
    assert path in outcome.refusal.text.ko


def test_two_ways_to_one_goal_are_no_circle() -> None:
    """A team may help a company key result directly and through its division; old circles end the search."""
    leads_to = {"division": ("kr",), "kr": ("company",), "company": ("round",), "round": ("company",)}
    DRAFT.when(ChangeSupports(supports=("division", "kr")), leads_to=leads_to).then(
        ObjectiveSupportsChanged(new=("division", "kr"))
    )


def test_an_objective_takes_over_a_key_result() -> None:
    """It supports that one, and has its title unless it is given one."""
    command = DraftObjective(cycle="2025-q1", supports=("growth",), takes_over="acv")
    drafted = ObjectiveDrafted(
        title=KEY_RESULT.title,
        cycle="2025-q1",
        ambition="stretch",
        supports=("acv", "growth"),
        takes_over="acv",
    )
    state = given("objective").when(command, taken_over=KEY_RESULT).then(drafted)
    assert (state.title, state.takes_over) == (KEY_RESULT.title, "acv")
    worded = command.model_copy(update={"title": "큰 계약을 딴다", "supports": ("acv",)})
    named = drafted.model_copy(update={"title": "큰 계약을 딴다", "supports": ("acv",)})
    given("objective").when(worded, taken_over=KEY_RESULT).then(named)


def test_only_a_key_result_that_is_pursued_can_be_taken_over() -> None:
    command = DraftObjective(cycle="2025-q1", takes_over="acv")
    new = given("objective")
    new.when(command).refused("key_result_unknown", "invalid", "/takes_over")
    dropped = KEY_RESULT.model_copy(update={"status": "dropped"})
    new.when(command, taken_over=dropped).refused("key_result_dropped", pointer="/takes_over")
    new.when(DraftObjective(cycle="2025-q1")).refused("title_missing", "invalid", "/title")


def test_what_was_taken_over_stays_supported() -> None:
    taken = given(
        "objective",
        ObjectiveDrafted(title="x", cycle="2025-q1", ambition="stretch", supports=("acv",), takes_over="acv"),
    )
    taken.when(ChangeSupports(supports=("growth",))).refused("taken_over_is_supported", pointer="/supports")
    taken.when(ChangeSupports(supports=("growth", "acv"))).then(
        ObjectiveSupportsChanged(old=("acv",), new=("growth", "acv"))
    )


def test_an_id_means_one_goal() -> None:
    """An objective cannot have the id of a key result, nor the other way round."""
    command = DraftObjective(title="x", cycle="2025-q1")
    given("objective").when(command, taken=frozenset({"acv"})).refused("key_result_exists", pointer="/id")
