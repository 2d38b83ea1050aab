"""Objectives (목표): the tree or one, now or then; drafting and changing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command, Title
from events.decimals import Number
from events.ids import Aggregate, Slug
from events.measures import Measure
from events.objectives.commands import (
    AddKeyResult,
    ChangeObjectiveCycle,
    ChangeObjectiveOrgUnit,
    ChangeObjectiveOwner,
    ChangeObjectiveReviewer,
    ChangeReward,
    ChangeSupports,
    DraftObjective,
    RewordObjective,
    SetWeights,
)
from events.objectives.state import Objective, ObjectiveStatus
from events.objectives.trajectory import Trajectory
from events.rewards import Reward
from events.text import Language
from services.access.callers import Caller
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.language import Lang
from services.api.http.openapi_responses import CHANGE, CREATE, READ
from services.api.http.paging import Page, Paged, page
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor, Reader
from services.api.http.services import Services, Serving
from services.queries.goal_schemas import ObjectiveOut
from services.queries.objective_scores import ObjectiveScores
from services.queries.paging import last_id
from services.queries.person_names import name_people
from services.queries.visibility import list_seen

router = subject_router("/v1/objectives", "goals")

ObjectiveId = Annotated[Slug, Path(examples=["growth"])]


class NewObjective(DraftObjective):
    """An objective to draft; without an id it gets one.

    `takes_over` names a key result of another objective that it makes its own: it supports that one, and has
    its title unless it is given one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "growth",
                    "title": "수익성 있는 성장",
                    "cycle": "2026-q1",
                    "org_unit": "company",
                    "owner": "anna",
                    "ambition": "stretch",
                }
            ]
        }
    )

    id: Slug | None = None
    reason: Reason | None = None


class ObjectivePatch(Command):
    """Fields to change; a field that is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"owner": "boris", "reason": "담당 조직이 바뀌었습니다"}]}
    )

    title: Title | None = None
    owner: Slug | None = Field(None, description="A person's id; null for nobody.")
    reviewer: Slug | None = Field(None, description="Of an MBO goal: who agrees on it with its owner.")
    org_unit: Slug | None = Field(None, description="null for none.")
    cycle: Slug | None = Field(None, description="One that is not closed, planned or open.")
    reward: Reward | None = Field(None, description="null for none; the policy may refuse one.")
    reason: Reason | None = Field(None, description="Needed once the objective is active.")


class NewKeyResult(Command):
    """A key result to add; without an id it gets one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "acv",
                    "title": "평균 계약 금액을 5천만 원에서 8천만 원으로",
                    "measure": {
                        "kind": "increase",
                        "baseline": "50000000",
                        "target": "80000000",
                        "unit": "KRW",
                    },
                    "kpi": "acv",
                    "owner": "anna",
                }
            ]
        }
    )

    id: Slug | None = None
    title: Title
    measure: Measure
    kpi: Slug | None = Field(None, description="Where its value comes from; without one from check-ins.")
    owner: Slug | None = None
    weight: Number | None = Field(None, description="For all key results of an objective or for none.")
    trajectory: Trajectory = Field((), description="What is expected on the way, in the order of the days.")
    reason: Reason | None = Field(None, description="Needed once the objective is active.")


class Weights(Command):
    """Weights of several key results at once; null takes one away."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"weights": {"acv": "2", "churn": "1"}, "reason": "우선순위 조정"}]}
    )

    weights: Annotated[dict[Slug, Number | None], Field(min_length=1, max_length=50)]
    reason: Reason | None = None


class NewSupports(ChangeSupports):
    """All objectives and key results that the objective is to support; none for an empty list."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"supports": ["acv"], "reason": "전사 핵심 결과에 맞춥니다"}]}
    )

    reason: Reason | None = Field(None, description="Needed once the objective is active.")


class ObjectiveRead(ObjectiveOut, Times):
    """One objective, now or then."""


@router.post("", status_code=201, summary="Draft an objective", responses=CREATE)
async def draft(caller: GoalEditor, writing: Writing, body: NewObjective) -> Receipt:
    """Write an objective down; until it is active it may change without a reason."""
    return await writing.create(caller, "objective", DraftObjective, body, router.prefix)


@router.get("", summary="List objectives with their scores", responses=READ)
async def list_objectives(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    as_of: AsOf,
    known_at: KnownAt,
    cycle: Annotated[Slug | None, Query(examples=["2026-q1"])] = None,
    org_unit: Annotated[Slug | None, Query(examples=["sales"])] = None,
    owner: Annotated[Slug | None, Query(examples=["anna"])] = None,
    status: Annotated[ObjectiveStatus | None, Query()] = None,
) -> Page[ObjectiveOut]:
    """Objectives with their key results, by id; `supports` and `org_unit` make the tree."""
    wanted = {"cycle": cycle, "org_unit": org_unit, "owner": owner, "status": status}
    filters = {field: value for field, value in wanted.items() if value is not None}
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        chosen = await list_seen(
            context,
            "objective",
            paged,
            holding=_parts(**filters),
            fits=lambda state: all(getattr(state, field) == value for field, value in filters.items()),
        )
        goals = [
            (version.state, version.revision) for version in chosen if isinstance(version.state, Objective)
        ]
        figures = await ObjectiveScores.load(context, [objective for objective, _ in goals])
        items = [figures.objective(objective, revision) for objective, revision in goals]
        listed = page(items, paged, context.next_page(last_id(chosen, paged)))
        await name_people(services.keys, context, language, _named(listed.data))
    for objective in listed.data:
        await _open(services, caller, objective, language)
    return listed


