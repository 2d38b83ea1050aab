"""Scores of scorecards: their items scored as goals and KPIs are, by the policies that the cycle pins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from events.cycles.state import Cycle
from events.ids import Aggregate
from events.kpis.state import Kpi
from events.measures import ADDING_UP
from events.objectives.state import Objective
from events.policies.rules import Framework
from events.policies.state import InForce, Policies
from events.scorecards.items import Item
from events.scorecards.state import Scorecard
from projections.scoring.bands import band_of, grade_of
from projections.scoring.formulas import rounded
from projections.scoring.scorecards import (
    Line,
    Totals,
    as_key_result,
    line_score,
    total_score,
    totalled_days,
    totals,
)
from projections.scoring.values import BusinessDays
from projections.state import queries
from services.queries.grading import BandOut, PolicyRef, load_policies, policy_ref
from services.queries.objective_scores import ObjectiveScores
from services.queries.read_context import ReadContext
from services.queries.visibility import hidden_aggregates


@dataclass(frozen=True)
class CardLine:
    """One item with its score."""

    item: Item
    name_ko: str | None
    name_en: str | None
    policy: PolicyRef
    line: Line
    withheld: bool = False
    """An MBO goal that the caller does not see."""
    totals: Totals | None = None
    """Of a KPI that adds up: what its periods came to, and their targets."""

    @property
    def pending(self) -> bool:
        """It counts 0 because it has no score."""
        return not self.withheld and self.line.raw is None

    @property
    def raw(self) -> Decimal | None:
        """Rounded to six places."""
        return None if self.withheld or self.line.raw is None else rounded(self.line.raw)

    @property
    def score(self) -> Decimal | None:
        """Between 0 and the cap."""
        return None if self.withheld else rounded(line_score(self.line))

    @property
    def points(self) -> Decimal | None:
        """What it adds to the total, in percent."""
        return None if self.withheld else rounded(Fraction(self.item.weight) * line_score(self.line))


@dataclass(frozen=True)
class Judged:
    """The total of a scorecard and what it is worth."""

    score: Decimal | None
    policy: PolicyRef
    band: BandOut | None
    payout_table: bool
    grade: str | None
    pay_factor: Decimal | None


class ScorecardScores:
    """Everything that scores of some scorecards follow from."""

    def __init__(self, context: ReadContext, hidden: frozenset[Aggregate], policies: Policies) -> None:
        self._context = context
        self._hidden = hidden
        self._policies = policies
        self._cycles: dict[str, Cycle] = {}
        self._kpis: dict[str, Kpi] = {}
        self._objectives: dict[str, tuple[Objective, int]] = {}
        self._objective_of: dict[str, str] = {}
        self._holders: dict[str, Objective] = {}
        self._figures: dict[date, ObjectiveScores] = {}
        self._days: dict[str, BusinessDays] = {}

    @staticmethod
    async def load(context: ReadContext, cards: Sequence[Scorecard]) -> ScorecardScores:
        """Read the goals, KPIs and policies that these scorecards name."""
        figures = ScorecardScores(context, await hidden_aggregates(context), await load_policies(context))
        await figures._load(cards)
        return figures

    async def _load(self, cards: Sequence[Scorecard]) -> None:
        items = [item for card in cards for item in card.items]
        connection, position = self._context.connection, self._context.position
        for item in items:
            if item.kind == "key_result":
                holder = await queries.objective_of(connection, item.id, position)
                if holder is not None:
                    self._objective_of[item.id] = holder
        wanted = {Aggregate("cycle", card.cycle) for card in cards}
        wanted |= {Aggregate(item.kind, item.id) for item in items if item.kind != "key_result"}
        wanted |= {Aggregate("objective", id_) for id_ in self._objective_of.values()}
        for version in (await queries.latest_of(connection, sorted(wanted), position)).values():
            match version.state:
                case Cycle() as cycle:
                    self._cycles[cycle.id] = cycle
                case Kpi() as kpi:
                    self._kpis[kpi.id] = kpi
                case Objective() as objective:
                    self._objectives[objective.id] = objective, version.revision
        self._holders = {card.id: self._holder(card) for card in cards}
        for day in {self._day(card) for card in cards}:
            goals = [objective.as_on(day) for objective, _ in self._objectives.values()]
            holders = [self._holders[card.id] for card in cards if self._day(card) == day]
            self._figures[day] = await ObjectiveScores.load(
                replace(self._context, as_of=day), [*goals, *holders]
            )
        self._days = await queries.days_of_each(connection, self._stretches(cards), position)

    def _stretches(self, cards: Sequence[Scorecard]) -> dict[str, tuple[date, date]]:
        """From which to which day the readings of each KPI that adds up may count."""
        found: dict[str, tuple[date, date]] = {}
        for card in cards:
            for item in card.items:
                kpi = self._kpi(card, item)
                if kpi is not None and kpi.aggregation in ADDING_UP:
                    first, last = totalled_days(kpi, self._cycles[card.cycle])
                    known = found.get(kpi.id, (first, last))
                    found[kpi.id] = min(known[0], first), max(known[1], last)
        return found

    def _day(self, card: Scorecard) -> date:
        """Return the day whose end is looked at: goals of a longer cycle go on when the card's own is
        over.
        """
        return min(self._context.as_of, self._cycles[card.cycle].end)

    def _kpi(self, card: Scorecard, item: Item) -> Kpi | None:
        """Return the KPI of an item as it counts on the day that is looked at; None for a goal."""
        kpi = self._kpis.get(item.id) if item.kind == "kpi" else None
        return None if kpi is None else kpi.as_on(self._day(card))

    def _holder(self, card: Scorecard) -> Objective:
        """Return the KPIs of a scorecard with the targets in force, as key results: they follow the same
        rules.

        Without those that add up, whose targets are for periods.
        """
        cycle = self._cycles[card.cycle]
        day = self._day(card)
        found = []
        for item in card.items:
            kpi = self._kpi(card, item)
            target = None if kpi is None else kpi.target_on(day)
            # One that was retired stays the measure it was: a closed scorecard reads as before.
            if kpi is not None and target is not None and kpi.aggregation not in ADDING_UP:
                found.append(as_key_result(kpi, target, cycle))
        return Objective(
            id=card.id, title=card.id, cycle=cycle.id, ambition="committed", key_results=tuple(found)
        )

    def line(self, card: Scorecard, item: Item) -> CardLine:
        """One item with its score, capped by the policy of its framework."""
        if item.kind == "kpi":
            kpi = self._kpi(card, item)
            names = (item.id, item.id) if kpi is None else (kpi.name_ko, kpi.name_en)
            if kpi is None or kpi.aggregation not in ADDING_UP:
                return self._line(card, item, names, "kpi", self._raw(card, self._holders[card.id], item.id))
            together = totals(kpi, self._days[kpi.id], self._cycles[card.cycle], self._day(card))
            line = self._line(card, item, names, "kpi", None if together is None else together.raw)
            return replace(line, totals=together)
        found = self._objectives.get(
            item.id if item.kind == "objective" else self._objective_of.get(item.id, "")
        )
        if found is None:
            return self._line(card, item, (item.id, item.id), "okr", None)
        objective, revision = found[0].as_on(self._day(card)), found[1]
        if Aggregate("objective", objective.id) in self._hidden:
            return self._line(card, item, (None, None), objective.framework, None, withheld=True)
        if item.kind == "key_result":
            key_result = objective.key_result(item.id)
            title = item.id if key_result is None else key_result.title
            raw = self._raw(card, objective, item.id)
            return self._line(card, item, (title, title), objective.framework, raw)
        raw = None
        if objective.status != "dropped":
            shown = self._figures[self._day(card)].objective(objective, revision)
            # An objective of which nothing has a score has none either.
            if shown.score is not None and len(shown.pending) < len(objective.active_key_results):
                raw = Fraction(shown.score)
        return self._line(card, item, (objective.title, objective.title), objective.framework, raw)

    def _raw(self, card: Scorecard, objective: Objective, key_result: str) -> Fraction | None:
        found = objective.key_result(key_result)
        if found is None or objective.status == "dropped":
            return None
        score = self._figures[self._day(card)].score(objective, found)
        return None if score is None else score.exact

    def _line(
        self,
        card: Scorecard,
        item: Item,
        names: tuple[str | None, str | None],
        framework: Framework,
        raw: Fraction | None,
        *,
        withheld: bool = False,
    ) -> CardLine:
        policy = self._pinned(card, framework)
        line = Line(item.weight, raw, policy.rules.shown_cap)
        return CardLine(item, *names, policy_ref(policy), line, withheld)

    def judge(self, card: Scorecard, lines: Iterable[CardLine]) -> Judged:
        """Return the total, its band and grade: by the MBO policy for a person, by the KPI policy for a
        unit.
        """
        lines = list(lines)
        policy = self._pinned(card, "mbo" if card.person is not None else "kpi")
        reference, table = policy_ref(policy), bool(policy.rules.payout)
        if any(line.withheld for line in lines):
            return Judged(None, reference, None, table, None, None)
        score = total_score([line.line for line in lines])
        band = band_of(score, policy.rules.usual.bands)
        grade = grade_of(score, policy.rules.payout)
        return Judged(
            score,
            reference,
            BandOut(code=band.code, name_ko=band.name_ko, name_en=band.name_en),
            table,
            None if grade is None else grade.grade,
            None if grade is None else grade.pay_factor,
        )

    def _pinned(self, card: Scorecard, framework: Framework) -> InForce:
        return self._policies.pinned(framework, self._cycles[card.cycle])
