"""Which exception becomes which problem document."""

from __future__ import annotations

import http
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from events.code_words import KINDS
from events.errors import Refused
from events.text import Text
from services.api.http.problems import FieldError, Problem, invalid, pointer, storage_full, unavailable
from services.commands.errors import (
    ClockAhead,
    KeyInFlight,
    KeyReused,
    Stale,
    TooContended,
)
from services.ledger import InvalidAppend, LedgerUnavailable, LedgerUncertain, WorkspaceUnknown
from services.ledger.positions import OldEpoch
from services.postgres.views import (
    LedgerDiffers,
    NotThereYet,
    ViewsBusy,
    ViewsDamaged,
    ViewsNewer,
    ViewsUnavailable,
)
from services.queries.lookup import NotFound

_REFUSED_STATUS = {"conflict": 409, "invalid": 422, "not_found": 404, "forbidden": 403}


def problem_of(error: Exception) -> Problem | None:
    """Return the problem document of an exception; None for one that nobody expected."""
    tell = next((_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS), None)
    return None if tell is None else tell(error)


def install(app: FastAPI) -> None:
    """Make the application answer with problem documents only."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        assert problem is not None
        if problem.status_code == 405:
            problem.headers = {"Allow": ", ".join(_methods_of(request))}
        return problem.response(request.headers.get("accept-language"))

    for kind in _PROBLEMS:
        app.add_exception_handler(kind, answer)


def _refused(error: Refused) -> Problem:
    errors = []
    if error.pointer is not None:
        where = pointer([part for part in error.pointer.lstrip("#").split("/") if part])
        errors.append(FieldError(("pointer", where), error.code, error.text))
    members: dict[str, Any] = {"allowed": error.allowed} if error.allowed else {}
    return Problem(
        _REFUSED_STATUS[error.kind], error.code, error.text.en, error.text.ko, errors=errors, **members
    )


_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def _methods_of(request: Request) -> list[str]:
    """Return every method that the path of a request has: the framework names those of one route only."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


_PLAIN = {
    404: Text("이 주소에는 아무것도 없습니다.", "There is nothing at this address."),
    405: Text("이 주소에서 쓸 수 없는 메서드입니다.", "This address does not take this method."),
    413: Text("본문이 너무 큽니다.", "The body is too large."),
}


def _plain(error: HTTPException) -> Problem:
    """Return what the framework itself refused: no such path, method not allowed, body too large."""
    phrase = http.HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    detail = f"{error.detail or phrase}."
    text = _PLAIN.get(error.status_code, Text(detail, detail))
    return Problem(error.status_code, code, text.en, text.ko, headers=error.headers)


