"""Targets and baselines of a key result: those on record, as the state of its objective holds them.

Which target holds from which day follows from the state alone (`KeyResult.fact_on`). The trail knows who set
it, when and why; the id of its event joins the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from events.objectives.state import KeyResult, TargetFact
from projections.audit.queries import Goalpost


class HeldPost(NamedTuple):
    """A target or baseline on record."""

    post: Goalpost
    """`effective_from` is the day from which it holds; None of a target that holds on no day: before the
    objective was active another one took its place."""
    in_force: bool
    """It holds on the day shown."""
    judges: bool
    """It is one of the measure of the day shown."""
    fact: TargetFact | None
    """What the state holds of it."""


def as_held(posts: Iterable[Goalpost], whole: KeyResult, day: date, shown: KeyResult) -> list[HeldPost]:
    """Return goalposts in the order they were set, as they hold on a business day.

    `whole` is the key result with all its measures, `shown` the one that it is on the day.
    """
    facts = {fact.event_id: fact for fact in whole.all_targets}
    target, baseline = shown.fact_on(day), shown.measure_on(day).baseline
    found: list[HeldPost] = []
    last_baseline: int | None = None
    for n, post in enumerate(posts):
        judges = post.measure is None or post.measure.judges_like(shown.measure)
        fact = facts.get(post.event_id)
        if post.what == "target":
            post = post._replace(effective_from=None if fact is None else fact.effective_from)
        elif judges and post.new == baseline:
            last_baseline = n
        found.append(HeldPost(post, post.what == "target" and fact == target, judges, fact))
    if last_baseline is not None:
        found[last_baseline] = found[last_baseline]._replace(in_force=True)
    return found
