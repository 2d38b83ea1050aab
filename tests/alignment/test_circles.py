"""Circles that commands refuse, found where there are some all the same."""

from __future__ import annotations

import pytest

from events.org_units.state import OrgUnit
from projections.alignment.circles import circles_of_goals, circles_of_units
from tests.alignment.given_tree import goal


@pytest.mark.parametrize(
    ("goals", "circles"),
    [
        ({"a": "", "b": "a", "c": "b a-kr"}, []),
        ({"a": "b", "b": "a", "c": "a", "d": "c nobody"}, ["a b a"]),
        ({"a": "b", "b": "c-kr", "c": "a"}, ["a b c-kr c a"]),
        ({"a": "a-kr"}, ["a a-kr a"]),
        ({"a": "b", "b": "a", "c": "d b", "d": "c"}, ["a b a", "c d c"]),
    ],
)
def test_every_circle_of_goals_is_told_once(goals: dict[str, str], circles: list[str]) -> None:
    """With the key results that it leads through; what only leads to it stays out."""
    objectives = [goal(id_, of=of) for id_, of in goals.items()]
    assert [" ".join(circle) for circle in circles_of_goals(objectives)] == circles


def test_a_dropped_goal_is_in_no_circle() -> None:
    assert circles_of_goals([goal("a", of="b"), goal("b", of="a", status="dropped")]) == []


def test_circles_of_units() -> None:
    """A unit below one of them is not in it."""
    parents = {"a": "b", "b": "c", "c": "a", "d": "a", "e": None, "f": "e"}
    units = [
        OrgUnit(id=id_, name_ko=id_, name_en=id_, level="team", parent=parent)
        for id_, parent in parents.items()
    ]
    assert circles_of_units(units) == [["a", "b", "c", "a"]]
    assert circles_of_units(units[3:]) == []
