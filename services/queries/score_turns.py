"""The days from which a key result has another score, with or without a stored row.

Stored are the days from which goal events count and those on which readings began to count (ADR 6). A score
moves on other days too: after a target of an earlier day or a corrected baseline, when a KPI counts
otherwise, when a key result is added to readings that are on record, or with time, which moves windows on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from events.decimals import Number
from events.objectives.state import Objective
from projections.scoring.scores import KeyResultScore
from services.queries.objective_scores import ObjectiveScores
from services.queries.read_context import ReadContext

ONE_DAY = timedelta(days=1)


class Turn(NamedTuple):
    """A business day from whose end on a key result has a score."""

    day: date
    score: KeyResultScore
    weight: Number | None


async def score_turns(
    context: ReadContext, objective: Objective, key_result: str, later: Sequence[date]
) -> list[Turn]:
    """Return each day up to `as_of` from which another score holds, as known at the context's position.

    Days of `later` that lie after `as_of` are looked at as well.
    """
    stretches = list(_stretches(objective, key_result))
    figures = await ObjectiveScores.of_scores(context, [then for then, _, _ in stretches])
    found: list[Turn] = []
    for then, first, last in stretches:
        cycle = figures.cycle(then)
        if cycle is None:
            continue
        begins = cycle.start if first == date.min else first
        ends = min(last, max(cycle.end, begins), context.as_of)
        days = [begins + n * ONE_DAY for n in range((ends - begins).days + 1)]
        days += [day for day in later if max(begins, context.as_of + ONE_DAY) <= day <= last]
        (known,) = then.key_results
        # Of a key result that is dropped there are no scores.
        for day, score in zip(days, figures.scores(then, known, days), strict=False):
            if not found or (found[-1].score.raw, found[-1].score.score) != (score.raw, score.score):
                found.append(Turn(day, score, known.weight))
    return found


def _stretches(objective: Objective, key_result: str) -> Iterator[tuple[Objective, date, date]]:
    """Return the objective with this key result only, as it was from a first to a last day.

    Within these it stays in one cycle and in one measure.
    """
    turns = {earlier.until for earlier in objective.earlier_cycles}
    for each in objective.key_results:
        if each.id == key_result:
            turns |= {earlier.until for earlier in each.earlier_measures}
    for first, beyond in pairwise([date.min, *sorted(turns), date.max]):
        then = objective.as_on(first)
        known = tuple(each for each in then.key_results if each.id == key_result)
        yield then.model_copy(update={"key_results": known}), first, beyond - ONE_DAY
