"""Health, readiness with lag, metrics, and the AsyncAPI document. No token is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from pydantic import BaseModel, Field

from projections.control import ActiveVersion
from projections.groups import GROUPS
from services.api.http.openapi import prepared
from services.api.http.routes import operation_id
from services.api.http.services import Services, Serving
from services.api.operations.asyncapi import document
from services.api.operations.clocks import ClockWarning
from services.ledger.provision import Head

router = APIRouter(tags=["operations"], generate_unique_id_function=operation_id)

LAG_EVENTS = Gauge("goaltrail_views_lag_events", "Events that the views lack, at most.", ["group"])
LAG_SECONDS = Gauge(
    "goaltrail_views_lag_seconds", "Age of the newest event in views that lack some, at most.", ["group"]
)
NOT_READY = Gauge(
    "goaltrail_workspaces_not_ready",
    "Workspaces whose reads, or reads and commands, are answered 503 because of their ledger or views.",
)
CLOCK_AHEAD = Gauge(
    "goaltrail_clock_ahead_seconds",
    "How far the clock of this process is ahead of the one of NATS, where they differ most; negative where it"
    " is behind.",
)
CLOCK_SET_BACK = Gauge(
    "goaltrail_clock_set_back_seconds",
    "How far the clock of NATS is behind the newest event on record; 0 if it is not.",
)


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

    ready: bool = Field(
        description="The process can answer. A workspace whose ledger or views are in trouble, beside others"
        " that work, keeps it from nothing: see `workspaces_not_ready`."
    )
    nats: bool = Field(description="NATS answers, and stored something within the last seconds.")
    postgresql: bool = Field(description="PostgreSQL answers, and wrote something within the last seconds.")
    storage_full: bool = Field(description="NATS stores nothing because its disk is, or was, full.")
    groups: list[GroupState]
    workspaces: int | None = Field(description="How many there are; null while NATS or PostgreSQL is away.")
    workspaces_not_ready: int | None = Field(
        description="How many of them are answered 503, because of what `groups` tells. `goaltrail doctor`"
        " names them; null while NATS or PostgreSQL is away."
    )
    failing: list[FailingTask] = Field(description="What does not run well in any process.")
    clock_ahead_seconds: float | None = Field(
        description="How far the clock of this process is ahead of the one of NATS, where they differ most;"
        " negative where it is behind; null while NATS is away. What asking took is no difference."
    )
    clock_set_back_seconds: float | None = Field(
        description="How far the clock of NATS is behind the newest event on record, because it was set back;"
        " 0 if it is not; null while NATS is away."
    )
    warnings: list[ClockWarning] = Field(
        description="What does not keep anything from working, but needs somebody to look at it."
    )


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Answers as long as the process handles requests, whatever else is away."""
    return {"status": "ok"}


@router.get("/readyz", summary="Does everything work?", responses={503: {"model": Readiness}})
async def readyz(services: Serving, response: Response) -> Readiness:
    """200 when both engines take writes, no task fails and the views of some workspace are there; else 503
    with details. What is wrong with one workspace alone does not keep the others from being served.

    Clocks that differ are a warning: reads and readings go on, and each command is refused by itself where
    its day would be wrong."""
    found = await readiness(services)
    if not found.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return found


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(services: Serving) -> Response:
    """Requests, durations and lag in the text format of Prometheus."""
    found = await readiness(services)
    NOT_READY.set(_number(found.workspaces_not_ready))
    CLOCK_AHEAD.set(_number(found.clock_ahead_seconds))
    CLOCK_SET_BACK.set(_number(found.clock_set_back_seconds))
    for group in found.groups:
        LAG_EVENTS.labels(group.group).set(_number(group.lag_events))
        LAG_SECONDS.labels(group.group).set(_number(group.lag_seconds))
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


_asyncapi = prepared(document)


@router.get("/asyncapi", summary="The AsyncAPI document")
async def asyncapi() -> dict[str, Any]:
    """What travels over NATS: events, nudges and deliveries of feeds."""
    return await _asyncapi()  # type: ignore[return-value]  # the annotation is for the OpenAPI document


