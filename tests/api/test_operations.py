"""Health, readiness, metrics and the log."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from services.api.http.request_log import RequestLog
from tests.api.conftest import Person, SettingsFor, given_goal, projecting


async def test_a_request_that_is_broken_off_gets_a_problem_too() -> None:
    """When the process has to end before the answer is there."""
    begun, sent = asyncio.Event(), list[Message]()

    async def forever(_scope: Scope, _receive: Receive, _send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/readings", "headers": []}
    request = asyncio.create_task(RequestLog(forever)(scope, receive, send))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (503, "stopping")


@pytest.mark.own_database
async def test_it_is_alive_before_it_is_ready(http: httpx.AsyncClient, provisioned: SettingsFor) -> None:
    """Without views it says so; with them it is ready and lags by nothing."""
    assert (await http.get("/healthz?from=a-probe")).status_code == 200
    early = await http.get("/readyz")
    assert early.status_code == 503
    assert [group["built"] for group in early.json()["groups"]] == [False, False]
    async with projecting(provisioned("projector")):
        groups = (await http.get("/readyz")).json()["groups"]
    assert [group["group"] for group in groups] == ["state", "audit"]


@pytest.mark.usefixtures("projector")
async def test_metrics_count_requests_by_route(anna: Person) -> None:
    """By the declared path, so that ids make no series; and the lag of each group."""
    await given_goal(anna)
    await anna.read("/v1/objectives/growth")
    await anna.get("/v1/objectives/nowhere")
    await anna.http.request("BREW", "/v1/coffee")
    text = (await anna.http.get("/metrics")).text
    route = 'method="GET",route="/v1/objectives/{objective}"'
    assert f'goaltrail_http_requests_total{{{route},status="200"}}' in text
    assert f'goaltrail_http_requests_total{{{route},status="404"}}' in text
    assert 'method="other",route="unmatched"' in text
    assert "goaltrail_http_request_seconds_bucket" in text
    assert 'goaltrail_views_lag_events{group="state"}' in text
    assert "nowhere" not in text


@pytest.mark.usefixtures("projector")
async def test_the_log_has_a_line_per_request_without_secrets(anna: Person) -> None:
    """Method, path, status, duration, who, under which id; no query string, token, body or reason."""
    await anna.read("/v1/workspace")
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await anna.get("/v1/objectives?owner=somebody", headers={"X-Request-Id": "r-7"})
        await anna.post("/v1/cycles", {"id": "c", "name": "hush", "reason": "secret reason"})
        await anna.get("/healthz")
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("GET", "/v1/objectives", 200),
        ("POST", "/v1/cycles", 422),
    ]
    assert (requests[0]["request_id"], requests[0]["actor"]) == ("r-7", "person:anna")
    assert requests[0]["ms"] >= 0
    text = repr(lines)
    for secret in ("somebody", "hush", "secret reason", anna.headers["Authorization"][7:]):
        assert secret not in text


async def test_documents_are_served(http: httpx.AsyncClient) -> None:
    """OpenAPI and AsyncAPI, without a token."""
    assert (await http.get("/openapi.json")).json()["openapi"].startswith("3.1")
    document = (await http.get("/asyncapi")).json()
    assert document["asyncapi"] == "3.0.0"
    assert "ledger.{workspace}.{aggregate}.{id}" in {
        channel["address"] for channel in document["channels"].values()
    }
