"""How goals hang together, as pure functions of goals, KPIs and units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from events.initiatives.state import Initiative
from events.kpis.state import Kpi
from events.objectives.state import Objective
from events.org_units.state import OrgUnit, Placement
from projections.alignment.tree import Alignment, Orphans, align
from tests.advice.given import Q1, TODAY, key_result, kpi
from tests.alignment.given_tree import goal, told

COMPANY = OrgUnit(id="company", name_ko="회사", name_en="Company", level="company")
SALES = OrgUnit(id="sales", name_ko="영업팀", name_en="Sales", level="team", parent="company")


def aligned(
    *objectives: Objective,
    kpis: Sequence[Kpi] = (),
    work: Sequence[Initiative] = (),
    units: Sequence[OrgUnit] = (COMPANY, SALES),
    cycles: Sequence[str] = (Q1.id,),
    day: date = TODAY,
) -> Alignment:
    """How some goals hang together in a cycle."""
    return align(objectives, kpis, work, {unit.id: unit for unit in units}, frozenset(cycles), day)


def test_a_company_objective_is_carried_over_levels() -> None:
    """By what supports it or a key result of it, in turn, and by the KPIs that serve them."""
    alignment = aligned(
        goal("growth", unit="company"),
        goal("whole", of="growth"),
        goal("part", of="growth-kr"),
        goal("peer", of="part-kr"),
        kpis=[kpi(id="leads", serves="peer"), kpi(id="calls", serves="growth-kr")],
    )
    assert told(alignment.top) == [
        ["growth", ["whole"], ["growth-kr", ["part", ["part-kr", ["peer", "leads"]]], "calls"]]
    ]
    assert alignment.orphans == Orphans((), (), (), ())
    assert alignment.not_carried == ()
    assert alignment.shown == {"growth", "whole", "part", "peer"}


def test_what_supports_several_goals_is_unfolded_once() -> None:
    alignment = aligned(
        goal("a", unit="company"), goal("b", unit="company"), goal("team", of="b a"), goal("below", of="team")
    )
    assert told(alignment.top) == [["a", ["team", ["below"]]], ["b", ["team^"]]]


def test_a_company_objective_that_supports_another_stands_below_it() -> None:
    """If both are asked for: a quarter's and the year's."""
    year = goal("year", unit="company", cycle="2026")
    quarter = goal("quarter", unit="company", of="year")
    assert told(aligned(year, quarter, cycles=["2026", Q1.id]).top) == [["year", ["quarter"]]]
    assert told(aligned(year, quarter, cycles=[Q1.id]).top) == [["quarter"]]
    assert told(aligned(year, quarter, cycles=["2026"]).top) == [["year", ["quarter"]]]


def test_a_quarter_of_teams_stands_below_the_goals_of_the_year() -> None:
    """Though their cycle was not asked for: else nothing would tell what the teams carry."""
    year = goal("year", unit="company", cycle="2026")
    other = goal("other-year", unit="company", cycle="2026")
    team, below = goal("team", of="year-kr"), goal("below", of="team")
    alignment = aligned(year, other, team, below, cycles=[Q1.id])
    assert told(alignment.top) == [["year", ["year-kr", ["team", ["below"]]]]]
    assert alignment.orphans == Orphans((), (), (), ())
    assert alignment.not_carried == ()
    quarter = goal("quarter", unit="company", of="year")
    through = aligned(year, quarter, goal("team", of="quarter"), cycles=[Q1.id])
    assert told(through.top) == [["quarter", ["team"]]]


def test_what_supports_nothing_below_the_top_is_an_orphan() -> None:
    """Also what only supports what was dropped; with what it carries in turn."""
    alignment = aligned(
        goal("growth", unit="company"),
        goal("alone"),
        goal("below", of="alone"),
        goal("gone", unit="company", status="dropped"),
        goal("late", of="gone gone-kr"),
        goal("homeless", unit=""),
        goal("other-cycle", cycle="2025-q4"),
    )
    assert told(alignment.orphans.objectives) == [["alone", ["below"]], ["homeless"], ["late"]]
    assert [objective.id for objective in alignment.not_carried] == ["growth"]


def test_direct_key_results_are_orphans_one_by_one() -> None:
    """What holds them is nobody's objective; at the top it is nothing that must be carried."""
    held = goal("held", direct=True)
    alignment = aligned(held, goal("top", unit="company", direct=True))
    assert [node.objective.id for node in alignment.orphans.direct] == ["held"]
    assert not alignment.orphans.objectives
    assert not alignment.not_carried
    linked = aligned(held.model_copy(update={"supports": ("top",)}), goal("top", unit="company"))
    assert linked.orphans.direct == ()


