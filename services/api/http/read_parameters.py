"""What reads take and echo: a least position, `as_of` (in the business) and `known_at` (on the record)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Header, Query, Response
from pydantic import BaseModel, Field

from events.zones import within_all_zones
from services.api.http.problems import invalid_parameter
from services.api.http.services import Serving
from services.ledger.positions import LedgerPosition
from services.postgres.views import View
from services.queries.read_context import Moment, ViewReader
from services.runtime import clock

POSITION = "Goaltrail-Position"
MIN_POSITION = "Goaltrail-Min-Position"
RECORDED_AT = "Goaltrail-Recorded-At"

_LONGEST_MOMENT = 40


class Known(BaseModel):
    """Up to where the record was read for an answer."""

    known_at: datetime | None = Field(
        description="Up to when the record was read (UTC): until the time asked for, or until its last event;"
        " null if there is none."
    )
    position: int = Field(description="The ledger position up to which the record was read.")


class Times(Known):
    """Both times of an answer."""

    as_of: date = Field(description="The business day whose end is shown.")


async def view_reader(
    services: Serving,
    response: Response,
    min_position: Annotated[
        str | None,
        Header(
            alias=MIN_POSITION,
            pattern=r"^[0-9]{1,18}(@[0-9]{1,6})?$",
            description="Read at this position of the ledger or a later one: the `Goaltrail-Position` of an"
            " own write. Waits up to 5 s, then 503 with Retry-After.",
            examples=["1843"],
        ),
    ] = None,
) -> ViewReader:
    """Return how this request reads the views; the answer's headers say how old what it saw is."""

    def note(view: View) -> None:
        response.headers[POSITION] = str(LedgerPosition(view.position, view.epoch))
        if view.recorded_at is None:
            return
        response.headers[RECORDED_AT] = view.recorded_at.isoformat()
        if not services.ledger.connected:
            # Nobody can say what is on the ledger by now: the answer is as old as its newest event.
            age = clock.now() - view.recorded_at
            response.headers["Age"] = str(max(0, round(age.total_seconds())))

    wanted = None if min_position is None else LedgerPosition.parse(min_position)
    return ViewReader(services.views, min_position=wanted, opened=note)


Viewing = Annotated[ViewReader, Depends(view_reader)]


def moment_parameter(name: str, text: str | None) -> Moment | None:
    """Return a day, or an instant as UTC. Raises 422 about the query parameter `name`."""
    if text is None:
        return None
    try:
        if len(text) > _LONGEST_MOMENT:
            raise ValueError
        if len(text) == len("2026-03-31"):
            return date.fromisoformat(text)
        # An unencoded "+" of the offset arrives as a blank.
        instant = datetime.fromisoformat(
            text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text
        )
    except ValueError:
        raise invalid_parameter(
            name,
            "time_unreadable",
            f"{name} can't be {text[:40]!r}: it is a day such as 2026-03-31 or an instant such as"
            " 2026-03-31T18:00:00+09:00.",
            f"{name}에 {text[:40]!r} 값은 쓸 수 없습니다. 2026-03-31 같은 날짜나"
            " 2026-03-31T18:00:00+09:00 같은 시각을 쓰십시오.",
        ) from None
    if instant.tzinfo is None:
        raise invalid_parameter(
            name,
            "time_without_offset",
            f"The instant in {name} needs an offset such as +09:00 or Z.",
            f"{name}의 시각에는 +09:00이나 Z 같은 시간대(offset)가 필요합니다.",
        )
    try:
        return within_all_zones(instant)
    except ValueError:
        raise invalid_parameter(
            name, "time_out_of_range", f"{name} is out of range.", f"{name} 시각이 범위를 벗어났습니다."
        ) from None


async def as_of(
    as_of: Annotated[
        str | None,
        Query(
            description="The business day whose end is shown; an instant (with offset) stands for the day it"
            " falls on in the workspace's zone. Default: today.",
            examples=["2026-03-31"],
        ),
    ] = None,
) -> Moment | None:
    """Return the business time that is asked for. Raises 422."""
    return moment_parameter("as_of", as_of)


async def known_at(
    known_at: Annotated[
        str | None,
        Query(
            description="What the record said at the end of this day in the workspace's zone, or at this"
            " instant (with offset). Default: now.",
            examples=["2026-04-02", "2026-04-02T09:00:00+09:00"],
        ),
    ] = None,
) -> Moment | None:
    """Return the recording time that is asked for. Raises 422."""
    return moment_parameter("known_at", known_at)


AsOf = Annotated[Moment | None, Depends(as_of)]
KnownAt = Annotated[Moment | None, Depends(known_at)]
