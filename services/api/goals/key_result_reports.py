"""What is reported on a key result: check-ins (체크인) and each change of its score."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command, Note
from events.decimals import Number
from events.objectives.commands import CheckIn
from events.objectives.state import Objective
from projections.state import queries
from projections.state.queries_goals import days_scored_later
from services.api.goals.key_results import KeyResultId, find_key_result, objective_of
from services.api.http.command_execution import Receipt, Writing, as_command
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ, STEP
from services.api.http.paging import Page, PagedByNumber, page_from
from services.api.http.read_parameters import KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor, Reader
from services.api.http.services import Serving
from services.queries.read_context import ReadContext
from services.queries.score_turns import score_turns

router = subject_router("/v1/key-results", "goals")


class NewCheckIn(Command):
    """A report: a value if no KPI gives it, confidence, a note."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"confidence": 7, "note": "대형 고객 두 곳과 계약 막바지입니다"}]}
    )

    day: date | None = Field(
        None,
        description="The business day it is about; default today. A value names it once the cycle is over.",
    )
    value: Number | None = None
    confidence: Annotated[int, Field(ge=0, le=10)] | None = None
    note: Note | None = Field(None, description="Stored encrypted.")


class CheckInOut(BaseModel):
    """A person's report."""

    day: date
    actor: str
    event_id: UUID
    value: Number | None
    confidence: int | None
    note: str | None


class ScorePoint(BaseModel):
    """A score as it came about."""

    day: date = Field(description="The business day whose end was scored.")
    cause: str = Field(
        description="The goal event that brought it about; or `reading`: all readings of one recorded day"
        " (UTC) that began to count for this day; or `computed`: what counts from another day moves this one"
        " as well, such as a target of an earlier day, a baseline, readings that were on record before the"
        " key result was added, or time."
    )
    recorded_at: datetime = Field(description="When the event at `position` was recorded.")
    position: int = Field(
        description="Of the goal event. A `reading` row has the score as known after the last event of the"
        " recorded day that could change it (a reading for this or an earlier day, or a goal event such as a"
        " new target), and the position of that event, which need not be the reading's. Where `known_at` lies"
        " within the recorded day, the row is computed. What is computed has the position of the last event"
        " on the ledger by then. `GET /v1/readings` tells when a reading was recorded."
    )
    value: Number | None
    raw: Number | None = Field(description="Unbounded, six places; null while pending.")
    score: Number = Field(description="`raw` between 0 and 1, also where the policy's cap is higher.")
    met: bool | None
    baseline: Number | None
    target: Number | None = Field(description="null until a relative goal is resolved.")
    upper: Number | None
    weight: Number | None


@router.post("/{key_result}/check-ins", status_code=201, summary="Check in", responses=STEP)
async def check_in(
    services: Serving,
    caller: GoalEditor,
    writing: Writing,
    key_result: KeyResultId,
    body: NewCheckIn,
) -> Receipt:
    """Report on a key result. It changes nothing of the goal, so it needs no If-Match."""
    return await writing.execute(
        caller,
        await objective_of(services, caller, key_result),
        as_command(body, CheckIn, key_result=key_result),
        body=body,
        key_result=key_result,
        location=f"{router.prefix}/{key_result}/check-ins",
    )


@router.get("/{key_result}/check-ins", summary="List check-ins", responses=READ)
async def check_ins(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: PagedByNumber,
    language: Lang,
    key_result: KeyResultId,
    known_at: KnownAt,
) -> Page[CheckInOut]:
    """All reports, the latest first."""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        _objective, state, _revision = await find_key_result(context, key_result, response)
    reports = [CheckInOut(**dict(report)) for report in reversed(state.check_ins)]
    listed = page_from(reports, paged, context.next_page)
    for report in listed.data:
        if report.note is not None:
            report.note = await services.keys.open_text(caller.workspace, report.note, language)
    return listed


@router.get("/{key_result}/score-history", summary="Each change of the score", responses=READ)
async def score_history(
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: PagedByNumber,
    key_result: KeyResultId,
    known_at: KnownAt,
    first: Annotated[date | None, Query(alias="from", description="The first business day.")] = None,
    last: Annotated[date | None, Query(alias="to", description="The last business day.")] = None,
) -> Page[ScorePoint]:
    """The scores of business days, in their order: of two for one day the later one is known better.

    There is one for each goal event, for the day from which it counts, and one for each day on which readings
    began to count. Wherever another score holds than these say, one more is computed for this answer (cause
    `computed`). So the last one up to a day that has come is the score that a read with `as_of` has.
    """
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        objective, _state, _revision = await find_key_result(context, key_result, response)
        last = last or date.max
        rows = await queries.score_rows(context.connection, key_result, date.min, last, context.position)
        points = [ScorePoint.model_validate(row, from_attributes=True) for row in rows]
        points.sort(key=lambda point: (point.day, point.position))
        points += await _not_stored(context, objective, key_result, points)
    listed = [point for point in points if (first or date.min) <= point.day <= last]
    listed.sort(key=lambda point: (point.day, point.position))
    return page_from(listed, paged, context.next_page)


async def _not_stored(
    context: ReadContext, objective: Objective, key_result: str, points: Sequence[ScorePoint]
) -> list[ScorePoint]:
    """Return a point for each day from which another score holds than the last stored point says."""
    replaced = await _replaced_since(context, key_result)
    turns = await score_turns(context, objective, key_result, replaced)
    position, recorded_at = await queries.moment_at(context.connection, context.position)
    found = []
    upcoming, held = deque(points), None
    turning, turn = deque(turns), None
    known_until = max([context.as_of, *replaced])
    for day in sorted({point.day for point in points} | {each.day for each in turns}):
        while upcoming and upcoming[0].day <= day:
            held = upcoming.popleft()
        while turning and turning[0].day <= day:
            turn = turning.popleft()
        if turn is None or day > known_until:
            continue
        score = turn.score
        told = None if held is None else held.raw
        if told == score.raw and (held is None or held.score == score.score):
            continue
        held = ScorePoint(
            day=day,
            cause="reading" if day in replaced else "computed",
            recorded_at=recorded_at,
            position=position,
            value=score.value,
            raw=score.raw,
            score=score.score,
            met=score.met,
            baseline=score.baseline,
            target=score.target,
            upper=score.upper,
            weight=turn.weight,
        )
        found.append(held)
    return found


async def _replaced_since(context: ReadContext, key_result: str) -> list[date]:
    """Return the days whose row of the recorded day was replaced after the moment that is asked for."""
    if context.known_at is None or context.position >= context.view.position:
        return []
    recorded_day = context.known_at.astimezone(UTC).date()
    return await days_scored_later(context.connection, key_result, recorded_day, context.position)
