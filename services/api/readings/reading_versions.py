"""Readings (실적) on record: listing them, and correcting (정정) or retracting (취소) one."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from events.commands import NOTE_LENGTH
from events.decimals import Number
from events.ids import Slug, reading_id, source_id_of
from events.text import Text
from projections.state import queries_readings
from projections.state.queries_readings import Filter, Place
from services.access.callers import Caller
from services.api.http.idempotency import IdempotencyKey, fingerprint
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ, problems
from services.api.http.paging import Page, PagedByDay, page
from services.api.http.problems import FieldError, Problem, unavailable
from services.api.http.read_parameters import POSITION, Known, KnownAt, Viewing
from services.api.http.request_log import request_id_of
from services.api.http.routes import subject_router
from services.api.http.security import Reader, ReadingCorrector
from services.api.http.services import Services, Serving
from services.intake.corrections import (
    Answer,
    Correction,
    Corrections,
    Order,
    OtherFeed,
    OtherRequest,
    ReadingUnknown,
)
from services.intake.deduplication import FarBehind
from services.intake.rejections import Rejected
from services.queries.lookup import NotFound
from services.queries.paging import Paging

router = subject_router("/v1/readings", "readings")

WRITE = problems(400, 401, 403, 404, 413, 422, 503)

ReadingId = Annotated[UUID, Path(description="The reading's identity, as its receipt says.")]
Why = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_LENGTH, pattern=r"^[^\x00]*$")
]
FeedOf = Annotated[Slug, Query(alias="feed", examples=["erp"])]
KpiOf = Annotated[Slug, Query(alias="kpi", examples=["sales"])]
SourceIdOf = Annotated[
    str,
    AfterValidator(source_id_of),
    Query(alias="source_id", min_length=1, max_length=200, examples=["SO-1042"]),
]


class NewCorrection(Correction):
    """Other content for a reading; what is left out stays. The old content stays on record."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"value": "1190.50", "reason": "반품을 반영하지 않은 값이었습니다"}]},
    )

    reason: Why = Field(description="Why, in the words of the caller; stored encrypted.")


class NewRetraction(BaseModel):
    """A reading counts no longer; it stays on record."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "중복 입력된 값입니다"}]}
    )

    reason: Why = Field(description="Why, in the words of the caller; stored encrypted.")


class CorrectionReceipt(BaseModel):
    """What is on record now. Repeating the request with the same Idempotency-Key gets the same receipt."""

    id: UUID = Field(description="The reading's identity.")
    event_id: UUID
    position: int = Field(description="For Goaltrail-Min-Position.")
    known_from: datetime | None = Field(
        description="The earliest `known_at` that shows it. Null in the rare case that it could not be looked"
        " up; the reading itself has it."
    )
    revision: int = Field(description="How often it was corrected or retracted.")
    changed: bool = Field(description="False if it was so already.")


class ReadingOut(BaseModel):
    """One version of a reading."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    position: int
    revision: int
    status: Literal["recorded", "corrected", "retracted"]
    kpi: str
    feed: str
    source_id: str
    source_version: int | None
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    observed_at: datetime
    business_day: date
    recorded_at: datetime
    known_from: datetime | None = Field(
        description="The earliest `known_at` that shows this version: when the last event of its batch was"
        " recorded."
    )
    actor: str
    reason: str | None
    dimensions: dict[str, str] | None


class DisputeOut(BaseModel):
    """Other content that was sent for a reading; it counts for nothing."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    source_version: int | None
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    observed_at: datetime
    business_day: date
    recorded_at: datetime
    actor: str
    dimensions: dict[str, str] | None


class ConfirmationOut(BaseModel):
    """A newer version with which the source said what was in force already."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    source_version: int
    recorded_at: datetime
    actor: str


class ReadingRead(Known):
    """One reading with all that is on record of it."""

    versions: list[ReadingOut] = Field(description="Oldest first; the last one is in force.")
    disputes: list[DisputeOut] = Field(description="Oldest first.")
    confirmations: list[ConfirmationOut] = Field(description="Oldest first.")


@router.get("", summary="List readings", responses=READ)
async def list_readings(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: PagedByDay,
    language: Lang,
    known_at: KnownAt,
    kpi: Slug | None = None,
    feed: Slug | None = None,
    source_id: SourceIdOf | None = None,
    first: Annotated[date | None, Query(alias="from", description="First business day.")] = None,
    last: Annotated[date | None, Query(alias="to", description="Last business day.")] = None,
    versions: Annotated[
        Literal["latest", "all"], Query(description="The version in force, or every version.")
    ] = "latest",
) -> Page[ReadingOut]:
    """Readings by business day for one KPI, else in the order of the ledger."""
    wanted = Filter(kpi, feed, source_id, first, last, versions == "all")
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        rows = await queries_readings.list_readings(
            context.connection, wanted, context.position, _after(paged), paged.limit + 1
        )
        shown = [await _opened(services, caller, row, language) for row in rows]
        end = rows[: paged.limit][-1] if rows else None
        place = (end.business_day.isoformat(), end.position) if end is not None else ()
        return page(shown, paged, context.next_page(*place))


@router.get("/{reading}", summary="Read a reading", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    language: Lang,
    reading: ReadingId,
    known_at: KnownAt,
) -> ReadingRead:
    """Every version of one reading, and what is disputed about it."""
    async with viewing.context(caller, None, known_at) as context:
        id_ = str(reading)
        rows = await queries_readings.versions(context.connection, id_, context.position)
        disputed = await queries_readings.disputes(context.connection, id_, context.position)
        confirmed = await queries_readings.confirmations(context.connection, id_, context.position)
        if not rows:
            raise NotFound("reading", id_)
        return ReadingRead(
            versions=[await _opened(services, caller, row, language) for row in rows],
            disputes=[DisputeOut.model_validate(row) for row in disputed],
            confirmations=[ConfirmationOut.model_validate(row) for row in confirmed],
            **context.known,
        )


