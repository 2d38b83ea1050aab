"""Conditional requests: the ETag of a read is a revision, and If-Match says what a change is based on."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from projections.state import queries
from services.api.http.problems import Problem
from services.ledger.positions import LedgerPosition
from services.queries import lookup
from services.queries.read_context import ReadContext

_ETAG = re.compile(r'(?:W/)?"(.{1,30})"')
"""A proxy that packs an answer makes its ETag weak. Ours names a revision and no bytes, so it means the same;
the strong comparison of RFC 9110 (13.1.1) would only keep people behind such a proxy from changing goals."""


_IF_MATCH = Header(
    alias="If-Match",
    description="The ETag of the read that this change is based on; 428 when missing, 412 when stale.",
    examples=['"1843"'],
)


async def if_match(etag: Annotated[str | None, _IF_MATCH] = None) -> LedgerPosition:
    """Return the revision that the caller has read.

    Raises 428 without the header, 412 for no ETag of ours.
    """
    if etag is None:
        raise Problem(
            428,
            "if_match_missing",
            "Send If-Match with the ETag of the read that this change is based on.",
            "이 변경의 근거가 된 조회의 ETag를 If-Match 헤더로 보내십시오.",
        )
    match = _ETAG.fullmatch(etag.strip())
    try:
        return LedgerPosition.parse("" if match is None else match[1])
    except ValueError:
        raise Problem(
            412,
            "etag_unknown",
            f'{etag[:80]} is not the ETag of a read; it looks like "1843".',
            f'{etag[:80]} 값은 조회 응답의 ETag가 아닙니다. 예: "1843".',
        ) from None


async def optional_if_match(etag: Annotated[str | None, _IF_MATCH] = None) -> LedgerPosition | None:
    """Return the revision that the caller has read, where a change may do without. Raises 412."""
    return None if etag is None else await if_match(etag)


IfMatch = Annotated[LedgerPosition, Depends(if_match)]
OptionalIfMatch = Annotated[LedgerPosition | None, Depends(optional_if_match)]


def etag(revision: int, epoch: int) -> str:
    """Return the ETag of a revision in an epoch of the ledger."""
    return f'"{LedgerPosition(revision, epoch)}"'


async def find(context: ReadContext, kind: str, id_: str, response: Response) -> queries.Version:
    """Return one aggregate that the caller sees; its revision becomes the ETag. Raises NotFound."""
    return tagged(context, await lookup.find(context, kind, id_), response)


def tagged(context: ReadContext, found: queries.Version, response: Response) -> queries.Version:
    """Return an aggregate that is answered; its revision becomes the ETag."""
    response.headers["ETag"] = etag(found.revision, context.view.epoch)
    return found
