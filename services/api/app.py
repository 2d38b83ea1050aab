"""The application: routers, problem documents, limits, and what every operation has in common."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.administration import approvals, tokens, workspace
from services.api.advice import advice
from services.api.audit import audit
from services.api.conversations import conversations, feedback, recognitions
from services.api.cycles import cycles, policies
from services.api.feeds import feeds
from services.api.goals import (
    alignment,
    initiatives,
    key_result_reports,
    key_results,
    milestone_steps,
    objective_life,
    objectives,
    relative_goals,
    trajectories,
    unit_key_results,
)
from services.api.http import error_handlers, openapi
from services.api.http.body_limit import BodyLimit
from services.api.http.gate import Gate
from services.api.http.request_log import RequestLog
from services.api.http.routes import sections
from services.api.http.services import Services
from services.api.kpis import kpi_life, kpis
from services.api.operations import operations
from services.api.people import forgetting, members, org_units, people
from services.api.readings import readings
from services.api.scorecards import scorecards

DESCRIPTION = """\
Goals and KPIs as immutable facts: every change is an event with a position, an author and a reason.

- Errors are RFC 9457 problem documents with a stable `code`, in Korean or English by `Accept-Language`.
- Writes take an `Idempotency-Key` and answer with `Goaltrail-Position`; send it back as
  `Goaltrail-Min-Position` to read your write. Changes to a goal take `If-Match` with the `ETag` of a read.
- Reads take `as_of` (the business day) and `known_at` (what the record said) where history makes sense.
- Decimals are JSON strings.
"""

ROUTERS = (
    operations,
    readings,
    objectives,
    objective_life,
    key_results,
    key_result_reports,
    unit_key_results,
    milestone_steps,
    relative_goals,
    trajectories,
    initiatives,
    kpis,
    kpi_life,
    feeds,
    cycles,
    policies,
    org_units,
    people,
    members,
    alignment,
    scorecards,
    forgetting,
    conversations,
    feedback,
    recognitions,
    advice,
    audit,
    approvals,
    workspace,
    tokens,
)

TAGS = [
    {"name": "goals", "description": "Objectives and key results (목표, 핵심 결과), now or then."},
    {"name": "initiatives", "description": "Work done to move goals (실행과제); never part of a score."},
    {
        "name": "KPIs",
        "description": "What the company watches (핵심성과지표): targets and trends.",
    },
    {"name": "readings", "description": "Measured values (실적) with a receipt for each."},
    {"name": "cycles", "description": "Dated periods that goals belong to (사이클)."},
    {"name": "policies", "description": "The versioned rules that goals are graded by (산정 기준)."},
    {"name": "org units", "description": "The tree of units (조직)."},
    {"name": "people", "description": "Persons (구성원) and the units they belong to, now or then."},
    {
        "name": "conversations",
        "description": "What people say to each other (대화, 피드백, 인정); who may read it, they say.",
    },
    {"name": "audit", "description": "Who did what, when and why."},
    {"name": "administration", "description": "The workspace and its tokens."},
    {"name": "operations", "description": "Health, metrics and the AsyncAPI document."},
]


def create_app(services: Services) -> ASGIApp:
    """Return the API over running services; it opens and closes none of them."""
    paths = application()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["services"] = services
        await paths(scope, receive, send)

    return app


@cache
def application() -> FastAPI:
    """Return every path of the API, without the services: those come with each request, in its state.

    Made once in a process, because FastAPI takes a third of a second to read all signatures.
    """
    app = FastAPI(
        title="Goaltrail",
        version="1",
        summary="Event-sourced OKR and KPI backend",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        # The pages would load scripts from another host.
        docs_url=None,
        openapi_url=None,  # served by openapi.install
        redoc_url=None,
        redirect_slashes=False,
    )
    routers = [module.router for module in ROUTERS]
    app.router.routes.extend(sections(routers))
    error_handlers.install(app)
    openapi.install(app, [route for router in routers for route in router.routes])
    app.add_middleware(BodyLimit)
    app.add_middleware(Gate)
    app.add_middleware(RequestLog)
    return app