async def readiness(services: Services) -> Readiness:
    """Ask both engines, and compare what the views have with the ledger."""
    # One after the other: what views have when they are asked is on the ledger when that is asked.
    writing, builds = await asyncio.gather(services.health.writing(), services.health.builds())
    heads = await services.health.heads()
    clocks = None if heads is None else services.health.compare_clocks(heads, builds or {})
    nats, postgresql = heads is not None and writing.nats, builds is not None and writing.postgresql
    workspaces = {workspace for workspace, _ in builds or {}} | (heads or {}).keys()
    states = {
        (workspace, name): _state(services, workspace, name, builds or {}, heads)
        for workspace in workspaces
        for name in GROUPS
    }
    troubled = {workspace for (workspace, _), state in states.items() if not state.answers}
    failing = [
        FailingTask(process=process, task=problem.task, error=problem.error)
        for process, problem in services.health.failing()
    ]
    # A process that one workspace could make unready would be taken from all the others, too.
    serves = not workspaces or len(troubled) < len(workspaces)
    counted = nats and postgresql
    return Readiness(
        ready=counted and not failing and serves,
        nats=nats,
        postgresql=postgresql,
        storage_full=writing.storage_full,
        groups=[
            _group(name, [states[workspace, name] for workspace in workspaces], builds, heads)
            for name in GROUPS
        ],
        workspaces=len(workspaces) if counted else None,
        workspaces_not_ready=len(troubled) if counted else None,
        failing=failing,
        clock_ahead_seconds=None if clocks is None else clocks.ahead.total_seconds(),
        clock_set_back_seconds=None if clocks is None else clocks.set_back.total_seconds(),
        warnings=[] if clocks is None else clocks.warnings(),
    )


class _State(NamedTuple):
    """How the views of a group are, of one workspace; as GroupState."""

    built: bool
    ledger_differs: bool
    damaged: bool
    newer: bool

    @property
    def answers(self) -> bool:
        """Return whether they can be read."""
        return self.built and not (self.ledger_differs or self.damaged or self.newer)


def _state(
    services: Services,
    workspace: str,
    name: str,
    builds: dict[tuple[str, str], ActiveVersion],
    heads: dict[str, Head] | None,
) -> _State:
    build, head = builds.get((workspace, name)), (heads or {}).get(workspace)
    if build is None:
        return _State(False, False, False, False)
    return _State(
        built=True,
        # The projector tells why; that the views know more than the ledger is seen before it has looked.
        ledger_differs=build.differs is not None or (head is not None and build.position > head.position),
        damaged=build.damaged is not None or services.views.is_damaged(workspace, name, build.build),
        newer=build.version > GROUPS[name].version,
    )


def _group(
    name: str,
    states: Sequence[_State],
    builds: dict[tuple[str, str], ActiveVersion] | None,
    heads: dict[str, Head] | None,
) -> GroupState:
    ours = {workspace: build for (workspace, group), build in (builds or {}).items() if group == name}
    events, seconds = (None, None) if heads is None or builds is None else _lag(ours, heads)
    return GroupState(
        group=name,
        built=bool(ours) if heads is None else all(state.built for state in states),
        ledger_differs=any(state.ledger_differs for state in states),
        damaged=any(state.damaged for state in states),
        newer=any(state.newer for state in states),
        lag_events=events,
        lag_seconds=seconds,
    )


def _lag(builds: dict[str, ActiveVersion], heads: dict[str, Head]) -> tuple[int, float]:
    """Return how many events the views of a group lack at most, and how old their newest one is then."""
    events, seconds = 0, 0.0
    for workspace, head in heads.items():
        build = builds.get(workspace)
        behind = max(0, head.position - (build.position if build is not None else 0))
        events = max(events, behind)
        if build is not None and behind and build.recorded_at is not None:
            seconds = max(seconds, (head.now - build.recorded_at).total_seconds())
    return events, round(seconds, 3)
