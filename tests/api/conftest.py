"""The application on this test's servers, people with tokens, and a projector that keeps up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from projections.groups import GROUPS
from services.access.roles import Role
from services.api.app import create_app
from services.api.http.services import Services
from services.api.main import connected
from services.ledger.provision import provision
from services.postgres.views import Views
from services.projector.main import Projector
from services.runtime.settings import Role as ProcessRole
from services.runtime.settings import Settings
from tests import running
from tests.servers import TestDatabase, TestNats, make_settings

SettingsFor = Callable[[ProcessRole], Settings]


class Person:
    """Somebody with a token. Reads see their own writes."""

    def __init__(self, http: httpx.AsyncClient, token: str, language: str = "en") -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        self.position = 0

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        """A read that waits for the last write."""
        sent = {**self.headers, "Goaltrail-Min-Position": str(self.position), **(headers or {})}
        return await self.http.get(path, headers=sent, params=params or None)

    async def read(self, path: str, **params: Any) -> Any:
        """The body of a read that works."""
        response = await self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    async def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A write; If-Match is read first unless it is given."""
        response = await self.http.request(method, path, json=body, headers=self.headers | (headers or {}))
        self.position = max(self.position, int(response.headers.get("Goaltrail-Position", 0)))
        return response

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A POST; `If_Match="…"` is the header If-Match."""
        return await self.send("POST", path, body, _named(headers))

    async def patch(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A PATCH."""
        return await self.send("PATCH", path, body, _named(headers))

    async def created(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """The receipt of a POST that works."""
        response = await self.post(path, body, **headers)
        assert response.status_code in (200, 201), response.text
        receipt: dict[str, Any] = response.json()
        return receipt

    async def etag(self, path: str) -> str:
        """The ETag of a read."""
        response = await self.get(path)
        assert response.status_code == 200, response.text
        return response.headers["ETag"]


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
async def provisioned(settings_for: SettingsFor) -> SettingsFor:
    """Settings by role, once the streams and the workspace are there."""
    await provision(settings_for("operator"))
    return settings_for


@asynccontextmanager
async def projecting(settings: Settings) -> AsyncIterator[None]:
    """A projector of all groups for the settings' workspace, once it has made the views."""
    async with running.projecting(settings), Views.connect(settings) as views:
        await views_made(views, settings.workspace)
        yield


async def views_made(views: Views, workspace: str) -> None:
    """Return once a projector has made the views of a workspace."""
    for group in GROUPS:
        await views.wait(workspace, 1, group=group, timeout=20)


@dataclass(frozen=True)
class System:
    """A started system: the API's connections, its application, and a projector for some workspaces."""

    services: Services
    app: ASGIApp
    projector: Projector
    workspaces: set[str]
    """Those whose views the projector makes."""


@pytest.fixture(scope="module")
async def system(
    nats_server: TestNats, shared_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """One for a file: its tests have workspaces of their own."""
    data = tmp_path_factory.mktemp("system") / "data"

    def settings_for(role: ProcessRole) -> Settings:
        return make_settings(nats_server, shared_database, workspace="system", data=data, role=role)

    await provision(settings_for("operator"))
    workspaces: set[str] = set()
    async with (
        connected(settings_for("api")) as services,
        running.projecting(settings_for("projector"), only=workspaces) as projector,
    ):
        yield System(services, create_app(services), projector, workspaces)


def of_file(request: pytest.FixtureRequest) -> System | None:
    """The file's system; None for a test that has a system or a database of its own."""
    if any(request.node.get_closest_marker(mark) for mark in ("own_system", "own_database")):
        return None
    system: System = request.getfixturevalue("system")
    return system


@pytest.fixture
def services(request: pytest.FixtureRequest, provisioned: SettingsFor) -> Services:
    """What the API process works with; the workspace of its settings is the test's."""
    system = of_file(request)
    if system is not None:
        return replace(system.services, settings=provisioned("api"))
    own: Services = request.getfixturevalue("own_services")
    return own


@pytest.fixture
async def own_services(provisioned: SettingsFor) -> AsyncIterator[Services]:
    """What the API process works with."""
    async with connected(provisioned("api")) as made:
        yield made


@pytest.fixture
def app(request: pytest.FixtureRequest, services: Services) -> ASGIApp:
    """The application."""
    system = of_file(request)
    return create_app(services) if system is None else system.app


@pytest.fixture
def projector(request: pytest.FixtureRequest) -> None:
    """The views are kept up to date while the test runs."""
    request.getfixturevalue("own_projector" if of_file(request) is None else "projector_of_file")


@pytest.fixture
async def own_projector(provisioned: SettingsFor) -> AsyncIterator[None]:
    """A projector for the test's workspace only."""
    async with projecting(provisioned("projector")):
        yield


@pytest.fixture
async def projector_of_file(system: System, services: Services) -> None:
    """The file's projector makes the views of the test's workspace."""
    workspace = services.settings.workspace
    system.workspaces.add(workspace)
    await system.projector.nudged(workspace)
    await views_made(services.views, workspace)


@pytest.fixture
async def http(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Requests to the application without a socket between."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client:
        yield client


async def person(
    http: httpx.AsyncClient, services: Services, name: str, role: Role, *, workspace: str | None = None
) -> Person:
    """Somebody with a new token."""
    actor = name if ":" in name else f"person:{name}"
    issued = await services.access.issue(workspace or services.settings.workspace, actor, role)
    assert issued.token is not None
    for _ in range(200):
        if services.access.caller(issued.token) is not None:
            break
        await asyncio.sleep(0.005)
    return Person(http, issued.token)


@pytest.fixture
async def anna(http: httpx.AsyncClient, services: Services) -> Person:
    """An owner, who may change everything but tokens."""
    return await person(http, services, "anna", "owner")


YEAR = "2026"


async def given_goal(anna: Person, *, active: bool = True) -> str:
    """A cycle, a KPI, and an objective with one key result on it. Answers the objective's ETag."""
    await anna.created(
        "/v1/cycles",
        {"id": YEAR, "name": "2026", "start": "2026-01-01", "end": "2026-12-31", "kind": "year"},
    )
    await anna.created(f"/v1/cycles/{YEAR}/open", {})
    await anna.created(
        "/v1/kpis",
        {
            "id": "acv",
            "name_ko": "평균 계약 금액",
            "unit": "MKRW",
            "kind": "gauge",
            "aggregation": "last",
            "cadence": "month",
        },
    )
    drafted = await anna.created("/v1/objectives", {"id": "growth", "title": "Grow", "cycle": YEAR})
    added = await anna.created(
        "/v1/objectives/growth/key-results",
        {
            "id": "kr-acv",
            "title": "ACV 50 → 80",
            "measure": {"kind": "increase", "baseline": "50", "target": "80", "unit": "MKRW"},
            "kpi": "acv",
        },
        If_Match=f'"{drafted["revision"]}"',
    )
    revision = added["revision"]
    if active:
        answer = await anna.created("/v1/objectives/growth/activate", {}, If_Match=f'"{revision}"')
        revision = answer["revision"]
    return f'"{revision}"'
