"""What a delivery means, given what is on record of its reading."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ids import reading_id, reading_ids
from events.readings.identity import NEW, Kind, Revisions, Verdict, Version, judge


def version(position: int, kind: Kind, content: str, source_version: int | None = None) -> Version:
    """Something on record; corrections and retractions are numbered by their position."""
    revision = 0 if kind in ("recorded", "disputed", "confirmed") else position - 1
    return Version(position, kind, revision, content, source_version)


A1 = version(1, "recorded", "A")
A1_V5 = version(1, "recorded", "A", 5)
B2 = version(2, "corrected", "B")
B2_V7 = version(2, "corrected", "B", 7)
A2_V6 = version(2, "confirmed", "A", 6)
GONE2 = version(2, "retracted", "")
B2_DISPUTED = version(2, "disputed", "B")


ANY: tuple[Revisions, ...] = ("none", "versioned", "in_order")
CORRECTED = Verdict("accepted", None, 1, "corrected")
CORRECTED_AGAIN = Verdict("accepted", None, 2, "corrected")
CONFIRMED = Verdict("duplicate", None, 0, "confirmed")
DISPUTED = Verdict("conflict", None, 0, "disputed")


@pytest.mark.parametrize(
    ("on_record", "content", "source_version", "revisions", "verdict"),
    [
        # nothing known
        ([], "A", None, "none", NEW),
        ([], "A", 5, "none", NEW),
        # what stands in no table of ours and can't be read begins anew
        ([B2_DISPUTED], "A", None, "none", NEW),
        # no source version: compared with what is in force
        ([A1], "A", None, "none", Verdict("duplicate", 1)),
        ([A1], "A", None, "in_order", Verdict("duplicate", 1)),
        ([A1, B2], "B", None, "none", Verdict("duplicate", 2)),
        ([A1, B2], "A", None, "none", DISPUTED),
        ([A1], "B", None, "none", DISPUTED),
        ([A1, B2_DISPUTED], "B", None, "none", Verdict("conflict", 2)),
        ([A1, B2_DISPUTED], "C", None, "none", DISPUTED),
        ([A1, B2_DISPUTED], "A", None, "none", Verdict("duplicate", 1)),
        ([A1], "B", None, "in_order", CORRECTED),
        ([A1, B2], "C", None, "in_order", CORRECTED_AGAIN),
        ([A1_V5], "A", None, "none", Verdict("duplicate", 1)),
        ([A1_V5], "B", None, "none", DISPUTED),
        # what comes last is what holds, also when it was said before
        ([A1, B2], "A", None, "in_order", CORRECTED_AGAIN),
        ([A1, B2], "A", 3, "in_order", CORRECTED_AGAIN),
        ([A1, B2_DISPUTED], "B", None, "in_order", CORRECTED),
        # retracted: it counts again only where what comes last holds, or the source says that it is newer
        ([A1, GONE2], "A", None, "none", DISPUTED),
        ([A1, GONE2], "A", None, "in_order", CORRECTED_AGAIN),
        ([A1, GONE2], "B", None, "in_order", CORRECTED_AGAIN),
        ([A1_V5, GONE2], "A", 6, "none", CORRECTED_AGAIN),
        ([A1_V5, GONE2], "A", 5, "none", Verdict("duplicate", 1)),
        ([A1_V5, GONE2], "B", 4, "none", Verdict("superseded", 1)),
        # with a source version the highest wins
        ([A1_V5], "B", 6, "none", CORRECTED),
        ([A1_V5], "B", 4, "none", Verdict("superseded", 1)),
        ([A1_V5], "A", 4, "none", Verdict("duplicate", 1)),
        ([A1_V5], "A", 5, "none", Verdict("duplicate", 1)),
        ([A1_V5], "A", 6, "none", CONFIRMED),
        ([A1_V5, A2_V6], "A", 6, "none", Verdict("duplicate", 2)),
        ([A1_V5, A2_V6], "A", 5, "none", Verdict("duplicate", 1)),
        ([A1_V5, A2_V6], "B", 6, "none", DISPUTED),
        ([A1_V5, A2_V6], "B", 5, "none", Verdict("superseded", 2)),
        ([A1_V5, A2_V6], "B", 7, "none", CORRECTED),
        ([A1_V5, A2_V6, GONE2], "A", 6, "none", Verdict("duplicate", 2)),
        ([A1_V5], "B", 5, "none", DISPUTED),
        ([A1_V5, B2_V7], "A", 5, "none", Verdict("duplicate", 1)),
        ([A1_V5, B2_V7], "A", 6, "none", Verdict("superseded", 2)),
        ([A1_V5, B2_V7], "C", 6, "none", Verdict("superseded", 2)),
        # the source went back to what it said before
        ([A1_V5, B2_V7], "A", 8, "none", CORRECTED_AGAIN),
        # versions begin where there were none
        ([A1], "A", 5, "none", CONFIRMED),
        ([A1, A2_V6], "B", 5, "none", Verdict("superseded", 2)),
        ([A1], "B", 5, "none", CORRECTED),
        # a person corrected it: what the source says with a higher version is newer, all else is not
        ([A1_V5, B2], "A", 5, "none", Verdict("duplicate", 1)),
        ([A1_V5, B2], "A", 6, "none", CORRECTED_AGAIN),
        ([A1_V5, B2], "C", 6, "none", CORRECTED_AGAIN),
        ([A1_V5, B2], "B", 5, "none", Verdict("duplicate", 2)),
        ([A1_V5, B2], "B", 6, "none", CONFIRMED),
    ],
)
def test_verdicts(
    on_record: list[Version], content: str, source_version: int | None, revisions: Revisions, verdict: Verdict
) -> None:
    """The table of the module, row by row."""
    assert judge(on_record, content, source_version, revisions=revisions) == verdict


RUNNING, FINISHED = True, False
SAME, OTHER = "A", "B"
LOWER, EQUAL, HIGHER = 4, 5, 6

DOMAIN: dict[tuple[Revisions, int | None, int | None], tuple[str, str | dict[bool, str]]] = {
    # (declared, source version of what is on record, of what comes): (the same content, other content)
    ("none", None, None): ("duplicate", {RUNNING: "corrected", FINISHED: "conflict"}),
    ("none", 5, None): ("duplicate", {RUNNING: "corrected", FINISHED: "conflict"}),
    ("in_order", None, None): ("duplicate", "corrected"),
    ("in_order", 5, None): ("duplicate", "corrected"),
    **{(mode, None, HIGHER): ("duplicate", "corrected") for mode in ANY},
    **{(mode, 5, HIGHER): ("duplicate", "corrected") for mode in ANY},
    **{(mode, 5, LOWER): ("duplicate", "superseded") for mode in ANY},
    # With one version a source says one thing, also of a period that is still running.
    **{(mode, 5, EQUAL): ("duplicate", "conflict") for mode in ANY},
}
"""What docs/reference/readings.md says a second delivery of a reading is; `versioned` feeds send versions."""


@pytest.mark.parametrize("content", [SAME, OTHER])
@pytest.mark.parametrize("running", [RUNNING, FINISHED])
@pytest.mark.parametrize(("case", "told"), DOMAIN.items())
def test_a_second_delivery_of_a_period_that_runs_or_is_over(
    case: tuple[Revisions, int | None, int | None],
    told: tuple[str, str | dict[bool, str]],
    running: bool,
    content: str,
) -> None:
    """A figure so far is replaced by the next one under any declaration; a final one only as declared."""
    revisions, before, source_version = case
    on_record = [Version(1, "recorded", 0, SAME, before, running)]
    verdict = judge(on_record, content, source_version, revisions=revisions, of_period=True)
    expected = told[content == OTHER]
    expected = expected[running] if isinstance(expected, dict) else expected
    found = "corrected" if verdict.status == "accepted" else verdict.status
    assert found == expected
    assert verdict.appended in {"corrected", "disputed", "confirmed", None}


@pytest.mark.parametrize(
    ("on_record", "of_period", "status"),
    [
        # an instant that lay ahead comes from a clock that is ahead
        ([A1._replace(ahead=True)], False, "conflict"),
        # what was said when the period was over is no figure so far
        ([A1._replace(ahead=True), B2], True, "conflict"),
        ([A1._replace(ahead=True), B2._replace(ahead=True)], True, "accepted"),
        # a person took it away
        ([A1._replace(ahead=True), GONE2], True, "conflict"),
    ],
)
def test_only_a_figure_so_far_is_replaced(on_record: list[Version], of_period: bool, status: str) -> None:
    """It is the version in force that came while the period was running."""
    assert judge(on_record, "C", None, revisions="none", of_period=of_period).status == status


Delivery = tuple[str, int | None]


def taken(
    deliveries: Iterable[Delivery], revisions: Revisions, before: Iterable[Version] = ()
) -> list[Version]:
    """What is on record after some deliveries of one reading."""
    on_record = list(before)
    for content, source_version in deliveries:
        _status, position, revision, kind = judge(on_record, content, source_version, revisions=revisions)
        assert (kind is None) == (position is not None)
        if kind is not None:
            on_record.append(Version(len(on_record) + 1, kind, revision, content, source_version))
    return on_record


def in_force(on_record: Iterable[Version]) -> str:
    """The content that counts."""
    return [version.content for version in on_record if version.kind in ("recorded", "corrected")][-1]


@st.composite
def in_two_orders(draw: st.DrawFn, *, consistent: bool) -> tuple[list[Delivery], list[Delivery]]:
    """The same deliveries of a versioned feed, some more than once, in two orders."""
    versions = draw(st.lists(st.integers(1, 6), min_size=1, max_size=10))
    says = draw(st.fixed_dictionaries({n: st.sampled_from("ABC") for n in range(1, 7)}))
    deliveries = [(says[n] if consistent else draw(st.sampled_from("ABC")), n) for n in versions]
    return draw(st.permutations(deliveries)), draw(st.permutations(deliveries))


@given(in_two_orders(consistent=True), st.sampled_from([[], [A1], [A1, B2]]), st.sampled_from(ANY))
def test_in_any_order_the_highest_version_wins(
    orders: tuple[list[Delivery], list[Delivery]], before: list[Version], revisions: Revisions
) -> None:
    """However deliveries are shuffled and repeated, also after what had no version or a person decided."""
    for order in orders:
        on_record = taken(order, revisions, before)
        content, highest = max(order, key=_version)
        assert in_force(on_record) == content
        assert max(found.source_version or 0 for found in on_record) == highest
        assert all(found.kind != "disputed" for found in on_record)
        revised = [found.revision for found in on_record if found.kind == "corrected"]
        assert revised == list(range(1, len(revised) + 1))
        # All of it once more says nothing new.
        assert taken(order[::-1], revisions, on_record) == on_record


@given(in_two_orders(consistent=False))
def test_a_source_that_contradicts_itself_is_told_in_any_order(
    orders: tuple[list[Delivery], list[Delivery]],
) -> None:
    """One of what it said with the highest version is in force; all else of that is kept for a person."""
    for order in orders:
        on_record = taken(order, "versioned")
        highest = max(map(_version, order))
        said = {content for content, source_version in order if source_version == highest}
        assert in_force(on_record) in said
        disputed = {found.content for found in on_record if found.kind == "disputed"}
        assert said - {in_force(on_record)} <= disputed


def _version(delivery: Delivery) -> int:
    assert delivery[1] is not None
    return delivery[1]


contents = st.lists(st.sampled_from("ABC"), min_size=1, max_size=12)


@given(contents)
def test_in_order_the_last_delivery_holds(said: list[str]) -> None:
    """Also when it says what was replaced before; what says nothing new leaves no event."""
    on_record = taken([(content, None) for content in said], "in_order")
    assert in_force(on_record) == said[-1]
    assert [version.content for version in on_record] == [content for content, _ in groupby(said)]


@given(contents)
def test_without_revisions_the_first_delivery_holds(said: list[str]) -> None:
    """All other content is kept once for a person, in whatever order and however often it comes."""
    on_record = taken([(content, None) for content in said], "none")
    assert in_force(on_record) == said[0]
    assert [version.content for version in on_record] == list(dict.fromkeys(said))
    assert {version.kind for version in on_record[1:]} <= {"disputed"}


@given(st.text(), st.sampled_from(["sales", "a-b_c"]))
def test_ids_in_bulk_are_the_same_ids(source_id: str, kpi: str) -> None:
    """The short way gives the identity that everybody else computes."""
    try:
        source_id.encode()
    except UnicodeEncodeError:
        return
    assert reading_ids("main", "erp", kpi)(source_id) == str(reading_id("main", "erp", kpi, source_id))
