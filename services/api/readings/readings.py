"""Readings (실적): sending them in bulk. Correcting, retracting and listing are in reading_versions.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from events.ids import Slug
from services.access.callers import Caller
from services.api.http.language import Lang
from services.api.http.openapi_responses import problems
from services.api.http.problems import Problem, storage_full, unavailable
from services.api.http.read_parameters import POSITION
from services.api.http.request_log import request_id_of
from services.api.http.routes import subject_router
from services.api.http.security import ReadingSender
from services.api.http.services import Serving
from services.api.readings.reading_versions import router as versions_router
from services.intake.deduplication import FarBehind
from services.intake.event_builder import Source
from services.intake.formats import FORMATS, MAX_ITEMS, TooManyItems, Unreadable
from services.intake.items import Item
from services.intake.receipts import Counts, Status
from services.intake.request_limits import Busy
from services.ledger import LedgerUnavailable, LedgerUncertain
from services.postgres.views import LedgerDiffers, ViewsBusy, ViewsUnavailable

router = subject_router("/v1/readings", "readings")

MANUAL = "manual"
"""The feed of what a person sends without naming one."""

NDJSON = "application/x-ndjson"
ALIASES = {"application/ndjson": NDJSON, "application/jsonl": NDJSON, "application/x-jsonlines": NDJSON}
"""Other names that are in use for the same."""


class ReadingReceipt(BaseModel):
    """What became of one item."""

    index: int = Field(description="Place in what was sent, from 0.")
    source_id: str | None
    id: str | None = Field(description="The reading's identity; null for a rejected item.")
    status: Status
    position: int | None = Field(
        description="Where it is on the ledger: for a duplicate the first time, for a superseded one what"
        " superseded it."
    )
    known_from: datetime | None = Field(
        None,
        description="The earliest `known_at` that shows what is at `position`. Null in the rare case that it"
        " could not be looked up; the reading itself has it.",
    )
    revision: int | None = Field(None, description="How often the reading was corrected, if it was.")
    code: str | None = Field(None, description="Of a rejected item: a stable code.")
    reason: str | None = Field(None, description="One sentence for a person.")
    pointer: str | None = Field(None, description="JSON pointer to what is wrong in the item.")


class Receipts(BaseModel):
    """What became of all items."""

    counts: dict[Status, int]
    position: int = Field(description="For Goaltrail-Min-Position: a read at it sees all of them.")
    receipts: list[ReadingReceipt] = Field(description="In input order.")


FeedName = Annotated[
    Slug | None,
    Query(
        description="The feed they come from: part of their identity. A feed's token sends for its own feed"
        " only; a person's default is `manual`.",
        examples=["erp"],
    ),
]

_ITEM_SCHEMA = Item.model_json_schema(ref_template="#/components/schemas/{model}")
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "array", "items": _ITEM_SCHEMA, "minItems": 1, "maxItems": MAX_ITEMS},
            "example": _ITEM_SCHEMA["examples"],
        },
        NDJSON: {
            "schema": {"type": "string", "description": "One item a line."},
            "example": "\n".join(orjson.dumps(item).decode() for item in _ITEM_SCHEMA["examples"]),
        },
        "application/cloudevents-batch+json": {
            "schema": {
                "type": "array",
                "items": {"type": "object"},
                "description": "CloudEvents 1.0: `id` is the source id, `time` when it was observed,"
                " `data` has the rest of an item.",
            },
            "example": [
                {
                    "specversion": "1.0",
                    "id": "SO-1042",
                    "source": "/erp/sales",
                    "type": "sale.confirmed",
                    "time": "2026-03-31T18:00:00+09:00",
                    "data": {"kpi": "sales", "value": "1290.50"},
                }
            ],
        },
    },
}
_NDJSON_ANSWER = {
    NDJSON: {
        "schema": {
            "type": "string",
            "description": "To NDJSON: a receipt a line, then a line with counts and position.",
        },
        "example": '{"index":0,"source_id":"SO-1042","id":"b0c4d1f2-3a5e-5f60-8172-93a4b5c6d7e8",'
        '"status":"accepted","position":1843,"known_from":"2026-04-01T00:00:03.872017Z"}\n'
        '{"counts":{"accepted":1},"position":1843}\n',
    }
}


@router.post(
    "",
    summary="Send readings",
    openapi_extra={"requestBody": _BODY},
    responses={
        200: {"model": Receipts, "content": _NDJSON_ANSWER},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
)
async def send_readings(
    request: Request, caller: ReadingSender, services: Serving, language: Lang, feed: FeedName = None
) -> Response:
    """Take readings; each item gets a receipt: accepted, duplicate, superseded, conflict or rejected.

    Sending all or some of them again changes nothing: the identity of a reading is (feed, KPI, source id) for
    ever. A bad item is rejected by itself. What is accepted is on the disk. At most 100,000 items or 50 MB.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    media_type = ALIASES.get(media_type, media_type)
    read = FORMATS.get(media_type)
    if read is None:
        raise Problem(
            415,
            "media_type",
            f"Send {', '.join(FORMATS)}; not {media_type or 'a body without Content-Type'}.",
            f"Content-Type은 {', '.join(FORMATS)} 가운데 하나여야 합니다.",
        )
    source = Source(caller.workspace, feed_of(caller, feed), caller.actor, request_id_of(request.scope))
    counts = Counts()
    parts: list[bytes] = []
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdigit() else None
    try:
        async with (
            services.intake.limits.admitted(caller.workspace, size),
            aclosing(services.intake.take(source, read(request.stream()))) as answers,
        ):
            async for receipts in answers:
                counts.add(receipts)
                known = await services.intake.known_from(caller.workspace, receipts)
                documents = [receipt.document(language, known) for receipt in receipts]
                # Made at once, so that the receipts of 100,000 items are never in memory as objects.
                parts.append(orjson.dumps(documents, option=orjson.OPT_UTC_Z)[1:-1])
    except TooManyItems:
        raise _too_many(counts.total) from None
    except Unreadable as error:
        raise Problem(400, error.code, error.text.en, error.text.ko) from None
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it; what was taken was taken
    except LedgerDiffers:
        raise
    except (Busy, ViewsUnavailable, FarBehind, LedgerUnavailable, LedgerUncertain) as error:
        raise intake_unavailable(error) from None
    if not counts.total:
        raise Problem(422, "empty_batch", "There is no item in the body.", "본문에 항목이 없습니다.")
    headers = {}
    if counts.position:  # where everything was rejected there is none
        headers[POSITION] = str(await services.intake.stored_at(caller.workspace, counts.position))
    summary = {"counts": counts.by_status, "position": counts.position}
    make, media_type = (_lines, NDJSON) if media_type == NDJSON else (_document, "application/json")
    pieces = make(parts, summary)
    if len(parts) > 1:
        return StreamingResponse(pieces, headers=headers, media_type=media_type)
    # In one piece: to stream the receipt of a single reading costs more than all the rest.
    return Response(b"".join([piece async for piece in pieces]), headers=headers, media_type=media_type)


