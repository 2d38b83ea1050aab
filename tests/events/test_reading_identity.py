"""What a delivery means, given what is on record of its reading."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ids import reading_id, reading_ids
from events.readings.identity import NEW, Kind, Verdict, Version, judge


def version(position: int, kind: Kind, content: str, source_version: int | None = None) -> Version:
    """Something on record; corrections and retractions are numbered by their position."""
    revision = 0 if kind in ("recorded", "disputed") else position - 1
    return Version(position, kind, revision, content, source_version)


A1 = version(1, "recorded", "A")
A1_V5 = version(1, "recorded", "A", 5)
B2 = version(2, "corrected", "B")
B2_V7 = version(2, "corrected", "B", 7)
GONE2 = version(2, "retracted", "")
B2_DISPUTED = version(2, "disputed", "B")


@pytest.mark.parametrize(
    ("on_record", "content", "source_version", "revisions", "verdict"),
    [
        # nothing known
        ([], "A", None, False, NEW),
        ([], "A", 5, False, NEW),
        # no source version
        ([A1], "A", None, False, Verdict("duplicate", 1)),
        ([A1, B2], "A", None, False, Verdict("duplicate", 1)),
        ([A1, B2], "A", None, True, Verdict("duplicate", 1)),
        ([A1, B2], "B", None, False, Verdict("duplicate", 2)),
        ([A1], "B", None, False, Verdict("conflict", None)),
        ([A1, B2_DISPUTED], "B", None, False, Verdict("conflict", 2)),
        ([A1, B2_DISPUTED], "C", None, False, Verdict("conflict", None)),
        ([A1], "B", None, True, Verdict("accepted", None, 1)),
        ([A1, B2], "C", None, True, Verdict("accepted", None, 2)),
        ([A1_V5], "A", None, False, Verdict("duplicate", 1)),
        ([A1_V5], "B", None, False, Verdict("conflict", None)),
        # retracted: the old content does not come back by itself
        ([A1, GONE2], "A", None, False, Verdict("duplicate", 1)),
        ([A1, GONE2], "B", None, True, Verdict("accepted", None, 2)),
        # with a source version the highest wins
        ([A1_V5], "B", 6, False, Verdict("accepted", None, 1)),
        ([A1_V5], "B", 4, False, Verdict("superseded", 1)),
        ([A1_V5], "A", 4, False, Verdict("duplicate", 1)),
        ([A1_V5], "A", 5, False, Verdict("duplicate", 1)),
        ([A1_V5], "A", 6, False, Verdict("duplicate", 1)),
        ([A1_V5], "B", 5, False, Verdict("conflict", None)),
        ([A1_V5, B2_V7], "A", 6, False, Verdict("duplicate", 1)),
        ([A1_V5, B2_V7], "C", 6, False, Verdict("superseded", 2)),
        # the source went back to what it said before
        ([A1_V5, B2_V7], "A", 8, False, Verdict("accepted", None, 2)),
        # versions begin where there were none
        ([A1], "A", 5, False, Verdict("duplicate", 1)),
        ([A1], "B", 5, False, Verdict("accepted", None, 1)),
        # a person corrected it, and the source has nothing new to say
        ([A1_V5, B2], "A", 6, False, Verdict("duplicate", 1)),
        ([A1_V5, B2], "C", 6, False, Verdict("accepted", None, 2)),
    ],
)
def test_verdicts(
    on_record: list[Version], content: str, source_version: int | None, revisions: bool, verdict: Verdict
) -> None:
    """The table of the module, row by row."""
    assert judge(on_record, content, source_version, revisions=revisions) == verdict


def test_in_any_order_the_highest_version_wins() -> None:
    """However deliveries are shuffled and repeated, the last word of the source is in force."""
    deliveries = [("A", 1), ("B", 2), ("C", 3), ("D", 4)]
    for order in permutations(deliveries):
        on_record: list[Version] = []
        for content, source_version in [*order, *reversed(order)]:
            status, position, revision = judge(on_record, content, source_version, revisions=False)
            if status == "accepted" and position is None:
                kind: Kind = "corrected" if revision else "recorded"
                on_record.append(Version(len(on_record) + 1, kind, revision, content, source_version))
        assert on_record[-1].content == "D"
        assert [found.revision for found in on_record] == list(range(len(on_record)))


@given(st.text(), st.sampled_from(["sales", "a-b_c"]))
def test_ids_in_bulk_are_the_same_ids(source_id: str, kpi: str) -> None:
    """The short way gives the identity that everybody else computes."""
    try:
        source_id.encode()
    except UnicodeEncodeError:
        return
    assert reading_ids("main", "erp", kpi)(source_id) == str(reading_id("main", "erp", kpi, source_id))