def _parts(**filters: str) -> list[dict[str, Any]]:
    """Return what the state of a fitting objective holds: the cycle may be one that it was moved from."""
    cycle = filters.get("cycle")
    if cycle is None:
        return [filters]
    others = {field: value for field, value in filters.items() if field != "cycle"}
    return [filters, {**others, "earlier_cycles": [{"cycle": cycle}]}]


@router.get("/{objective}", summary="Read an objective with its scores", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    objective: ObjectiveId,
    as_of: AsOf,
    known_at: KnownAt,
) -> ObjectiveRead:
    """One objective with its key results."""
    async with viewing.context(caller, as_of, known_at) as context:
        found = await find(context, "objective", objective, response)
        assert isinstance(found.state, Objective)
        figures = await ObjectiveScores.load(context, [found.state])
        shown = ObjectiveRead(**dict(figures.objective(found.state, found.revision)), **context.times)
        await name_people(services.keys, context, language, _named([shown]))
    await _open(services, caller, shown, language)
    return shown


def _named(objectives: Sequence[ObjectiveOut]) -> list[BaseModel]:
    """Objectives with all of theirs that name a person."""
    named: list[BaseModel] = []
    for objective in objectives:
        named += [objective, *objective.initiatives, *objective.key_results]
        named += [line for key_result in objective.key_results for line in key_result.initiatives]
    return named


async def _open(services: Services, caller: Caller, shown: ObjectiveOut, language: Language) -> None:
    """Make readable what people wrote at the objective's end."""
    for grade in shown.grades:
        if grade.reflection is not None:
            grade.reflection = await services.keys.open_text(caller.workspace, grade.reflection, language)
    for closing in shown.closings:
        if closing.comment is not None:
            closing.comment = await services.keys.open_text(caller.workspace, closing.comment, language)


@router.patch("/{objective}", summary="Change an objective", responses=CHANGE)
async def change(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: ObjectivePatch,
) -> Receipt:
    """Reword it, or give it to another owner, reviewer, unit or cycle; on an active MBO goal that waits."""
    commands: list[Command] = []
    if body.title is not None:
        commands.append(RewordObjective(title=body.title))
    if "owner" in body.model_fields_set:
        commands.append(ChangeObjectiveOwner(owner=body.owner))
    if "reviewer" in body.model_fields_set:
        commands.append(ChangeObjectiveReviewer(reviewer=body.reviewer))
    if "reward" in body.model_fields_set:
        commands.append(ChangeReward(reward=body.reward))
    if "org_unit" in body.model_fields_set:
        commands.append(ChangeObjectiveOrgUnit(org_unit=body.org_unit))
    if body.cycle is not None:
        commands.append(ChangeObjectiveCycle(cycle=body.cycle))
    return await writing.execute(
        caller, Aggregate("objective", objective), *commands, body=body, if_match=if_match
    )


@router.post("/{objective}/supports", summary="Change what an objective supports", responses=CHANGE)
async def change_supports(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: NewSupports,
) -> Receipt:
    """Say the whole list of objectives and key results it helps to reach; a circle is refused."""
    return await writing.execute(
        caller,
        Aggregate("objective", objective),
        as_command(body, ChangeSupports),
        body=body,
        if_match=if_match,
    )


@router.post("/{objective}/key-results", status_code=201, summary="Add a key result", responses=CHANGE)
async def add_key_result(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: NewKeyResult,
) -> Receipt:
    """Add a key result; its target holds from the cycle's first day on."""
    id_ = body.id or writing.new_id(caller)
    return await writing.execute(
        caller,
        Aggregate("objective", objective),
        as_command(body, AddKeyResult, key_result=id_),
        body=body,
        if_match=if_match,
        id_=id_,
        location=f"/v1/key-results/{id_}",
    )


@router.put("/{objective}/weights", summary="Set the weights of key results", responses=CHANGE)
async def set_weights(
    caller: GoalEditor,
    writing: Writing,
    objective: ObjectiveId,
    if_match: IfMatch,
    body: Weights,
) -> Receipt:
    """Weigh several key results at once; afterwards all of them have a weight or none has."""
    return await writing.execute(
        caller,
        Aggregate("objective", objective),
        as_command(body, SetWeights),
        body=body,
        if_match=if_match,
    )
