"""PostgreSQL: reachable, new enough, durable, clock; and the views: lag, versions, poison."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from events.objectives.state import Objective
from events.org_units.state import OrgUnit
from events.text import counted
from projections import control
from projections.alignment.circles import circles_of_goals, circles_of_units
from projections.groups import GROUPS
from projections.state import queries
from projections.state.fold import STATE
from projections.state.tables import reading, version
from services.doctor.damage import control_damaged, damaged, find_damage
from services.doctor.finding import CLOCK_WARN, Finding, clock_difference, clock_set_back
from services.ledger import Ledger, StoredMessage
from services.ledger.provision import Head, list_heads
from services.postgres.damage import damage_of
from services.postgres.locks import is_held
from services.projector import labels
from services.projector.comparison import last_in_common
from services.runtime import clock
from services.runtime.settings import Settings

OLDEST_POSTGRES = 18
LAG_WARN, LAG_FAIL = timedelta(seconds=10), timedelta(minutes=5)
"""How long an event may wait for a view."""


async def examine_views(
    settings: Settings, ledger: Ledger | None, workspaces: list[str]
) -> AsyncIterator[Finding]:
    """Yield everything that PostgreSQL can tell; without `ledger` (NATS is away) nothing about lag."""
    engine = create_async_engine(settings.sqlalchemy_url, connect_args={"timeout": 5})
    try:
        async with engine.connect() as connection:
            async for finding in _server(connection):
                yield finding
            if await connection.scalar(text("SELECT to_regclass('control.active_version')")) is None:
                yield Finding.warn("views.built", "no worker has ever built a view", "run `goaltrail worker`")
                return
            builds = await control.all_active(connection)
            for workspace in sorted({workspace for workspace, _ in builds}):
                if ledger is not None and workspace not in workspaces:
                    yield _missing(workspace)
            if ledger is not None:
                for finding in _set_back(await list_heads(ledger), builds):
                    yield finding
            for workspace in workspaces:
                for group in GROUPS:
                    async for finding in _group(connection, ledger, workspace, group):
                        yield finding
    except (DBAPIError, OSError) as error:
        if isinstance(error, DBAPIError) and damage_of(error) is not None:
            yield control_damaged(error)
            return
        cause = getattr(error, "orig", None) or error
        yield Finding.fail(
            "postgres.reachable",
            f"PostgreSQL: {str(cause) or type(cause).__name__}",
            "start it with `make up`, or check GOALTRAIL_DATABASE_URL and its password",
        )
    finally:
        await engine.dispose()


async def _server(connection: AsyncConnection) -> AsyncIterator[Finding]:
    asked = clock.now()
    theirs = await connection.scalar(text("SELECT clock_timestamp()"))
    answered = clock.now()
    version = str(await connection.scalar(text("SHOW server_version")))
    if int(version.split(".")[0]) < OLDEST_POSTGRES:
        yield Finding.fail("postgres.version", f"PostgreSQL {version}", "use PostgreSQL 18 or newer")
    else:
        yield Finding.ok("postgres.version", f"PostgreSQL {version}")
    unsafe = [
        name
        for name in ("fsync", "full_page_writes")
        if await connection.scalar(text(f"SHOW {name}")) != "on"
    ]
    if unsafe:
        yield Finding.warn(
            "postgres.sync",
            f"{', '.join(unsafe)} off: a crash can damage the views",
            "switch it on, and rebuild the views after a crash",
        )
    assert theirs is not None
    yield clock_difference("postgres.clock", "PostgreSQL", clock.ahead(theirs, asked, answered))


def _set_back(
    heads: Mapping[str, Head], builds: Mapping[tuple[str, str], control.ActiveVersion]
) -> Iterator[Finding]:
    """Yield where a clock was set back and events have come since: views keep the latest time of all.

    That the last event itself is later than the clock was said by the ledger.
    """
    recorded = {
        workspace: build.recorded_at
        for (workspace, group), build in builds.items()
        if group == STATE.name and build.differs is None
    }
    for workspace, head in heads.items():
        newest = recorded.get(workspace)
        if newest is not None and head.set_back() < CLOCK_WARN:
            finding = clock_set_back(workspace, newest, head)
            if finding is not None:
                yield finding


async def _group(
    connection: AsyncConnection, ledger: Ledger | None, workspace: str, group: str
) -> AsyncIterator[Finding]:
    name = f"{workspace}/{group}"
    active = await control.active(connection, workspace, group)
    if active is None:
        yield await _unbuilt(connection, workspace, group)
        return
    known = GROUPS[group]
    if active.version > known.version:
        yield Finding.fail(
            "views.version",
            f"{name}: version {active.version} is live, this program has {known.version}: a newer one has"
            " built it, and reads of this one answer 503",
            f"upgrade this program; or, to stay with this version, `goaltrail rebuild {group}`",
        )
        return
    damage = (
        await find_damage(connection, workspace, known, active) if active.version == known.version else None
    )
    if damage is not None:
        yield await damaged(ledger, workspace, name, active, damage)
        return
    if active.differs is not None:
        yield await _set_aside(connection, ledger, workspace, name, active)
        return
    for _, schema in await control.set_aside(connection, workspace, group):
        yield Finding.ok(
            "views.ledger", f"{name}: {schema} is set aside, of the ledger before it was restored"
        )
    async for finding in _unknown(connection, workspace, group):
        yield finding
    if active.version != known.version:
        yield Finding.warn(
            "views.version",
            f"{name}: version {active.version} is live, this program has {known.version}",
            f"run `goaltrail rebuild {group}`",
        )
    elif group == STATE.name:
        async for finding in _circles(connection, name, active):
            yield finding
    if ledger is not None:
        yield await _lag(ledger, workspace, name, active.position, group)
    poison = [entry for entry in await control.poisoned(connection, workspace, group) if not entry.waived]
    if poison:
        shown = "; ".join(
            f"{entry.position} ({entry.kind} {entry.id}): {entry.error}" for entry in poison[:3]
        )
        yield Finding.fail(
            "views.poison",
            f"{name}: {counted(len(poison), 'position')} that the view could not take: {shown}",
            f"upgrade or waive them, then `goaltrail rebuild {group}`",
        )


async def _unbuilt(connection: AsyncConnection, workspace: str, group: str) -> Finding:
    """Return why reads use no build: it is being built, was never built, or the control tables lost it."""
    check, name = "views.built", f"{workspace}/{group}"
    building = await control.building(connection, workspace, group)
    if building is not None and await is_held(connection, "rebuild", workspace, group):
        return Finding.warn(
            check,
            f"{name}: a worker is building this view, {building:,} events are in it",
            "wait until it is whole: until then reads answer 503",
        )
    there = (await labels.find(connection, workspace, group)).values()
    if any(label is None or not label.may_be_dropped for label in there):
        return Finding.fail(
            check,
            f"{name}: the control tables do not say which views reads use, so they answer 503",
            f"start a worker, which mends it by itself: `goaltrail worker {group}`; if one runs, see its log",
        )
    return Finding.warn(check, f"{name}: nobody has built this view yet", f"run `goaltrail worker {group}`")


async def _unknown(connection: AsyncConnection, workspace: str, group: str) -> AsyncIterator[Finding]:
    """Yield schemas of builds that the control tables do not know: they are kept."""
    known = await control.numbers(connection, workspace, group)
    for number, label in sorted((await labels.find(connection, workspace, group)).items()):
        if number not in known and (label is None or not label.may_be_dropped):
            schema = control.schema_name(workspace, group, number)
            yield Finding.ok(
                "views.kept",
                f"{workspace}/{group}: {schema} is kept, which the control tables do not know: perhaps it has"
                f' what a ledger lost; when nobody needs it: `DROP SCHEMA "{schema}" CASCADE`',
            )


_WHY = {
    "missing": "there is no ledger any more",
    "replaced": "the ledger begins with another event: it was deleted and made again, or is somebody else's",
    "shorter": "the ledger ends earlier than the views: it was restored from an older copy, or lost its end",
    "rewritten": "the ledger has another event where the views end: it was restored from an older copy"
    " and went on, or was damaged",
}


def _missing(workspace: str) -> Finding:
    """Return that views have no ledger any more. Nobody can go on without one: an empty one is made first."""
    return Finding.fail(
        "views.ledger",
        f"{workspace}: {_WHY['missing']}; its reads and commands answer 503, other workspaces go on",
        f"{_PUT_BACK}; if it is lost for good, make an empty one: `goaltrail workspace create {workspace}`,"
        f" or `goaltrail provision` if GOALTRAIL_WORKSPACE is {workspace}; then go on without what was lost:"
        f" `goaltrail accept-ledger --workspace {workspace} --reason …`",
    )


def _cure(workspace: str) -> str:
    return (
        f"{_PUT_BACK}; if it is lost for good, go on without it:"
        f" `goaltrail accept-ledger --workspace {workspace} --reason …`"
    )


_PUT_BACK = (
    "stop everything, keep copies of the data of NATS and PostgreSQL, and put back the ledger that these"
    " views were built from: then they go on by themselves"
)


async def _set_aside(
    connection: AsyncConnection,
    ledger: Ledger | None,
    workspace: str,
    name: str,
    views: control.ActiveVersion,
) -> Finding:
    """Return what a ledger has lost that the views know. They may be the only copy."""
    check = "views.ledger"
    why = _WHY.get(views.differs or "", views.differs)
    told = f"{name}: set aside at position {views.position:,}, reads and commands answer 503: {why}"
    if ledger is None or not name.endswith("/state"):
        return Finding.fail(check, told, _cure(workspace))
    common = await last_in_common(connection, ledger, workspace, views)
    tables = await connection.execution_options(schema_translate_map={STATE.name: views.schema_name})
    changes, readings = [
        await tables.scalar(
            select(func.count(func.distinct(table.c.position))).where(table.c.position > common.position)
        )
        for table in (version, reading)
    ]
    since = "the beginning" if common.recorded_at is None else f"{common.recorded_at:%Y-%m-%d %H:%M:%S} UTC"
    lost = (
        f"; what both have ends at position {common.position:,}, so the ledger lost"
        f" {counted(changes or 0, 'change')} and {counted(readings or 0, 'reading')} since {since};"
        f" the views in schema {views.schema_name} still show them"
    )
    return Finding.fail(check, told + lost, _cure(workspace))


async def _circles(
    connection: AsyncConnection, name: str, active: control.ActiveVersion
) -> AsyncIterator[Finding]:
    """Yield what commands refuse, but two API processes can make at one instant.

    No read runs into it for ever.
    """
    tables = await connection.execution_options(schema_translate_map={STATE.name: active.schema_name})
    objectives, units = [
        [version.state for version in await queries.latest_of_kind(tables, kind, active.position)]
        for kind in ("objective", "org_unit")
    ]
    goals = circles_of_goals(goal for goal in objectives if isinstance(goal, Objective))
    if goals:
        yield Finding.warn(
            "views.circles",
            f"{name}: {counted(len(goals), 'circle')} of goals that support each other: {_told(goals)}",
            "change what one of them supports: `POST /v1/objectives/{objective}/supports`",
        )
    tree = circles_of_units(unit for unit in units if isinstance(unit, OrgUnit))
    if tree:
        yield Finding.warn(
            "views.circles",
            f"{name}: {counted(len(tree), 'circle')} of units under each other: {_told(tree)}",
            "move one of them: `PATCH /v1/org-units/{unit}` with its `parent`",
        )


def _told(circles: Sequence[Sequence[str]]) -> str:
    return "; ".join(" → ".join(circle) for circle in circles[:3])


async def _lag(ledger: Ledger, workspace: str, name: str, position: int, group: str) -> Finding:
    check = "views.lag"
    head = await ledger.head(workspace)
    if position > head:
        return Finding.fail(
            check,
            f"{name}: at position {position}, but the ledger ends at {head}: it is another or a restored one",
            f"start a worker, which compares them and sets the views aside: `goaltrail worker {group}`",
        )
    if position == head:
        return Finding.ok(check, f"{name}: at the head of the ledger, position {head}")
    async with aclosing(ledger.read(workspace, position, batch=1)) as batches:
        waiting: list[StoredMessage] = await anext(batches, [])
    age = clock.now() - waiting[0].recorded_at if waiting else timedelta(0)
    text_ = f"{name}: {counted(head - position, 'event')} behind, for {age.total_seconds():.1f} s"
    cure = f"start a worker: `goaltrail worker {group}`; if one runs, see its log"
    if age >= LAG_FAIL:
        return Finding.fail(check, text_, cure)
    return Finding.warn(check, text_, cure) if age >= LAG_WARN else Finding.ok(check, text_)
