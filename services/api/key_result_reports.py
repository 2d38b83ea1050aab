"""What is reported on a key result: check-ins (체크인) and each change of its score."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command, Note
from events.numbers import Number
from events.objectives.commands import CheckIn
from projections.state import queries
from services.api.answers import READ, STEP
from services.api.key_results import KeyResultId, find_key_result, objective_of
from services.api.paging import Page, Paged, page_from
from services.api.positions import KnownAt, Viewing
from services.api.requests import ExactRoute, Lang
from services.api.security import GoalEditor, Reader
from services.api.services import Serving
from services.api.writing import Receipt, Writing, as_command

router = APIRouter(prefix="/v1/key-results", tags=["goals"], route_class=ExactRoute)


class NewCheckIn(Command):
    """A report: a value if no KPI gives it, confidence, a note."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"confidence": 7, "note": "대형 고객 두 곳과 계약 막바지입니다"}]}
    )

    day: date | None = Field(None, description="The business day it is about; default today.")
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
    cause: str = Field(description="The event that brought it about, or `reading`.")
    recorded_at: datetime
    position: int
    value: Number | None
    raw: Number | None = Field(description="Unbounded, six places; null while pending.")
    score: Number = Field(description="Between 0 and 1.")
    met: bool | None
    baseline: Number | None
    target: Number
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
        id_=key_result,
        location=f"{router.prefix}/{key_result}/check-ins",
    )


@router.get("/{key_result}/check-ins", summary="List check-ins", responses=READ)
async def check_ins(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: Paged,
    language: Lang,
    key_result: KeyResultId,
    known_at: KnownAt,
) -> Page[CheckInOut]:
    """All reports, the latest first."""
    async with viewing.then(caller, None, known_at, cursor=paged.cursor) as then:
        _objective, state, _revision = await find_key_result(then, key_result, response)
    reports = [CheckInOut(**dict(report)) for report in reversed(state.check_ins)]
    listed = page_from(reports, paged, then.next_page)
    for report in listed.data:
        if report.note is not None:
            report.note = await services.keys.open_text(caller.workspace, report.note, language)
    return listed


@router.get("/{key_result}/score-history", summary="Each change of the score", responses=READ)
async def score_history(
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: Paged,
    key_result: KeyResultId,
    known_at: KnownAt,
    first: Annotated[date | None, Query(alias="from", description="Default: the cycle's start.")] = None,
    last: Annotated[date | None, Query(alias="to", description="Default: the cycle's end.")] = None,
) -> Page[ScorePoint]:
    """The scores of business days, in their order, each with its cause: a goal event or readings."""
    async with viewing.then(caller, None, known_at, cursor=paged.cursor) as then:
        await find_key_result(then, key_result, response)
        rows = await queries.score_rows(
            then.connection, key_result, first or date.min, last or date.max, then.position
        )
    points = [ScorePoint.model_validate(row, from_attributes=True) for row in rows]
    return page_from(points, paged, then.next_page)
