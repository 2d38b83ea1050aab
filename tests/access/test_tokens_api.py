"""/v1/tokens over the real application, with the right, the wrong and no token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.access.first import ensure_admin_token
from services.api.app import create_app
from services.api.http.services import Services
from services.api.main import connected
from services.ledger.provision import create_workspace, provision
from services.runtime.settings import Role, Settings
from tests.nats_only import eventually

ANNA = {"actor": "person:anna", "role": "viewer", "label": "laptop"}


@pytest.fixture
async def services(
    operator_settings: Settings, settings_for: Callable[[Role], Settings]
) -> AsyncIterator[Services]:
    """What the API process has, connected to this test's servers."""
    await provision(operator_settings)
    await ensure_admin_token(operator_settings)
    async with connected(settings_for("api")) as running:
        yield running


@pytest.fixture
async def api(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends no token by itself."""
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


@pytest.fixture
def admin(services: Services) -> dict[str, str]:
    """The headers of the workspace's administrator."""
    return bearer(services.settings.load_admin_token())


def bearer(token: str | None) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def make(api: httpx.AsyncClient, admin: dict[str, str], **fields: Any) -> httpx.Response:
    body = json.dumps(ANNA | fields)  # ASCII: even half a character can be sent
    return await api.post("/v1/tokens", content=body, headers=admin | {"Content-Type": "application/json"})


async def test_new_token_opens_the_door_and_is_shown_once(
    api: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    """201 with the text, id, event and position; the list shows all but the text."""
    answer = await make(api, admin)
    assert answer.status_code == 201
    made = answer.json()
    assert made["token"].startswith("gt_")
    assert answer.headers["Location"] == f"/v1/tokens/{made['id']}"
    assert int(answer.headers["Goaltrail-Position"]) > 0
    assert len(made["event_ids"]) == 1
    listed = await api.get("/v1/tokens", headers=admin)
    assert [entry["actor"] for entry in listed.json()["data"]] == ["person:admin", "person:anna"]
    assert made["token"] not in listed.text
    assert "hash" not in listed.text
    own = await api.get("/v1/tokens", headers=bearer(made["token"]))
    assert (own.status_code, own.json()["code"]) == (403, "role_not_allowed")


async def test_revoked_token_is_out_at_once(api: httpx.AsyncClient, admin: dict[str, str]) -> None:
    """204, also the second time; the token gets 401 from then on."""
    made = (await make(api, admin, role="admin")).json()
    mine = bearer(made["token"])
    assert (await api.get("/v1/tokens", headers=mine)).status_code == 200
    for _ in range(2):
        assert (await api.delete(f"/v1/tokens/{made['id']}", headers=admin)).status_code == 204
    gone = await api.get("/v1/tokens", headers=mine)
    assert (gone.status_code, gone.json()["code"]) == (401, "token_invalid")
    assert gone.headers["WWW-Authenticate"].startswith("Bearer")


async def test_no_or_wrong_token_is_401(api: httpx.AsyncClient) -> None:
    """A problem document in either case, and nothing about why."""
    unknown = f"Bearer gt_main_0123456789abcdef_{'A' * 43}"
    for value in (None, "Basic YTpi", "Bearer", unknown, "Bearer " + "x" * 5000, "Bearer \xff\xfe"):
        headers = [] if value is None else [(b"Authorization", value.encode("latin-1"))]
        answer = await api.get("/v1/tokens", headers=headers)
        assert answer.status_code == 401, value
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] in ("token_missing", "token_invalid")


async def test_expired_token_is_401(
    services: Services, api: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    """An administrator's token ends when it says."""
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    made = (await make(api, admin, role="admin", expires_at=soon)).json()
    assert made["state"] == "valid"
    await eventually(lambda: services.access.caller(made["token"]) is None, seconds=10)
    assert (await api.get("/v1/tokens", headers=bearer(made["token"]))).status_code == 401


async def test_other_workspace_sees_and_revokes_nothing(
    services: Services,
    operator_settings: Settings,
    api: httpx.AsyncClient,
    admin: dict[str, str],
    workspace: str,
) -> None:
    """An administrator of another workspace does not even learn that the token exists."""
    other = f"{workspace}-b"
    await create_workspace(operator_settings, other, name="other", zone="Asia/Seoul")
    stranger = bearer((await services.access.issue(other, "person:eve", "admin")).token)
    made = (await make(api, admin)).json()
    assert [entry["actor"] for entry in (await api.get("/v1/tokens", headers=stranger)).json()["data"]] == [
        "person:eve"
    ]
    answer = await api.delete(f"/v1/tokens/{made['id']}", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (404, "token_unknown")
    assert services.access.caller(made["token"]) is not None


async def test_repeated_request_makes_one_token(api: httpx.AsyncClient, admin: dict[str, str]) -> None:
    """Same key and body: the same token without its text; another body: 422; another key: another token."""
    keyed = admin | {"Idempotency-Key": "anna-1"}
    first = await make(api, keyed)
    again = await make(api, keyed)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert again.json() == first.json() | {"token": None}
    for other in ({"actor": "person:bora"}, {"label": "phone"}, {"role": "editor"}):
        reused = await make(api, keyed, **other)
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    different = await make(api, admin | {"Idempotency-Key": "anna-2"})
    assert different.json()["id"] != first.json()["id"]


WRONG = (
    ({"actor": "anna"}, "invalid"),
    ({"actor": "system:provision"}, "invalid"),
    ({"actor": "person:Anna Smith"}, "invalid"),
    ({"actor": "person:../x"}, "invalid"),
    ({"role": "king"}, "invalid"),
    ({"role": "feed"}, "role_does_not_fit"),
    ({"label": "x" * 61}, "invalid"),
    ({"label": "a\nb"}, "invalid"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_in_the_past"),
    ({"expires_at": "2030-01-01T00:00:00"}, "invalid"),
    ({"expires_at": "9999-12-31T23:59:59-12:00"}, "invalid"),
    ({"workspace": "other"}, "invalid"),
)


async def test_wrong_field_is_422(api: httpx.AsyncClient, admin: dict[str, str]) -> None:
    """Each names the field it concerns, and no token is made."""
    for fields, code in WRONG:
        answer = await make(api, admin, **fields)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert answer.json()["errors"][0]["pointer"] == f"#/{next(iter(fields))}"
    half = await make(api, admin, label="\ud800")
    assert (half.status_code, half.json()["code"]) == (400, "lone_surrogate")
    assert len((await api.get("/v1/tokens", headers=admin)).json()["data"]) == 1


async def test_last_administrator_is_kept(
    services: Services, api: httpx.AsyncClient, admin: dict[str, str]
) -> None:
    """409 with a sentence in the caller's language."""
    [own] = (await api.get("/v1/tokens", headers=admin)).json()["data"]
    answer = await api.delete(f"/v1/tokens/{own['id']}", headers=admin | {"Accept-Language": "ko"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin_token")
    assert "관리자" in answer.json()["detail"]
