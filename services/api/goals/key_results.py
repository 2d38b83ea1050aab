"""Key results (핵심 결과): one with its score, its changes, and the targets it had."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command, Title
from events.decimals import Number
from events.ids import Aggregate, Slug
from events.measures import Measure
from events.objectives.commands import (
    ChangeKeyResultOwner,
    ChangeMeasure,
    ChangeTarget,
    CorrectBaseline,
    DropKeyResult,
    LinkKpi,
    RewordKeyResult,
    SetWeights,
    UnlinkKpi,
)
from events.objectives.state import KeyResult, Objective, TargetFact
from projections.audit import queries as audit
from projections.state import queries
from services.access.callers import Caller
from services.api.http.command_execution import Reason, Reasoned, Receipt, Writing, as_command, require_change
from services.api.http.conditional import IfMatch, tagged
from services.api.http.language import Lang
from services.api.http.openapi_responses import CHANGE, READ
from services.api.http.paging import Page, PagedByNumber, page_from
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor, Reader
from services.api.http.services import Services, Serving
from services.queries.completeness import Incomplete
from services.queries.goal_schemas import KeyResultOut, Score
from services.queries.goalposts import as_held
from services.queries.lookup import NotFound, shown
from services.queries.objective_scores import ObjectiveScores
from services.queries.person_names import name_people
from services.queries.read_context import ReadContext

router = subject_router("/v1/key-results", "goals")

KeyResultId = Annotated[Slug, Path(examples=["acv"])]


class KeyResultPatch(Command):
    """Fields to change; a field that is left out stays as it is. Targets have a path of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"baseline": "48000000", "reason": "작년 실적을 다시 집계했습니다"},
                {
                    "measure": {"kind": "decrease", "baseline": "15", "target": "6", "unit": "rank"},
                    "reason": "점수보다 순위가 고객에게 뜻이 있습니다",
                },
            ]
        }
    )

    title: Title | None = None
    measure: Measure | None = Field(
        None, description="How it is measured from this business day on: another kind, unit or direction."
    )
    baseline: Number | None = Field(None, description="The figure it starts from was another one.")
    kpi: Slug | None = Field(None, description="Where its value comes from; null for check-ins.")
    owner: Slug | None = Field(None, description="A person's id; null for nobody.")
    weight: Number | None = Field(None, description="null takes it away.")
    reason: Reason | None = Field(None, description="Needed once the objective is active.")


