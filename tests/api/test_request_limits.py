"""More readings at once than can be taken: refused early and in words, and others are not kept waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from services.api.http.services import Services
from services.intake import request_limits
from services.intake.request_limits import Busy, RequestLimits
from tests.api.conftest import Person
from tests.api.given_readings import erp, item, send
from tests.running import eventually

__all__ = ["erp"]


async def test_large_requests_that_could_only_wait_are_refused_early(
    erp: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their share is taken by requests that are still coming in; single readings and reads go on."""
    monkeypatch.setattr(request_limits, "LARGE_QUEUE", 0)
    services.intake.limits = RequestLimits()
    coming = 0
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        nonlocal coming
        coming += 1
        yield orjson.dumps(item("first")) + b"\n"
        await more.wait()
        yield orjson.dumps(item("last")) + b"\n"

    under_way = [
        asyncio.create_task(send(erp, slowly(), "application/x-ndjson"))
        for _ in range(request_limits.LARGE // 2)
    ]

    async def all_come_in() -> bool:
        return coming == len(under_way)

    await eventually(all_come_in)
    refused = await send(erp, slowly(), "application/x-ndjson")
    assert refused.status_code == 503
    assert refused.json()["code"] == "intake_unavailable"
    assert "at once" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) >= 1
    single = await send(erp, orjson.dumps([item("single")]))
    assert single.status_code == 200
    more.set()
    answers = await asyncio.gather(*under_way)
    assert [answer.status_code for answer in answers] == [200] * len(under_way)
    assert (await send(erp, slowly(), "application/x-ndjson")).status_code == 200


async def test_a_workspace_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one workspace sends leaves room for another, in both sizes; a place that is left is free again."""
    monkeypatch.setattr(request_limits, "LARGE_QUEUE", 0)
    monkeypatch.setattr(request_limits, "MOST_SMALL", 3)
    for size, most in ((None, request_limits.LARGE // 2), (request_limits.SMALL_BYTES, 3)):
        limits = RequestLimits()
        held = [limits.admitted("one", size) for _ in range(most)]
        for place in held:
            await place.__aenter__()
        with pytest.raises(Busy) as busy:
            await limits.admitted("one", size).__aenter__()
        assert busy.value.retry_after >= 1
        async with limits.admitted("other", size):
            pass
        await held[0].__aexit__(None, None, None)
        async with limits.admitted("one", size):
            pass
