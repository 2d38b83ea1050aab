"""One log line and one set of measurements per request, without query strings, tokens or bodies."""

from __future__ import annotations

import asyncio
import re
import time
from uuid import uuid4

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.http.problems import Problem, unavailable

log = structlog.get_logger("goaltrail.api")

REQUESTS = Counter("goaltrail_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "goaltrail_http_request_seconds",
    "Time from the request's head to the end of the answer.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_FLIGHT = Gauge("goaltrail_http_requests_in_flight", "Requests being handled.")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


ON_EVERY_ANSWER = {
    "Cache-Control": "no-store",  # a token is in one answer, and what a caller may see in all others
    "X-Content-Type-Options": "nosniff",
}


class RequestLog:
    """Outermost layer: names and measures each request; what nobody caught becomes a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status, gone = 0, False

        async def send_noted(message: Message) -> None:
            nonlocal status, gone
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = MutableHeaders(scope=message)
                answered["X-Request-Id"] = request_id
                for name, value in ON_EVERY_ANSWER.items():
                    answered.setdefault(name, value)
            try:
                await send(message)
            except (OSError, RuntimeError) as error:
                gone = _is_closed(error)
                raise

        started = time.perf_counter()
        IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, send_noted)
        except asyncio.CancelledError:
            if status == 0:
                answer = _stopping().response(headers.get("accept-language"))
                await answer(scope, receive, send_noted)
            raise
        except Exception as error:
            if gone or isinstance(error, ClientDisconnect):
                log.info("the client went away before it had the answer")
                return
            log.exception("request failed")
            if status == 0:
                answer = _internal_error(request_id).response(headers.get("accept-language"))
                await answer(scope, receive, send_noted)
        finally:
            IN_FLIGHT.dec()
            _note(scope, status, time.perf_counter() - started)


def _is_closed(error: OSError | RuntimeError) -> bool:
    """Return whether the server could not send because the connection is closed: uvloop says so in words."""
    return isinstance(error, OSError) or str(error).endswith("the handler is closed")


def request_id_of(scope: Scope) -> str:
    """Return the id under which this request is logged; also the correlation id of the events it causes."""
    return str(scope["state"]["request_id"])


def _note(scope: Scope, status: int, seconds: float) -> None:
    # Label values must be few: the path as it was declared, never as it was asked.
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, route, str(status or "aborted")).inc()
    SECONDS.labels(method, route).observe(seconds)
    if scope["path"] not in _QUIET:
        log.info("request", method=method, path=scope["path"], status=status, ms=round(seconds * 1000, 1))


def _stopping() -> Problem:
    return unavailable(
        "stopping",
        "The service stops and could not finish this; send it again with the same Idempotency-Key.",
        "서비스가 종료되어 마치지 못했습니다. 같은 Idempotency-Key로 다시 보내십시오.",
    )


def _internal_error(request_id: str) -> Problem:
    return Problem(
        500,
        "internal_error",
        f"Something went wrong on our side; the log knows more under request id {request_id}.",
        f"내부 오류가 발생했습니다. 로그에서 요청 id {request_id} 값으로 찾을 수 있습니다.",
        request_id=request_id,
    )