@router.post("/corrections", summary="Correct a reading by its source id", responses=WRITE)
async def correct_by_source(
    request: Request,
    response: Response,
    services: Serving,
    caller: ReadingCorrector,
    key: IdempotencyKey,
    feed: FeedOf,
    kpi: KpiOf,
    source_id: SourceIdOf,
    body: NewCorrection,
) -> CorrectionReceipt:
    """As by its id; feed, KPI and source id are its identity."""
    id_ = reading_id(caller.workspace, feed, kpi, source_id)
    order = _order(request, caller, id_, body, key)._replace(kpi=kpi)
    return await _correct(services, response, order, body)


@router.post("/retractions", summary="Retract a reading by its source id", responses=WRITE)
async def retract_by_source(
    request: Request,
    response: Response,
    services: Serving,
    caller: ReadingCorrector,
    key: IdempotencyKey,
    feed: FeedOf,
    kpi: KpiOf,
    source_id: SourceIdOf,
    body: NewRetraction,
) -> CorrectionReceipt:
    """As by its id; feed, KPI and source id are its identity."""
    id_ = reading_id(caller.workspace, feed, kpi, source_id)
    order = _order(request, caller, id_, body, key)._replace(kpi=kpi)
    return await _retract(services, response, order)


@router.post("/{reading}/corrections", summary="Correct a reading", responses=WRITE)
async def correct(
    request: Request,
    response: Response,
    services: Serving,
    caller: ReadingCorrector,
    key: IdempotencyKey,
    reading: ReadingId,
    body: NewCorrection,
) -> CorrectionReceipt:
    """Give a reading other content, with a reason; a new time may move it to another period."""
    return await _correct(services, response, _order(request, caller, reading, body, key), body)


@router.post("/{reading}/retractions", summary="Retract a reading", responses=WRITE)
async def retract(
    request: Request,
    response: Response,
    services: Serving,
    caller: ReadingCorrector,
    key: IdempotencyKey,
    reading: ReadingId,
    body: NewRetraction,
) -> CorrectionReceipt:
    """Let a reading count no longer, with a reason; it stays on record."""
    return await _retract(services, response, _order(request, caller, reading, body, key))


def _order(
    request: Request, caller: Caller, reading: UUID, body: NewCorrection | NewRetraction, key: str | None
) -> Order:
    return Order(
        workspace=caller.workspace,
        reading=str(reading),
        actor=caller.actor,
        reason=body.reason,
        feed=caller.feed,
        key=key,
        body_hash=fingerprint(request, body),
        correlation_id=request_id_of(request.scope),
    )


async def _correct(
    services: Services, response: Response, order: Order, body: NewCorrection
) -> CorrectionReceipt:
    sent = body.model_dump(exclude_unset=True, exclude={"reason"})
    if not sent:
        raise Problem(
            422,
            "nothing_to_change",
            "Name at least one thing to change.",
            "바꿀 항목을 하나 이상 보내십시오.",
        )
    try:
        correcting = _corrections(services).correct(order, Correction.model_validate(sent))
        return await _carried_out(services, order.workspace, response, correcting)
    except Rejected as rejected:
        en, ko = rejected.reason("en"), rejected.reason("ko")
        field = FieldError(("pointer", rejected.pointer or "#"), rejected.code, Text(ko, en))
        raise Problem(422, rejected.code, en, ko, errors=[field]) from None


async def _retract(services: Services, response: Response, order: Order) -> CorrectionReceipt:
    return await _carried_out(services, order.workspace, response, _corrections(services).retract(order))


def _corrections(services: Services) -> Corrections:
    return Corrections(services.intake, services.ledger, services.views, services.keys.seal_event)


async def _carried_out(
    services: Services, workspace: str, response: Response, carrying_out: Awaitable[Answer]
) -> CorrectionReceipt:
    """Return the receipt; what is in the way as a problem document."""
    try:
        answer = await carrying_out
    except ReadingUnknown as unknown:
        raise NotFound("reading", str(unknown)) from None
    except OtherFeed as other:
        raise Problem(
            403,
            "other_feed",
            f"The reading belongs to the feed {other}.",
            f"연동 {other}에 속한 실적입니다.",
        ) from None
    except OtherRequest:
        raise Problem(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
            "이미 다른 요청에 사용된 Idempotency-Key입니다.",
        ) from None
    except FarBehind as behind:
        raise unavailable(
            "intake_unavailable",
            "The views are far behind the ledger; nothing was changed. Try again.",
            "조회 데이터가 많이 밀려 있어 아무것도 변경되지 않았습니다. 다시 시도하십시오.",
            behind.retry_after,
        ) from None
    response.headers[POSITION] = str(await services.intake.stored_at(workspace, answer.position))
    known = await services.intake.known_from(workspace, [answer])
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return CorrectionReceipt(
        id=UUID(answer.reading),
        event_id=answer.event_id,
        position=answer.position,
        known_from=known.get(answer.position),
        revision=answer.revision,
        changed=answer.changed,
    )


async def _opened(services: Services, caller: Caller, row: Any, language: Lang) -> ReadingOut:
    """Return a row with its reason readable."""
    shown = ReadingOut.model_validate(row)
    if shown.reason is not None:
        shown.reason = await services.keys.open_text(caller.workspace, shown.reason, language)
    return shown


def _after(paging: Paging) -> Place | None:
    """Return where the page begins; None for the first page."""
    if paging.cursor is None:
        return None
    day, position = paging.cursor.after
    return Place(date.fromisoformat(str(day)), int(position))
