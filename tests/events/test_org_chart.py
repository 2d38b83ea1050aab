"""Who stands above whom, as of a day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given as forall
from hypothesis import strategies as st

from events.org_units.state import OrgUnit, Placement
from events.people.org_chart import OrgChart
from events.people.state import Membership, Person

JANUARY, APRIL, MAY = date(2026, 1, 1), date(2026, 4, 30), date(2026, 5, 1)


def unit(id_: str, *placements: tuple[str | None, date | None]) -> OrgUnit:
    """A unit below each parent from a day on."""
    placed = tuple(Placement(parent=parent, effective_from=day) for parent, day in placements)
    return OrgUnit(
        id=id_, name_ko=id_, name_en=id_, level="team", parent=placed[-1].parent, placements=placed
    )


def someone(id_: str, *memberships: tuple[str, str, date, date | None]) -> Person:
    """A person in units: unit, role, first and last day."""
    fields = ("org_unit", "role", "effective_from", "until")
    joined = [Membership.model_validate(dict(zip(fields, one, strict=True))) for one in memberships]
    return Person(id=id_, name=id_, memberships=tuple(joined))


UNITS = [
    unit("company", (None, None)),
    unit("growth", ("company", None)),
    unit("product", ("company", None)),
    unit("team", ("growth", None), ("product", MAY)),
]
PEOPLE = [
    someone("ceo", ("company", "lead", JANUARY, None)),
    someone("growth-head", ("growth", "lead", JANUARY, None)),
    someone("product-head", ("product", "lead", JANUARY, None)),
    someone("old-lead", ("team", "lead", JANUARY, APRIL)),
    someone("new-lead", ("team", "member", JANUARY, APRIL), ("team", "lead", MAY, None)),
    someone("anna", ("team", "member", JANUARY, None)),
    someone("both", ("team", "member", JANUARY, None), ("product", "member", JANUARY, None)),
    someone("nowhere"),
]
CHART = OrgChart(PEOPLE, UNITS)


def test_the_line_is_everybody_who_leads_a_unit_or_one_above() -> None:
    assert CHART.line_of("anna", APRIL) == {"old-lead", "growth-head", "ceo"}


def test_in_april_a_team_belongs_where_it_was() -> None:
    """A team that moves in May, and gets another lead, has the new line only then."""
    assert CHART.line_of("anna", MAY) == {"new-lead", "product-head", "ceo"}
    assert CHART.and_below("product", APRIL) == {"product"}
    assert CHART.and_below("product", MAY) == {"product", "team"}


def test_the_line_of_somebody_in_two_units_is_both_lines() -> None:
    assert CHART.line_of("both", APRIL) == {"old-lead", "growth-head", "product-head", "ceo"}


def test_nobody_is_in_their_own_line() -> None:
    assert CHART.line_of("old-lead", APRIL) == {"growth-head", "ceo"}
    assert CHART.line_of("ceo", APRIL) == frozenset()


def test_whoever_is_in_no_unit_has_no_line() -> None:
    assert CHART.line_of("nowhere", APRIL) == frozenset()
    assert CHART.line_of("unheard-of", APRIL) == frozenset()
    assert CHART.line_of("anna", JANUARY - timedelta(days=1)) == frozenset()


def test_members_are_those_of_the_day() -> None:
    def names(day: date) -> list[tuple[str, str]]:
        return [(one.person.id, one.membership.role) for one in CHART.members_of(["team"], day)]

    assert names(APRIL)[:2] == [("old-lead", "lead"), ("new-lead", "member")]
    assert names(MAY)[0] == ("new-lead", "lead")


@forall(
    parents=st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=4, max_size=4),
    day=st.dates(JANUARY, MAY),
)
def test_whatever_is_below_has_it_above(parents: list[str | None], day: date) -> None:
    """Also where moves that were told late make a circle of a day that has passed."""
    chart = OrgChart([], [unit(id_, (parent, None)) for id_, parent in zip("abcd", parents, strict=True)])
    for one in "abcd":
        for other in chart.and_below(one, day):
            assert one in chart.and_above(other, day)
        for other in chart.and_above(one, day):
            assert one in chart.and_below(other, day)


def test_the_line_of_somebody_who_left_lasts() -> None:
    """It is who leads now what they were in last; who is not there yet, or moved, has not left."""
    left = someone("left", ("growth", "member", JANUARY, JANUARY), ("team", "member", JANUARY, APRIL))
    chart = OrgChart([*PEOPLE, left], UNITS)
    assert chart.line_of("left", MAY) == frozenset()
    assert chart.lasting_line_of("left", MAY) == {"new-lead", "product-head", "ceo"}
    assert chart.lasting_line_of("left", APRIL) == chart.line_of("left", APRIL)
    assert chart.lasting_line_of("unheard-of", MAY) == frozenset()
    moving = someone(
        "moving", ("team", "member", JANUARY, APRIL), ("growth", "member", date(2026, 6, 1), None)
    )
    forgotten = someone("it").model_copy(update={"forgotten": True})
    assert [each.has_left(MAY) for each in (left, moving, forgotten, someone("new"))] == [
        True,
        False,
        True,
        False,
    ]
