"""docs/reference/scoring.md is right: its tables are computed again."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from events.measures import Window
from projections.scoring.formulas import WeightedScore, met, raw_score, roll_up, rounded
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


def test_objectives() -> None:
    """The roll-up of every row."""
    for raws, weights, objective in table("| raw scores | weights |"):
        scores = [None if raw == "pending" else Fraction(raw) for raw in raws.split(", ")]
        given = [Decimal(weight) for weight in weights.split(", ")] if weights else [None] * len(scores)
        parts = [WeightedScore("kr", weight, score) for weight, score in zip(given, scores, strict=True)]
        result = roll_up(parts)
        assert result is not None
        assert result.score == Decimal(objective), raws


def test_the_limit_of_a_trend() -> None:
    """As many buckets as the page says."""
    assert f"At most {MOST_BUCKETS:,} buckets" in PAGE
