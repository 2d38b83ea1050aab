"""Health, readiness with lag, metrics, and the AsyncAPI document. No token is needed."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from pydantic import BaseModel, Field

from projections.control import ActiveVersion
from projections.groups import GROUPS
from services.api.http.openapi import prepared
from services.api.http.services import Services, Serving
from services.api.operations.asyncapi import document
from services.ledger import LedgerError
from services.ledger.provision import list_heads
from services.postgres.views import ViewsUnavailable
from services.runtime import clock

router = APIRouter(tags=["operations"])

LAG_EVENTS = Gauge("goaltrail_views_lag_events", "Events that the views lack, at most.", ["group"])
LAG_SECONDS = Gauge(
    "goaltrail_views_lag_seconds", "Age of the newest event in views that lack some, at most.", ["group"]
)


PATIENCE = 3.0
"""Seconds after which an engine that does not answer counts as away."""


class GroupState(BaseModel):
    """How far the views of one group are, in the workspace where they lag most."""

    group: str
    built: bool = Field(description="Every workspace has views that were whole once.")
    ledger_differs: bool = Field(
        description="Some workspace's ledger is not the one that its views were built from: it was lost,"
        " replaced or restored from an older copy, and its views are set aside. See `goaltrail doctor`."
    )
    damaged: bool = Field(
        description="Something of some workspace's views is lost or can't be read in PostgreSQL. They are"
        " built anew from the ledger. See `goaltrail doctor`."
    )
    newer: bool = Field(
        description="A newer version of Goaltrail has built some workspace's views: this process has to be"
        " upgraded to read them."
    )
    lag_events: int | None = Field(
        description="Events that the views lack; null while NATS or PostgreSQL is away."
    )
    lag_seconds: float | None = Field(
        description="Age of the newest event in the views, while newer ones are on the ledger; else 0."
    )


class FailingTask(BaseModel):
    """A background task that failed and is started again until it runs well."""

    process: str = Field(description="`api`, `intake` or `projector`.")
    task: str = Field(description="What the task does.")
    error: str = Field(description="The kind of its last error; the log of the process has its words.")


class Readiness(BaseModel):
    """Whether everything works, and what does not."""

    ready: bool
    nats: bool = Field(description="NATS answers, and stored something within the last seconds.")
    postgresql: bool = Field(description="PostgreSQL answers, and wrote something within the last seconds.")
    storage_full: bool = Field(description="NATS stores nothing because its disk is, or was, full.")
    groups: list[GroupState]
    failing: list[FailingTask] = Field(description="What does not run well in any process.")


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Answers as long as the process handles requests, whatever else is away."""
    return {"status": "ok"}


@router.get("/readyz", summary="Does everything work?", responses={503: {"model": Readiness}})
async def readyz(services: Serving, response: Response) -> Readiness:
    """200 when both engines take writes, all views are there and no task fails; else 503 with details."""
    found = await readiness(services)
    if not found.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return found


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(services: Serving) -> Response:
    """Requests, durations and lag in the text format of Prometheus."""
    for group in (await readiness(services)).groups:
        LAG_EVENTS.labels(group.group).set(float("nan") if group.lag_events is None else group.lag_events)
        LAG_SECONDS.labels(group.group).set(float("nan") if group.lag_seconds is None else group.lag_seconds)
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


_asyncapi = prepared(document)


@router.get("/asyncapi", summary="The AsyncAPI document")
async def asyncapi() -> dict[str, Any]:
    """What travels over NATS: events, nudges and deliveries of feeds."""
    return await _asyncapi()  # type: ignore[return-value]  # the annotation is for the OpenAPI document


async def readiness(services: Services) -> Readiness:
    """Ask both engines, and compare what the views have with the ledger."""
    # One after the other: what views have when they are asked is on the ledger when that is asked.
    writing, builds = await asyncio.gather(services.health.writing(), _builds(services))
    heads = await _heads(services)
    groups = [_group(name, services, builds, heads) for name in GROUPS]
    nats, postgresql = heads is not None and writing.nats, builds is not None and writing.postgresql
    failing = [
        FailingTask(process=process, task=problem.task, error=problem.error)
        for process, problem in services.health.failing()
    ]
    ready = nats and postgresql and not failing and all(_is_ready(group) for group in groups)
    return Readiness(
        ready=ready,
        nats=nats,
        postgresql=postgresql,
        storage_full=writing.storage_full,
        groups=groups,
        failing=failing,
    )


def _is_ready(group: GroupState) -> bool:
    return group.built and not (group.ledger_differs or group.damaged or group.newer)


async def _heads(services: Services) -> dict[str, int] | None:
    """Return the last position of each workspace's ledger; None while NATS is away."""
    if not services.ledger.connected:
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            heads = await list_heads(services.ledger)
    except (LedgerError, TimeoutError):
        return None
    return {workspace: head.position for workspace, head in heads.items()}


async def _builds(services: Services) -> dict[tuple[str, str], ActiveVersion] | None:
    """Return the builds that reads use, by workspace and group; None while PostgreSQL is away."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await services.views.all_active()
    except (ViewsUnavailable, TimeoutError):
        return None


def _group(
    name: str,
    services: Services,
    builds: dict[tuple[str, str], ActiveVersion] | None,
    heads: dict[str, int] | None,
) -> GroupState:
    ours = {workspace: build for (workspace, group), build in (builds or {}).items() if group == name}
    events, seconds = (None, None) if heads is None or builds is None else _lag(ours, heads)
    return GroupState(
        group=name,
        built=bool(ours) if heads is None else all(workspace in ours for workspace in heads),
        # The projector tells why; that the views know more than the ledger is seen before it has looked.
        ledger_differs=any(
            build.differs is not None
            or (heads is not None and build.position > heads.get(workspace, build.position))
            for workspace, build in ours.items()
        ),
        damaged=any(
            build.damaged is not None or services.views.is_damaged(workspace, name, build.build)
            for workspace, build in ours.items()
        ),
        newer=any(build.version > GROUPS[name].version for build in ours.values()),
        lag_events=events,
        lag_seconds=seconds,
    )


def _lag(builds: dict[str, ActiveVersion], heads: dict[str, int]) -> tuple[int, float]:
    """Return how many events the views of a group lack at most, and how old their newest one is then."""
    now = clock.now()
    events, seconds = 0, 0.0
    for workspace, head in heads.items():
        build = builds.get(workspace)
        behind = max(0, head - (build.position if build is not None else 0))
        events = max(events, behind)
        if build is not None and behind and build.recorded_at is not None:
            seconds = max(seconds, (now - build.recorded_at).total_seconds())
    return events, round(seconds, 3)