_PROBLEMS: dict[type[Exception], Callable[[Any], Problem]] = {
    Problem: lambda problem: problem,
    Refused: _refused,
    NotFound: lambda error: Problem(
        404,
        "not_found",
        f"There is no {KINDS[error.kind].en} {error.id!r}.",
        f"아이디가 {error.id!r}인 {KINDS[error.kind].ko}이(가) 없습니다.",
    ),
    Stale: lambda error: Problem(
        412,
        "stale",
        f"It was changed since you read it (revision {error.current}, not {error.expected}).",
        f"읽은 뒤에 변경되었습니다(현재 {error.current}, 요청 {error.expected}).",
        headers={"ETag": f'"{error.current}"'},
    ),
    OldEpoch: lambda error: Problem(
        409,
        "ledger_restored",
        f"What you hold (ETag, position, cursor or Idempotency-Key) is of epoch {error.epoch}; since"
        f" then the ledger was restored and is in epoch {error.current}. Read again and go on from"
        " there.",
        f"보내신 ETag, 위치, cursor 또는 Idempotency-Key는 에포크 {error.epoch}의 것입니다."
        f" 그 뒤 원장이 복원되어 지금은 에포크 {error.current}입니다."
        " 다시 조회한 뒤 이어서 진행하십시오.",
    ),
    KeyReused: lambda _: Problem(
        422,
        "idempotency_key_reused",
        "This Idempotency-Key was used for another request.",
        "이미 다른 요청에 사용된 Idempotency-Key입니다.",
    ),
    KeyInFlight: lambda _: Problem(
        409,
        "idempotency_key_in_flight",
        "A request with this Idempotency-Key is being handled; ask again for its answer.",
        "같은 Idempotency-Key의 요청을 처리하고 있습니다. 잠시 뒤 다시 요청하십시오.",
        headers={"Retry-After": "1"},
    ),
    ClockAhead: lambda _: unavailable(
        "clock_ahead",
        "The clock of this API process is ahead of the ledger's: by it a day has begun that has not"
        " yet begun there, so nothing was changed. An operator has to set the clock right"
        " (`goaltrail doctor`).",
        "이 API 프로세스의 시계가 원장의 시계보다 앞서 아직 시작되지 않은 날짜로 기록될 수 있으므로"
        " 아무것도 변경하지 않았습니다. 운영자가 시계를 맞춰야 합니다(`goaltrail doctor`).",
    ),
    TooContended: lambda _: unavailable(
        "contended",
        "Others keep changing it at this moment; nothing was changed. Try again.",
        "다른 변경이 계속되고 있어 반영하지 못했습니다. 다시 시도하십시오.",
        1,
    ),
    NotThereYet: lambda error: unavailable(
        "position_not_reached",
        f"The views are at position {error.position}, not yet at {error.wanted}.",
        f"조회 데이터가 아직 위치 {error.wanted}에 이르지 못했습니다(현재 {error.position}).",
        1,
    ),
    LedgerDiffers: lambda error: unavailable(
        "ledger_differs",
        "The ledger is not the one that the views were built from: it was lost, replaced or restored"
        " from an older copy. Nothing is answered or changed until an operator has looked at it"
        " (`goaltrail doctor`).",
        "원장이 조회 데이터를 만든 원장과 다릅니다."
        " 유실되었거나, 바뀌었거나, 오래된 복사본으로 복원되었습니다."
        " 운영자가 확인할 때까지 조회와 변경을 멈춥니다(`goaltrail doctor`).",
        error.retry_after,
    ),
    ViewsDamaged: lambda error: unavailable(
        "views_damaged",
        "Something of the views is lost or can't be read in PostgreSQL. They are built anew from the"
        " ledger; if this does not end, an operator has to look at it (`goaltrail doctor`).",
        "PostgreSQL에 있는 조회 데이터의 일부가 없어졌거나 읽을 수 없습니다."
        " 원장에서 다시 만들고 있습니다. 계속되면 운영자가 확인해야 합니다(`goaltrail doctor`).",
        error.retry_after,
    ),
    ViewsNewer: lambda error: unavailable(
        "views_newer",
        f"The views are of version {error.version} and this program knows {error.known}: a newer"
        " version of Goaltrail has built them. This process has to be upgraded.",
        f"조회 데이터는 버전 {error.version}이고 이 프로그램은 버전 {error.known}까지 압니다."
        " 더 새로운 Goaltrail이 만든 것이므로 이 프로세스를 업그레이드해야 합니다.",
        error.retry_after,
    ),
    ViewsBusy: lambda error: unavailable(
        "views_busy",
        "Too many requests of this workspace read at the same time; nothing is wrong with its views."
        " Try again.",
        "이 워크스페이스의 조회 요청이 한꺼번에 너무 많이 몰렸습니다. 조회 데이터에는 문제가 없으니"
        " 잠시 뒤 다시 시도하십시오.",
        error.retry_after,
    ),
    ViewsUnavailable: lambda error: unavailable(
        "views_unavailable",
        "The views are not available now: PostgreSQL is away or they are being built.",
        "지금은 조회할 수 없습니다. PostgreSQL에 연결할 수 없거나 조회 데이터를 만들고 있습니다.",
        error.retry_after,
    ),
    LedgerUnavailable: lambda error: (
        storage_full()
        if error.storage_full
        else unavailable(
            "ledger_unavailable",
            "The ledger is not available now, so nothing was changed. Try again.",
            "지금은 원장(NATS)에 기록할 수 없어 아무것도 변경되지 않았습니다. 다시 시도하십시오.",
            error.retry_after,
        )
    ),
    LedgerUncertain: lambda error: (
        storage_full()
        if error.storage_full
        else unavailable(
            "outcome_unknown",
            "The ledger went away while it stored the change. Repeat the request with the same"
            " Idempotency-Key to learn the outcome.",
            "변경을 기록하는 도중 원장(NATS)과 연결이 끊겼습니다."
            " 같은 Idempotency-Key로 다시 요청하면 결과를 알 수 있습니다.",
        )
    ),
    WorkspaceUnknown: lambda error: Problem(
        404,
        "workspace_unknown",
        f"There is no workspace {error.workspace!r}.",
        f"아이디가 {error.workspace!r}인 워크스페이스가 없습니다.",
    ),
    InvalidAppend: lambda error: Problem(
        413, "event_too_large", f"{error}.", f"기록할 내용이 너무 큽니다: {error}."
    ),
    RequestValidationError: lambda error: invalid(error.errors()),
    HTTPException: _plain,
}
"""What makes the problem document of an exception; a class stands for its subclasses, too."""