def test_a_kpi_that_serves_no_goal_is_an_orphan() -> None:
    """Unless it is the company's, retired, or a key result is measured by it."""
    kpis = [
        kpi(id="alone", serves=None),
        kpi(id="dropped", serves="gone"),
        kpi(id="company", serves=None, org_unit="company"),
        kpi(id="retired", serves=None, retired=True),
        kpi(id="measured", serves=None),
        kpi(id="serving", serves="growth"),
    ]
    growth = goal("growth", unit="company", key_results=(key_result(kpi="measured"),))
    gone = goal("gone", unit="company", status="dropped")
    assert [one.id for one in aligned(growth, gone, kpis=kpis).orphans.kpis] == ["alone", "dropped"]


def test_work_for_no_goal_is_an_orphan_until_it_is_over() -> None:
    """Unless it is the company's; also what was for a goal that is pursued no longer."""
    work = [
        Initiative(id="alone", title="…", org_unit="sales"),
        Initiative(id="dropped", title="…", status="dropped"),
        Initiative(id="done", title="…", status="done"),
        Initiative(id="lost", title="…", supports=("gone", "gone-kr"), status="doing"),
        Initiative(id="of-the-company", title="…", org_unit="company"),
        Initiative(id="useful", title="…", supports=("gone", "growth-kr")),
    ]
    goals = goal("growth", unit="company"), goal("gone", status="dropped")
    assert [one.id for one in aligned(*goals, work=work).orphans.initiatives] == ["alone", "lost"]


def test_a_dropped_key_result_carries_nobody() -> None:
    dropped = key_result(id="growth-kr", status="dropped")
    growth = goal("growth", unit="company", key_results=(dropped,))
    alignment = aligned(growth, goal("team", of="growth-kr"), kpis=[kpi(serves="growth-kr")])
    assert told(alignment.top) == [["growth"]]
    assert told(alignment.orphans.objectives) == [["team"]]
    assert [objective.id for objective in alignment.not_carried] == ["growth"]


def test_work_for_a_goal_carries_it() -> None:
    """Unless it was dropped; by id."""
    work = [
        Initiative(id=id_, title=id_, supports=("growth-kr",), status=status)
        for id_, status in (("portal", "done"), ("gone", "dropped"), ("fair", "planned"))
    ]
    alignment = aligned(goal("growth", unit="company"), work=work)
    assert told(alignment.top) == [["growth", ["growth-kr", "fair", "portal"]]]
    assert alignment.not_carried == ()
    assert aligned(goal("growth", unit="company"), work=work[1:2]).not_carried


def test_the_top_is_the_top_of_the_day() -> None:
    """A unit that becomes independent in May is at the top from then on."""
    placements = (
        Placement(parent="company", effective_from=None),
        Placement(parent=None, effective_from=date(2026, 5, 1)),
    )
    moved = SALES.model_copy(update={"parent": None, "placements": placements})
    before = aligned(goal("team"), units=[COMPANY, moved], day=date(2026, 4, 30))
    after = aligned(goal("team"), units=[COMPANY, moved], day=date(2026, 5, 1))
    assert (told(before.top), told(before.orphans.objectives)) == ([], [["team"]])
    assert (told(after.top), told(after.orphans.objectives)) == ([["team"]], [])


def test_a_circle_ends() -> None:
    """Two commands at the same instant can make one; nothing of it is hidden, and reading it ends."""
    alignment = aligned(goal("a", unit="company", of="b"), goal("b", unit="company", of="a"))
    assert told(alignment.top) == [["a", ["b", ["a^"]]]]
    assert aligned(goal("c", of="d"), goal("d", of="c-kr")).top == ()


def test_the_order_of_goals_says_nothing() -> None:
    goals = [
        goal(f"g{n}", unit="company" if n < 2 else "sales", of=f"g{n // 3} g{n // 2}-kr") for n in range(9)
    ]
    goals[0] = goal("g0", unit="company")
    goals[1] = goal("g1", unit="company")
    kpis = [kpi(id=f"k{n}", serves=f"g{n}") for n in range(4)]
    expected = aligned(*goals, kpis=kpis)
    Random(1).shuffle(goals)
    assert aligned(*goals, kpis=kpis[::-1]) == expected