class NewTarget(Command):
    """Another target."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "target": "90000000",
                    "reason": "신규 고객 확보로 목표 상향",
                    "effective_from": "2026-02-01",
                }
            ]
        }
    )

    target: Number = Field(description="Of `between` the lower edge.")
    upper: Number | None = Field(None, description="The upper edge of `between`; left out, it stays.")
    effective_from: date | None = Field(None, description="The business day it holds from; default today.")
    reason: Reason | None = Field(None, description="Needed once the objective is active.")


class KeyResultRead(KeyResultOut, Times):
    """One key result, now or then."""

    revision: int = Field(description="Of its objective: both change together.")
    incomplete: Incomplete


class GoalpostOut(BaseModel):
    """A target or baseline: when, by whom and why it came to be what it is, and the score against it."""

    what: Literal["target", "baseline"]
    old: Number | None = Field(description="null for the first one of a measure.")
    new: Number
    unit: str
    old_upper: Number | None = Field(description="Of `between`: the upper edge before.")
    upper: Number | None = Field(description="Of `between`, whose lower edge is the target.")
    effective_from: date | None = Field(
        description="The business day a target holds from; null for one whose place another one took before"
        " the objective was active, and for a baseline."
    )
    backdated: bool = Field(description="It holds from a day before the one on which it was set.")
    in_force: bool = Field(description="It holds on the day shown.")
    score: Score | None = Field(
        description="Against this target on the day shown; null for baselines, and for targets of another"
        " measure than that day's."
    )
    position: int
    recorded_at: datetime
    event_id: UUID
    actor: str
    reason: str | None
    asked_by: str | None = Field(description="Who asked for it, where the actor only agreed to it.")
    asked_why: str | None


async def objective_of(services: Services, caller: Caller, key_result: str) -> Aggregate:
    """Return the objective that a key result belongs to, for a change. Raises 404."""
    objective = await services.goals.objective_of(caller.workspace, key_result)
    if objective is None:
        raise NotFound("key_result", key_result)
    return Aggregate("objective", objective)


async def find_key_result(
    context: ReadContext, key_result: str, response: Response
) -> tuple[Objective, KeyResult, int]:
    """Return the key result with its objective and the revision of both. Raises 404."""
    found = await queries.objective_with(context.connection, key_result, context.position)
    if found is not None:
        assert isinstance(found.state, Objective)
        with suppress(NotFound):
            found = tagged(context, await shown(context, "objective", found.state.id, found), response)
            assert isinstance(found.state, Objective)
            state = found.state.key_result(key_result)
            if state is not None:
                return found.state, state, found.revision
    raise NotFound("key_result", key_result)


@router.get("/{key_result}", summary="Read a key result with its score", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    key_result: KeyResultId,
    as_of: AsOf,
    known_at: KnownAt,
) -> KeyResultRead:
    """One key result."""
    async with viewing.context(caller, as_of, known_at) as context:
        objective, state, revision = await find_key_result(context, key_result, response)
        figures = await ObjectiveScores.load(context, [objective])
        shown = figures.key_result(objective, state, figures.score(objective, state))
        await name_people(services.keys, context, language, [shown, *shown.initiatives])
        return KeyResultRead(
            **dict(shown), revision=revision, incomplete=figures.incomplete(objective), **context.times
        )


@router.patch("/{key_result}", summary="Change a key result", responses=CHANGE)
async def change(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    key_result: KeyResultId,
    if_match: IfMatch,
    body: KeyResultPatch,
) -> Receipt:
    """Reword it, measure it otherwise, correct its baseline, link it to a KPI, change its owner or weight.

    With another measure earlier days keep theirs, with its targets, values and scores. A link to a KPI of the
    same unit stays; without one the value comes from check-ins of that day or later.
    """
    commands = _commands(key_result, body)
    # Before it is looked up, so that it tells nothing of a key result that is hidden.
    require_change(commands)
    return await writing.execute(
        caller,
        await objective_of(services, caller, key_result),
        *commands,
        body=body,
        if_match=if_match,
        key_result=key_result,
    )


def _commands(key_result: str, body: KeyResultPatch) -> list[Command]:
    commands: list[Command] = []
    if body.title is not None:
        commands.append(RewordKeyResult(key_result=key_result, title=body.title))
    if body.measure is not None:
        commands.append(ChangeMeasure(key_result=key_result, measure=body.measure))
    if body.baseline is not None:
        commands.append(CorrectBaseline(key_result=key_result, baseline=body.baseline))
    if body.kpi is not None:
        commands.append(LinkKpi(key_result=key_result, kpi=body.kpi))
    elif "kpi" in body.model_fields_set:
        commands.append(UnlinkKpi(key_result=key_result))
    if "owner" in body.model_fields_set:
        commands.append(ChangeKeyResultOwner(key_result=key_result, owner=body.owner))
    if "weight" in body.model_fields_set:
        commands.append(SetWeights(weights={key_result: body.weight}))
    return commands


@router.post("/{key_result}/drop", summary="Drop a key result", responses=CHANGE)
async def drop(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    key_result: KeyResultId,
    if_match: IfMatch,
    body: Reasoned | None = None,
) -> Receipt:
    """Pursue it no longer; that takes a reason."""
    return await writing.execute(
        caller,
        await objective_of(services, caller, key_result),
        DropKeyResult(key_result=key_result),
        body=body,
        if_match=if_match,
        key_result=key_result,
    )


@router.post("/{key_result}/targets", status_code=201, summary="Change the target", responses=CHANGE)
async def change_target(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    key_result: KeyResultId,
    if_match: IfMatch,
    body: NewTarget,
) -> Receipt:
    """Set another target from a day of the cycle on; the old one stays on record."""
    return await writing.execute(
        caller,
        await objective_of(services, caller, key_result),
        as_command(body, ChangeTarget, key_result=key_result),
        body=body,
        if_match=if_match,
        key_result=key_result,
        location=f"{router.prefix}/{key_result}/targets",
    )


@router.get("/{key_result}/targets", summary="How the target evolved", responses=READ)
async def targets(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: PagedByNumber,
    language: Lang,
    key_result: KeyResultId,
    as_of: AsOf,
    known_at: KnownAt,
) -> Page[GoalpostOut]:
    """Every target and baseline in the order they were set: who, when, why, and the score against each."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        objective, state, _revision = await find_key_result(context, key_result, response)
        figures = await ObjectiveScores.load(context, [objective])
        found = await queries.latest(context.connection, "objective", objective.id, context.position)
        whole = found.state.key_result(key_result) if found and isinstance(found.state, Objective) else None
    async with viewing.trail(caller, context.position) as trail:
        posts = await audit.goalposts(
            trail.connection, caller.workspace, key_result, objective=objective.id, known=context.position
        )
    shown = []
    upper = None
    for post, in_force, judges, fact in as_held(posts, whole or state, context.as_of, state):
        score = None
        if post.what == "target" and judges:
            # What was recorded before edges moved together names the lower one only: the upper one stayed.
            upper = upper if post.upper is None else post.upper
            post = post._replace(upper=upper)
            base = None if fact is None else fact.base
            held = TargetFact(target=post.new, effective_from=date.min, upper=upper, base=base)
            score = figures.against(objective, state, held)
        reasons = {
            name: await services.keys.open_text(caller.workspace, text, language)
            for name in ("reason", "asked_why")
            if (text := getattr(post, name)) is not None
        }
        shown.append(
            GoalpostOut(
                **(post._asdict() | reasons),
                unit=state.measure.unit if post.measure is None else post.measure.unit,
                in_force=in_force,
                score=None if score is None else figures.judged(objective, state, score),
            )
        )
    return page_from(shown, paged, context.next_page)