def feed_of(caller: Caller, feed: str | None) -> str:
    """Return the feed that a caller sends for. Raises 403 for a feed's token that names another one."""
    if caller.feed is None:
        return feed or MANUAL
    if feed is not None and feed != caller.feed:
        raise Problem(
            403,
            "other_feed",
            f"The token belongs to the feed {caller.feed}; it can't send for {feed}.",
            f"연동 {caller.feed}의 토큰으로 {feed} 실적을 보낼 수 없습니다.",
        )
    return caller.feed


def intake_unavailable(
    error: Busy | ViewsUnavailable | FarBehind | LedgerUnavailable | LedgerUncertain,
) -> Problem:
    """503: an engine is away or busy, or the views are too far behind to know which readings are new.

    507 if the disk is full.
    """
    if isinstance(error, LedgerUnavailable | LedgerUncertain) and error.storage_full:
        return storage_full()
    if isinstance(error, Busy | ViewsBusy):
        en = "too many requests of this workspace come at once"
        ko = "이 워크스페이스의 요청이 한꺼번에 너무 많이 몰렸습니다"
    elif isinstance(error, ViewsUnavailable | FarBehind):
        en = "PostgreSQL is away or the views are far behind"
        ko = "PostgreSQL에 연결할 수 없거나 조회 데이터가 많이 밀려 있습니다"
    else:
        en, ko = "NATS is away", "원장(NATS)에 연결할 수 없습니다"
    return unavailable(
        "intake_unavailable",
        f"Readings can't be taken now: {en}. Send them again; what was stored will be a duplicate.",
        f"지금은 실적을 받을 수 없습니다. {ko}. 다시 보내면 이미 기록된 항목은 duplicate로 답합니다.",
        error.retry_after,
    )


def _too_many(stored: int) -> Problem:
    """413; of NDJSON, which is taken while it comes in, the first ones are stored by now."""
    en = f" The first {stored} items were taken; sent again they are duplicates." if stored else ""
    ko = f" 앞의 {stored}건은 이미 받았고 다시 보내면 duplicate로 답합니다." if stored else ""
    return Problem(
        413,
        "too_many_items",
        f"A request has at most {MAX_ITEMS} items: send several.{en}",
        f"한 번에 {MAX_ITEMS}건까지 보낼 수 있습니다. 나누어 보내십시오.{ko}",
    )


async def _document(parts: list[bytes], summary: dict[str, Any]) -> AsyncIterator[bytes]:
    """Counts and receipts as one JSON document."""
    yield orjson.dumps(summary)[:-1] + b',"receipts":['
    for number, part in enumerate(parts):
        yield b"," + part if number else part
    yield b"]}"


async def _lines(parts: list[bytes], summary: dict[str, Any]) -> AsyncIterator[bytes]:
    """Yield a receipt a line, and then a line with counts and position."""
    for part in parts:
        yield part.replace(b'},{"index":', b'}\n{"index":') + b"\n"
    yield orjson.dumps(summary) + b"\n"


router.routes.extend(versions_router.routes)
