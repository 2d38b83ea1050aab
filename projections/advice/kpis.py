"""Advice on single KPIs, and on all that a unit watches."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from datetime import date

from events.cycles.state import Cycle
from events.kpis.state import Kpi
from events.org_units.state import OrgUnit
from events.text import Text
from projections.advice import words
from projections.advice.codes import KPIS_PER_UNIT, Advice, Item, advice
from projections.advice.facts import KpiTargetMove
from projections.advice.goals import edges, goes_against_words, late_from, nearly_all, unit_says_nothing


def on_kpi(
    kpi: Kpi,
    unit: OrgUnit | None,
    as_of: date,
    *,
    in_goal: bool,
    retired: Container[str] = (),
    dropped: Container[str] = (),
) -> Iterator[Advice]:
    """Yield advice on a KPI: whose it is, what it is for, and whether it is specific, measurable and dated.

    `in_goal`: a key result that runs on the day is measured by it, and says how far it is to go. `retired`:
    KPIs that nobody watches any longer. `dropped`: objectives and key results that nobody works on.
    """
    item = Item("kpi", kpi.id, Text(kpi.name_ko, kpi.name_en))
    if kpi.owner is None:
        yield advice("owner_missing", item)
    if kpi.org_unit is None:
        yield advice("org_unit_missing", item)
    if unit_says_nothing(kpi.unit):
        yield advice("measure_unit_unclear", item, unit=kpi.unit)
    if unit is not None and unit.level != "company" and (kpi.serves is None or kpi.serves in dropped):
        yield advice("kpi_link_missing", item)
    if kpi.reward is not None and all(other in retired for other in kpi.counter_metrics):
        yield advice("bonus_without_counter_metric", item)
    target = kpi.target_on(as_of)
    if target is None and in_goal:
        return
    if target is None:
        yield advice("target_missing", item, day=as_of)
        if words.is_vague(kpi.name_ko) or words.is_vague(kpi.name_en):
            yield advice("kpi_too_vague", item)
        return
    if target.kind in ("increase", "decrease") and target.effective_to is None:
        yield advice("date_missing", item)
    measure = target.measure(kpi.unit)
    if any(goes_against_words(measure, name) for name in (Text(kpi.name_ko, kpi.name_en))):
        yield advice("direction_contradicts_words", item, direction=measure.kind)
    if (percent := nearly_all(measure)) is not None:
        yield advice("high_target_without_tolerance", item, target=percent)


def on_kpi_moves(
    kpi: Kpi, cycles: Collection[Cycle], moves: Iterable[KpiTargetMove], *, asked: Container[str]
) -> Iterator[Advice]:
    """Yield advice on KPI targets that moved late in some cycles, by the day they were recorded on."""
    for move in moves:
        first = move.new.effective_from
        holding = [cycle for cycle in cycles if cycle.start <= first <= cycle.end]
        cycle = min(holding, key=lambda each: (each.end - each.start, each.id), default=None)
        if cycle is None or cycle.id not in asked or move.recorded_on < late_from(cycle):
            continue
        old, new = edges(move.old.target, move.old.upper), edges(move.new.target, move.new.upper)
        item = Item("kpi", kpi.id, Text(kpi.name_ko, kpi.name_en), cycle.id)
        yield advice("kpi_target_moved_late", item, day=move.recorded_on, old=old, new=new)


def on_kpis_of(unit: OrgUnit, kpis: Sequence[Kpi]) -> Iterator[Advice]:
    """Yield advice on how many KPIs a unit has, and whether they look at more than money and the past."""
    item = Item("org_unit", unit.id, Text(unit.name_ko, unit.name_en))
    least, most = KPIS_PER_UNIT
    if len(kpis) > most:
        yield advice("too_many_kpis", item, count=len(kpis), least=least, most=most)
    if 0 < len(kpis) < least:
        yield advice("too_few_kpis", item, count=len(kpis), least=least, most=most)
    if kpis and all(kpi.perspective == "finance" for kpi in kpis):
        yield advice("only_money_kpis", item)
    if kpis and all(kpi.leading is False for kpi in kpis):
        yield advice("only_lagging_kpis", item)
