"""docs/reference/scoring.md is right: its tables are computed again."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from events.cycles.state import Cycle
from events.measures import Measure, Window
from events.objectives.state import KeyResult, StepFact, TargetFact
from events.objectives.trajectory import TrajectoryPoint
from events.policies.defaults import DEFAULTS
from events.relative import CoursePoint, FrozenBase, Relative
from projections.scoring.bands import yardstick
from projections.scoring.formulas import WeightedScore, met, raw_score, roll_up, rounded
from projections.scoring.pace import expected_by_now, pace_of
from projections.scoring.periods import elapsed, period_of
from projections.scoring.scorecards import Line, line_score, total_score, totals
from projections.scoring.scores import score_key_result
from projections.scoring.trajectories import expected_on, expected_score
from projections.scoring.windows import window_value
from projections.trend import MOST_BUCKETS
from tests.scoring.given import Q1, days, kpi, measure, share

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "scoring.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows, without the head, of the table that begins with a heading."""
    _, _, rest = PAGE.partition(heading)
    rows = []
    for line in rest.splitlines()[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


def number(cell: str) -> Decimal:
    """The first number of a cell."""
    found = re.match(r"[−-]?[0-9][0-9,.]*", cell)
    assert found is not None, cell
    return Decimal(found[0].rstrip(",.").replace(",", "").replace("−", "-"))


def test_scores_of_one_value() -> None:
    """Raw score and `met` of every row."""
    rows = table("| example | measure | baseline |")
    assert len(rows) == 14
    for example, kind, baseline, target, grading, current, raw, reached in rows:
        graded = {"": {}, "strict": {"grading": "strict"}}.get(
            grading, {"grading": "tolerance", "tolerance": grading}
        )
        lower, _, upper = target.partition(" to ")
        edges = {"upper": upper} if upper else {}
        goalposts = measure(kind, lower, baseline or None, **graded, **edges)
        score = raw_score(goalposts, Fraction(current))
        assert score is not None
        assert rounded(score) == number(raw), example
        assert met(goalposts, Fraction(current)) is (reached == "yes"), example


def test_values_by_window() -> None:
    """The value and the raw score of every row."""
    ends = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    visitors = days(dict(zip(ends, (120, 160, 200), strict=True)))
    response = days(
        [share(day, n * hours, n) for day, hours, n in zip(ends, (4, 2, 1), (100, 200, 300), strict=True)]
    )
    ratios = days([share(day, *parts) for day, parts in zip(ends, ((10, 40), (9, 30), (2, 20)), strict=True)])
    examples = [
        (kpi("sum"), visitors, measure("increase", 200, 100)),
        (kpi("sum"), visitors, measure("increase", 200, 100)),
        (kpi("ratio"), response, measure("decrease", 1, 4)),
        (kpi("ratio"), response, measure("decrease", 1, 4)),
        (kpi("ratio"), ratios, None),
    ]
    rows = table("| example | window | value |")
    for (_, window, value, raw), (measured, values, goalposts) in zip(rows, examples, strict=True):
        found = window_value(
            measured, Window.model_validate({"kind": window}), values, Q1.end, Q1
        ).value.value
        assert found is not None
        assert rounded(found) == number(value.rpartition("= ")[2]), value
        if goalposts is not None:
            score = raw_score(goalposts, found)
            assert score is not None
            assert rounded(score) == number(raw), raw


def test_counted_periods() -> None:
    """Raw score, open weeks and what is said of every row."""
    for rule, reached, missed, still_open, raw, said in table("| rule | periods met |"):
        required, _, of = rule.partition(" of ")
        periods = {"of": int(of), "each": "at_least", "threshold": "4"}
        goalposts = measure("count_of_periods", required, periods=periods)
        fact = TargetFact(target=goalposts.target, effective_from=Q1.start)
        key_result = KeyResult(id="kr", title="…", measure=goalposts, targets=(fact,), kpi="sales")
        cycle = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
        weekdays = [Q1.start + timedelta(weeks=n) for n in range(int(reached) + int(missed))]
        values = [4] * int(reached) + [3] * int(missed)
        readings = days(dict(zip(weekdays, values, strict=True)))
        measured = kpi("mean", cadence="week", unit="unit")
        last = weekdays[-1] + timedelta(days=3)
        score = score_key_result(key_result, measured, cycle, readings, last)
        assert (score.raw, score.open_periods) == (number(raw), int(still_open)), rule
        assert ("met" if score.met else "unreachable" if score.unreachable else "") == said, rule


def test_milestones() -> None:
    """Raw score of every row."""
    rows = table("| steps and weights | done |")
    assert len(rows) == 5
    for named, done, raw, said in rows:
        parts = [step.split() for step in named.split(", ")]
        steps = [{"id": name, "title": name, "weight": next(iter(w), None)} for name, *w in parts]
        goalposts = Measure.model_validate({"kind": "milestone", "steps": steps})
        fact = TargetFact(target=goalposts.target, effective_from=Q1.start)
        marks = [StepFact(step=name, done=True, day=Q1.start) for name in done.split(", ") if name]
        key_result = KeyResult(
            id="kr", title="…", measure=goalposts, targets=(fact,), step_facts=tuple(marks)
        )
        cycle = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
        score = score_key_result(key_result, None, cycle, days({}), Q1.end)
        assert (score.raw, "met" if score.met else "") == (number(raw), said), named


def test_relative_goals() -> None:
    """Raw score of every row, with a base that grew by as much as the row says."""
    rows = table("| goal | base | of it so far |")
    assert len(rows) == 6
    q4 = FrozenBase(
        value=Decimal(1),
        start=date(2025, 10, 1),
        end=date(2025, 12, 31),
        readings=2,
        first_position=1,
        last_position=2,
        known_position=2,
    )
    for goal, of, so_far, value, raw, said in rows:
        kind, amount, *points = goal.replace("`", "").replace("%", "").split()
        change = "points" if points else "relative"
        relative = Relative.model_validate(
            {"change": change, "amount": amount.replace("−", "-").lstrip("+"), "of": "previous_quarter"}
        )
        course = [CoursePoint(day=q4.start, value=Decimal(so_far or of))]
        course.append(CoursePoint(day=q4.end, value=Decimal(of)))
        base = q4.model_copy(update={"value": Decimal(of), "course": tuple(course)})
        goalposts = Measure.model_validate({"kind": kind, "unit": "unit", "relative": relative})
        fact = TargetFact(target=relative.target(base.value), effective_from=Q1.start, base=base)
        key_result = KeyResult(id="kr", title="…", measure=goalposts, targets=(fact,), kpi="sales")
        cycle = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
        on = Q1.end - timedelta(days=30) if so_far else Q1.end
        score = score_key_result(key_result, kpi("sum"), cycle, days({Q1.start: value}), on)
        assert score.raw == number(raw), goal
        assert (score.base_so_far is not None) is said.endswith("provisional"), goal


def test_trajectories() -> None:
    """Expected value and score of every row."""
    rows = table("| baseline → target | points |")
    assert len(rows) == 8
    for ends, points, day, value, score in rows:
        if ends:
            baseline, target = ends.split(" → ")
            said = [part.removeprefix("day ").split(": ") for part in points.split(", ")]
            declared = tuple(
                TrajectoryPoint(day=Q1.start + timedelta(days=int(n) - 1), value=Decimal(v)) for n, v in said
            )
        kind = "increase" if Decimal(target) > Decimal(baseline) else "decrease"
        goalposts = measure(kind, target, baseline)
        fact = TargetFact(target=goalposts.target, effective_from=Q1.start)
        key_result = KeyResult(id="kr", title="…", measure=goalposts, targets=(fact,), trajectory=declared)
        cycle = Cycle(id="q1", name="Q1", start=Q1.start, end=Q1.end, kind="quarter", status="open")
        on = Q1.start + timedelta(days=int(day) - 1)
        assert expected_on(key_result, on, cycle) == Fraction(number(value)), (ends, day)
        expected = expected_score(key_result, on, cycle)
        assert expected is not None
        assert rounded(expected) == number(score), (ends, day)


def test_objectives() -> None:
    """The roll-up of every row."""
    for raws, weights, cap, objective in table("| raw scores | weights | cap |"):
        scores = [None if raw == "pending" else Fraction(raw) for raw in raws.split(", ")]
        given = [Decimal(weight) for weight in weights.split(", ")] if weights else [None] * len(scores)
        parts = [WeightedScore("kr", weight, score) for weight, score in zip(given, scores, strict=True)]
        result = roll_up(parts, Decimal(cap))
        assert result is not None
        assert result.score == Decimal(objective), raws


def test_paces() -> None:
    """Elapsed, expected score, pace and word of every row; the scores that an objective's follows from."""
    rows = table("| goal | at the end of |")
    assert len(rows) == 6
    for goal, day, passed, end, score, expected, pace, word in rows:
        by_now = elapsed(Q1.start, Q1.end, date.fromisoformat(day))
        assert by_now == Fraction(passed), goal
        exact = Fraction(7, 10) * 2 / 3 if "weight" in goal else Fraction(score)
        rules = DEFAULTS["okr"]
        held = yardstick(rules, "stretch" if goal.startswith("stretch") else "committed").expected_end
        assert held == Decimal(end), goal
        found = pace_of(exact, expected_by_now(by_now, held), rules.on_pace_within)
        assert found == (number(score), number(expected), number(pace), word), goal


def test_scorecard() -> None:
    """Score and points of every item, and their total."""
    *items, (_, weights, _, _, score, _) = table("| item | weight | raw | cap |")
    assert len(items) == 3
    lines = [
        Line(Decimal(weight), Fraction(raw) if raw else None, Decimal(cap))
        for _, weight, raw, cap, _, _ in items
    ]
    for line, (_, weight, _, _, counted, points) in zip(lines, items, strict=True):
        assert line_score(line) == Fraction(counted)
        assert line_score(line) * int(weight) == Fraction(points)
    assert (str(sum(line.weight for line in lines)), total_score(lines)) == (weights, Decimal(score))


def test_kpis_that_add_up() -> None:
    """Both sums and the raw score of every row."""
    rows = table("| measure | January, February, March | targets |")
    assert len(rows) == 9
    for kind, months, targets, grading, together, of, raw in rows:
        firsts = [date(2026, n, 1) for n in (1, 2, 3)]
        held = [
            _graded(kind, posts, grading)
            | {"effective_from": first, "effective_to": period_of("month", first).end}
            for first, posts in zip(firsts, targets.split(", "), strict=True)
            if posts != "none"
        ]
        said = zip(firsts, months.split(", "), strict=True)
        values: dict[date, object] = {first: value for first, value in said if value != "none"}
        found = totals(kpi(targets=held), days(values), Q1, Q1.end)
        assert found is not None
        posts = found.posts
        edges = _graded(kind, of, grading)
        assert found.value == Fraction(together)
        assert (str(posts.target), posts.upper) == (edges["target"], _decimal(edges.get("upper")))
        assert posts.baseline == _decimal(edges.get("baseline"))
        assert found.raw is not None
        assert rounded(found.raw) == Decimal(raw), (kind, months)


def _graded(kind: str, posts: str, grading: str) -> dict[str, object]:
    """A target as the page writes it: `900`, `4 to 6`, `100 → 200`; its grading or tolerance."""
    baseline, _, target = posts.rpartition(" → ")
    lower, _, upper = target.partition(" to ")
    said: dict[str, object] = {"kind": kind, "target": lower}
    said |= {"baseline": baseline} if baseline else {}
    said |= {"upper": upper} if upper else {}
    if not grading:
        return said
    return said | (
        {"grading": grading} if grading == "strict" else {"grading": "tolerance", "tolerance": grading}
    )


def _decimal(said: object) -> Decimal | None:
    return None if said is None else Decimal(str(said))


def test_the_limit_of_a_trend() -> None:
    """As many buckets as the page says."""
    assert f"At most {MOST_BUCKETS:,} buckets" in PAGE
