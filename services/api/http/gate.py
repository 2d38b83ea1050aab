"""The gate: who calls, and how often, before anything of the request but its head is looked at."""

from __future__ import annotations

import ipaddress
import math
import time
from typing import cast

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.access.callers import Caller
from services.api.http.error_handlers import problem_of
from services.api.http.problems import Problem
from services.api.http.services import Services
from services.ledger import LedgerUnavailable

GUARDED = "/v1/"
"""Paths below need a token and are counted; the others are for probes, and cost little."""
BURST = 10
"""Seconds' worth of requests that may come at once."""
_REMEMBERED = 10_000
"""Keys after which those are forgotten that have their whole burst again."""


class Rate:
    """So many requests a second for each key, and BURST times as many at once.

    One number is kept of a key: the time at which its burst will be whole again (the generic cell rate
    algorithm, ITU-T I.371).
    """

    def __init__(self) -> None:
        self._whole_at: dict[str, float] = {}

    def wait(self, key: str, per_second: int, now: float) -> float:
        """Count a request; 0, or the seconds after which it may be sent again. `per_second` 0 is no limit."""
        if not per_second:
            return 0.0
        whole_at = max(self._whole_at.get(key, now), now) + 1 / per_second
        if whole_at - now > BURST:
            return whole_at - now - BURST
        if len(self._whole_at) >= _REMEMBERED:
            self._whole_at = {other: at for other, at in self._whole_at.items() if at > now}
        self._whole_at[key] = whole_at
        return 0.0


class Gate:
    """Refuses a request without a valid token (401), or of a token or address that sends too many (429)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._by_address = Rate()
        self._by_token = Rate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI call."""
        if scope["type"] == "http" and scope["path"].startswith(GUARDED):
            headers = Headers(scope=scope)
            try:
                scope["state"]["caller"] = await self._admit(scope, headers.get("authorization", ""))
            except (Problem, LedgerUnavailable) as error:
                problem = problem_of(error)
                assert problem is not None
                await problem.response(headers.get("accept-language"))(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _admit(self, scope: Scope, authorization: str) -> Caller:
        services = cast("Services", scope["state"]["services"])
        settings, now = services.settings, time.monotonic()
        address = network_of(scope["client"][0]) if scope.get("client") else ""
        _check(self._by_address.wait(address, settings.api_requests_per_address, now))
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthenticated(
                "token_missing",
                "Send Authorization: Bearer with a token.",
                "Authorization: Bearer 헤더에 토큰을 보내십시오.",
            )
        caller = await services.access.identify(token.strip())
        if caller is None and services.access.of_earlier_version(token.strip()):
            raise _unauthenticated(
                "token_invalid",
                "An earlier version issued this token and did not record its hash: ask for a new one.",
                "해시를 기록하지 않던 이전 버전이 발급한 토큰입니다. 새로 발급받으십시오.",
            )
        if caller is None:
            raise _unauthenticated(
                "token_invalid",
                "The token is unknown, revoked or expired.",
                "알 수 없거나 폐기 또는 만료된 토큰입니다.",
            )
        _check(self._by_token.wait(caller.token_id, settings.api_requests_per_token, now))
        structlog.contextvars.bind_contextvars(workspace=caller.workspace, actor=caller.actor)
        return caller


def network_of(address: str) -> str:
    """Return the address that is counted: of IPv6 the first half, as everybody has as many as they like
    below it.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def too_many(wait: float) -> Problem:
    """429 with Retry-After."""
    return Problem(
        429,
        "too_many_requests",
        "Too many requests or connections come from this token or address; wait as long as Retry-After says.",
        "이 토큰이나 주소에서 요청이나 연결이 너무 많이 옵니다. Retry-After만큼 기다린 뒤 다시 보내십시오.",
        headers={"Retry-After": str(max(1, math.ceil(wait)))},
    )


def _check(wait: float) -> None:
    if wait:
        raise too_many(wait)


def _unauthenticated(code: str, en: str, ko: str) -> Problem:
    return Problem(401, code, en, ko, headers={"WWW-Authenticate": 'Bearer realm="goaltrail"'})
