"""Alignment (정렬): how company goals are carried by whom, and what hangs on nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from events.cycles.state import Cycle
from events.decimals import Number
from events.ids import Slug
from events.initiatives.state import Initiative, InitiativeStatus
from events.kpis.state import Kpi
from events.objectives.state import Objective, ObjectiveStatus
from events.org_units.events import Level
from events.org_units.state import OrgUnit
from projections.alignment.tree import Carriers, ObjectiveNode, Orphans, align
from projections.state import queries
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Reader
from services.api.http.services import Serving
from services.queries.goal_schemas import KeyResultOut
from services.queries.kpi_status import KpiStatusOut, statuses
from services.queries.lookup import NotFound
from services.queries.objective_scores import ObjectiveScores
from services.queries.paging import id_of
from services.queries.person_names import names_of
from services.queries.read_context import ReadContext
from services.queries.visibility import seen, seen_objectives, with_purpose_seen

router = subject_router("/v1/alignment", "goals")


class Owned(BaseModel):
    """What a person answers for."""

    owner: str | None
    owner_name: str | None = Field(description="null for nobody, and for whom it is not known.")


class Placed(Owned):
    """What belongs to a unit and a person."""

    org_unit: str | None
    org_unit_ko: str | None = Field(description="The unit's name; null for none.")
    org_unit_en: str | None
    level: Level | None = Field(description="The unit's.")


class CarryingKpi(Placed):
    """A KPI that serves a goal, or that serves none."""

    id: str
    name_ko: str
    name_en: str
    why: str | None = Field(description="In one sentence, how it serves the goal.")
    status: KpiStatusOut


class CarryingWork(Placed):
    """An initiative for a goal."""

    id: str
    title: str
    status: InitiativeStatus
    due: date | None


class CarriedBy(BaseModel):
    """What helps to reach a goal; each by id."""

    objectives: list[AlignedObjective] = Field(description="Those that support it.")
    kpis: list[CarryingKpi] = Field(description="Those that serve it.")
    initiatives: list[CarryingWork] = Field(description="The work that is to move it.")


class AlignedKeyResult(Owned):
    """A key result and what carries it."""

    id: str
    objective: str
    title: str
    score: Number | None = Field(description="0 to the policy's cap (1 for OKR); null while pending.")
    taken_over_by: tuple[str, ...] = Field(description="Objectives that make it their own.")
    carried_by: CarriedBy


class AlignedObjective(Placed):
    """An objective and what carries it."""

    id: str
    title: str
    cycle: str
    status: ObjectiveStatus
    direct: bool = Field(description="It only holds the key results that hang directly on its unit.")
    supports: tuple[str, ...]
    takes_over: str | None = Field(description="The key result of another objective that it makes its own.")
    score: Number | None = Field(
        description="Weighted mean of its key results, 0 to the policy's cap (1 for OKR); null without any."
    )
    shown_before: bool = Field(
        description="It supports several goals and stands further up, with its key results and carriers."
    )
    key_results: list[AlignedKeyResult]
    carried_by: CarriedBy = Field(description="What carries it as a whole.")
    revision: int = Field(description="For If-Match of a change.")


class OrphansOut(BaseModel):
    """What hangs on nothing though it is not at the top; each by id."""

    objectives: list[AlignedObjective] = Field(description="They support nothing that is pursued.")
    key_results: list[AlignedKeyResult] = Field(description="Directly on a unit, and for no goal above.")
    kpis: list[CarryingKpi] = Field(description="They serve nothing, and no key result is measured by them.")
    initiatives: list[CarryingWork] = Field(description="Not over, and for no goal that is pursued.")


class AlignmentOut(Times):
    """The goals of some cycles as they hang together."""

    cycles: list[str]
    top: list[AlignedObjective] = Field(
        description="Objectives of units at the top, by id, of the cycles and of others that their goals"
        " lead to; those that support another one stand below it."
    )
    orphans: OrphansOut
    not_carried: list[str] = Field(description="Objectives of the top that nothing carries.")


@router.get("", summary="Read how goals are carried", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    language: Lang,
    as_of: AsOf,
    known_at: KnownAt,
    cycle: Annotated[
        Slug | None,
        Query(description="Only this cycle; default: those that are not closed.", examples=["2026-q1"]),
    ] = None,
) -> AlignmentOut:
    """Each objective of the top with what supports or serves it, in any cycle; and what hangs on nothing."""
    async with viewing.context(caller, as_of, known_at) as context:
        known = await _Known.load(context)
        cycles = known.cycles_asked(cycle)
        alignment = align(known.objectives, known.kpis, known.initiatives, known.units, cycles, context.as_of)
        shown = [objective for objective in known.objectives if objective.id in alignment.shown]
        figures = await ObjectiveScores.load(context, shown)
        people = {kpi.owner for kpi in known.kpis} | {work.owner for work in known.initiatives}
        people |= {objective.owner for objective in shown}
        people |= {key_result.owner for objective in shown for key_result in objective.key_results}
        names = await names_of(
            context.connection, services.keys, caller.workspace, people, context.position, language
        )
        standing = await statuses(context, [kpi for kpi in known.kpis if not kpi.retired])
        answer = _Answer(known, figures, standing, names)
        return AlignmentOut(
            cycles=sorted(cycles),
            top=[answer.node(node) for node in alignment.top],
            orphans=answer.orphans(alignment.orphans),
            not_carried=[objective.id for objective in alignment.not_carried],
            **context.times,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """All goals, KPIs and units as known then."""

    objectives: list[Objective]
    revisions: dict[str, int]
    kpis: list[Kpi]
    initiatives: list[Initiative]
    units: dict[str, OrgUnit]
    cycles: dict[str, Cycle]

    @staticmethod
    async def load(context: ReadContext) -> _Known:
        versions = {
            kind: await queries.latest_of_kind(context.connection, kind, context.position)
            for kind in ("kpi", "org_unit", "cycle")
        }
        versions["objective"] = await seen_objectives(context)
        initiatives = await queries.latest_of_kind(context.connection, "initiative", context.position)
        versions["initiative"] = await seen(context, "initiative", initiatives)
        states = {kind: [version.state for version in found] for kind, found in versions.items()}
        return _Known(
            objectives=[state for state in states["objective"] if isinstance(state, Objective)],
            revisions={id_of(version): version.revision for version in versions["objective"]},
            kpis=await with_purpose_seen(
                context, [state for state in states["kpi"] if isinstance(state, Kpi)]
            ),
            initiatives=[state for state in states["initiative"] if isinstance(state, Initiative)],
            units={state.id: state for state in states["org_unit"] if isinstance(state, OrgUnit)},
            cycles={state.id: state for state in states["cycle"] if isinstance(state, Cycle)},
        )

    def cycles_asked(self, cycle: str | None) -> frozenset[str]:
        """Return the cycle, or those that are not closed. Raises 404."""
        if cycle is None:
            return frozenset(id_ for id_, one in self.cycles.items() if one.status != "closed")
        if cycle not in self.cycles:
            raise NotFound("cycle", cycle)
        return frozenset({cycle})


class _Answer:
    """What is answered of goals and KPIs: with scores, units and names of people."""

    def __init__(
        self,
        known: _Known,
        figures: ObjectiveScores,
        standing: Mapping[str, KpiStatusOut],
        names: Mapping[str, str],
    ) -> None:
        self._known = known
        self._figures = figures
        self._standing = standing
        self._names = names

    def node(self, node: ObjectiveNode) -> AlignedObjective:
        """Return an objective with its key results and carriers, or only itself if it was shown before."""
        objective = node.objective
        scored = self._figures.objective(objective, self._known.revisions[objective.id])
        told = {each.id: each for each in scored.key_results}
        return AlignedObjective(
            id=objective.id,
            title=objective.title,
            cycle=objective.cycle,
            status=objective.status,
            direct=objective.direct,
            supports=objective.supports,
            takes_over=objective.takes_over,
            score=scored.score,
            shown_before=node.shown_before,
            key_results=[
                self._key_result(told[each.key_result.id], each.carried_by) for each in node.key_results
            ],
            carried_by=self._carried_by(node.carried_by),
            revision=scored.revision,
            **self._place(objective),
        )

    def kpi(self, kpi: Kpi) -> CarryingKpi:
        """Return a KPI, why it serves what it serves, and how it stands."""
        return CarryingKpi(
            id=kpi.id,
            name_ko=kpi.name_ko,
            name_en=kpi.name_en,
            why=kpi.serves_why,
            status=self._standing[kpi.id],
            **self._place(kpi),
        )

    def orphans(self, orphans: Orphans) -> OrphansOut:
        """Return what hangs on nothing, with what carries it."""
        return OrphansOut(
            objectives=[self.node(node) for node in orphans.objectives],
            key_results=[each for node in orphans.direct for each in self.node(node).key_results],
            kpis=[self.kpi(kpi) for kpi in orphans.kpis],
            initiatives=[self._work(work) for work in orphans.initiatives],
        )

    def _key_result(self, key_result: KeyResultOut, carriers: Carriers) -> AlignedKeyResult:
        score = key_result.score
        return AlignedKeyResult(
            id=key_result.id,
            objective=key_result.objective,
            title=key_result.title,
            score=None if score is None or score.pending else score.score,
            taken_over_by=key_result.taken_over_by,
            carried_by=self._carried_by(carriers),
            **self._owner(key_result.owner),
        )

    def _carried_by(self, carriers: Carriers) -> CarriedBy:
        return CarriedBy(
            objectives=[self.node(node) for node in carriers.objectives],
            kpis=[self.kpi(kpi) for kpi in carriers.kpis],
            initiatives=[self._work(initiative) for initiative in carriers.initiatives],
        )

    def _work(self, work: Initiative) -> CarryingWork:
        return CarryingWork(
            id=work.id, title=work.title, status=work.status, due=work.due, **self._place(work)
        )

    def _owner(self, owner: str | None) -> dict[str, str | None]:
        return {"owner": owner, "owner_name": None if owner is None else self._names.get(owner)}

    def _place(self, placed: Objective | Kpi | Initiative) -> dict[str, Any]:
        unit = self._known.units.get(placed.org_unit or "")
        return {
            "org_unit": placed.org_unit,
            "org_unit_ko": unit and unit.name_ko,
            "org_unit_en": unit and unit.name_en,
            "level": unit and unit.level,
            **self._owner(placed.owner),
        }
