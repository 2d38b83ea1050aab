"""Advice on single objectives and key results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from events.cycles.state import Cycle
from events.measures import Measure
from events.objectives.state import KeyResult, Objective
from events.text import Text
from events.units import PERCENTAGES, in_percent
from projections.advice import words
from projections.advice.bare_numbers import is_number
from projections.advice.codes import KEY_RESULTS, LATE_PART, NEARLY_ALL_PERCENT, Advice, Item, advice
from projections.advice.facts import TargetMove

_SAYS_NOTHING = frozenset({"other", "기타", "none", "unknown", "?", "-"})
_UPWARDS = frozenset({"increase", "at_least"})
_DOWNWARDS = frozenset({"decrease", "at_most"})


def on_objective(objective: Objective) -> Iterator[Advice]:
    """Yield advice on an objective: how many key results it has, what its text says, whose it is."""
    if objective.direct:
        return  # nobody worded it, and it is of any number of key results
    item = Item("objective", objective.id, Text(objective.title, objective.title), objective.cycle)
    if objective.framework == "mbo":
        # Its two parties agree on what it says; good form of OKRs does not bind them.
        if objective.owner is None:
            yield advice("owner_missing", item)
        return
    if objective.reward is not None:
        yield advice("okr_reward_link", item)
    least, most = KEY_RESULTS
    count = len(objective.active_key_results)
    if count > most:
        yield advice("too_many_key_results", item, count=count, least=least, most=most)
    if count < least:
        yield advice("too_few_key_results", item, count=count, least=least, most=most)
    if is_number(objective.title):
        yield advice("objective_is_number", item)
    elif words.is_metric(objective.title):
        yield advice("objective_is_metric", item)
    if objective.owner is None:
        yield advice("owner_missing", item)
    if objective.org_unit is None:
        if objective.owner is None:
            yield advice("org_unit_missing", item)
        else:
            yield advice("personal_objective", item)


def on_key_result(objective: Objective, key_result: KeyResult) -> Iterator[Advice]:
    """Yield advice on what the text of a key result says beside its measure."""
    measure, title = key_result.measure, key_result.title
    item = _item(objective, key_result)
    if key_result.owner is None and objective.owner is None:
        yield advice("owner_missing", item)
    if unit_says_nothing(measure.unit):
        yield advice("measure_unit_unclear", item, unit=measure.unit)
    if measure.kind in ("increase", "decrease") and measure.baseline is None and measure.relative is None:
        yield advice("baseline_missing", item)
    if words.is_output(title):
        yield advice("key_result_is_output", item)
    elif words.names_initiative(title):
        yield advice("key_result_names_initiative", item)
    if words.has_two_limits(title):
        yield advice("key_result_has_two_figures", item)
    if goes_against_words(measure, title):
        yield advice("direction_contradicts_words", item, direction=measure.kind)
    change = words.unclear_change(title)
    if change is not None and measure.unit in PERCENTAGES:
        yield advice("percent_or_points", item, change=change)
    if words.keeps(title):
        yield advice("keep_belongs_to_kpi", item)
    if (percent := nearly_all(measure)) is not None:
        yield advice("high_target_without_tolerance", item, target=percent)


def on_moves(
    objective: Objective, key_result: KeyResult, cycles: Mapping[str, Cycle], moves: list[TargetMove]
) -> Iterator[Advice]:
    """Yield advice on targets that moved late or while behind pace, by the day they were recorded on.

    Each is held against the cycle that the objective was in that day. `moves`: since the first target was
    agreed, in the order they were made.
    """
    item = _item(objective, key_result)
    for move in moves:
        cycle = cycles.get(objective.cycle_on(move.recorded_on))
        if cycle is None:
            continue
        old = f"{edges(move.old, move.old_upper)} {move.units[0]}".rstrip()
        new = f"{edges(move.new, move.upper)} {move.units[1]}".rstrip()
        if move.recorded_on >= late_from(cycle):
            yield advice("target_moved_late", item, day=move.recorded_on, old=old, new=new)
        elif move.pace is not None and move.pace.word == "behind":
            score, expected = f"{move.pace.score:.2f}", f"{move.pace.expected:.2f}"
            figures = {"old": old, "new": new, "score": score, "expected": expected}
            yield advice("target_moved_while_behind", item, day=move.recorded_on, **figures)


def late_from(cycle: Cycle) -> date:
    """Return the first day of the last fifth of a cycle; a day that is only partly in it does not count."""
    days = (cycle.end - cycle.start).days + 1
    return cycle.end + timedelta(days=1) - timedelta(days=days // LATE_PART)


def unit_says_nothing(unit: str) -> bool:
    """Return whether a unit is only a placeholder."""
    return unit.strip().lower() in _SAYS_NOTHING


def nearly_all(measure: Measure) -> str | None:
    """Return in percent a target near 100 %, whose attainment hides how far it is missed; else None."""
    if measure.kind != "at_least" or measure.grading != "attainment" or measure.target is None:
        return None
    percent = in_percent(measure.target, measure.unit)
    return None if percent is None or percent < NEARLY_ALL_PERCENT else f"{percent.normalize():f}"


def edges(target: Decimal, upper: Decimal | None) -> str:
    """Return a target as it is written, of a range both of its edges."""
    return f"{target:f}" if upper is None else f"{target:f}–{upper:f}"


def goes_against_words(measure: Measure, title: str) -> bool:
    """Return whether a measure goes another way than its words."""
    if measure.kind in _UPWARDS:
        # Whether a rank is meant may stand in the unit only.
        return words.contradicts(f"{title} ({measure.unit})", upwards=True)
    return measure.kind in _DOWNWARDS and words.contradicts(f"{title} ({measure.unit})", upwards=False)


def _item(objective: Objective, key_result: KeyResult) -> Item:
    return Item("key_result", key_result.id, Text(key_result.title, key_result.title), objective.cycle)
