"""Whatever is sent when, by whom, and however far PostgreSQL is: the same as by a model that knows all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.envelope import decode
from events.ids import reading_id
from events.readings.identity import Revisions, Version, judge
from projections.state import queries_readings
from services.intake.intake import Intake
from services.ledger import Ledger
from services.ledger.provision import create_workspace
from services.postgres.views import Views
from services.projector import builds
from services.runtime.settings import Role, Settings
from tests.intake.desk import Desk, item

FEEDS: dict[str, Revisions] = {"plain": "none", "revising": "in_order"}
VERSIONED = ("numbered", "dated")
"""Feeds that say one thing with each version, by numbers and by times."""

delivery = st.builds(
    lambda source, value, version: (source, value, version),
    st.sampled_from("abcde"),
    st.sampled_from("123"),
    st.none() | st.integers(1, 4),
)
versioned = st.tuples(st.sampled_from("abc"), st.integers(1, 7), st.integers(0, 3))
"""Source id, version, and how it is written."""
step = st.one_of(
    st.tuples(
        st.just("send versions"),
        st.sampled_from(VERSIONED),
        st.integers(0, 1),
        st.lists(versioned, min_size=1, max_size=12),
    ),
    st.tuples(
        st.just("send"),
        st.sampled_from(list(FEEDS)),
        st.integers(0, 1),
        st.lists(delivery, min_size=1, max_size=12),
    ),
    st.tuples(st.just("project"), st.floats(0, 1)),
    st.tuples(st.just("restart"), st.integers(0, 1)),
    st.tuples(st.just("rebuild")),
)


def said_with(version: int) -> str:
    """The one value that a source says with a version; some say the same."""
    return str(version * version % 3)


def written(version: int, how: int) -> str:
    """A version as a time: the same instant in several zones, or without one in the feed's."""
    time = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(microseconds=version)
    zone = (UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-3, minutes=-30)), NEW_YORK)[how]
    text = time.astimezone(zone).isoformat()
    return text.removesuffix("-04:00") if how == 3 else text


NEW_YORK = ZoneInfo("America/New_York")


class Model:
    """What intake does, if it knows everything."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.readings: dict[tuple[str, str], list[Version]] = {}

    def take(self, feed: str, source: str, value: str, source_version: int | None) -> tuple[str, int]:
        """Status and position of one delivery."""
        versions = self.readings.setdefault((feed, source), [])
        status, position, revision, kind = judge(
            versions, value, source_version, revisions=FEEDS.get(feed, "versioned")
        )
        if kind is not None:
            self.position = position = self.position + 1
            versions.append(Version(position, kind, revision, value, source_version))
        assert position is not None
        return status, position


class Scene:
    """A workspace in which many examples play, each with feeds of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.numbers: Iterator[int] = itertools.count()

    async def play(self, steps: list[Any]) -> None:
        """Carry out the steps and compare each receipt with the model."""
        desk, number = self.desk, next(self.numbers)
        names = {feed: f"{feed}-{number}" for feed in (*FEEDS, *VERSIONED)}
        await desk.declare(names["revising"], revisions="in_order")
        for feed in VERSIONED:
            await desk.declare(names[feed], revisions="versioned", zone="America/New_York")
        highest: dict[tuple[str, str], int] = {}
        model = Model(await desk.ledger.head(desk.workspace))
        processes: list[Intake] = [desk.intake(), desk.intake()]
        for step_ in steps:
            match step_:
                case ("send", feed, process, deliveries):
                    items = [item(s, v, source_version=n) for s, v, n in deliveries]
                    receipts = await desk.send(processes[process], items, feed=names[feed], chunk=5)
                    expected = [model.take(feed, *one) for one in deliveries]
                    assert [(r.status, r.position) for r in receipts] == expected
                case ("send versions", feed, process, versions):
                    items = [
                        item(s, said_with(n), source_version=written(n, how) if feed == "dated" else n)
                        for s, n, how in versions
                    ]
                    receipts = await desk.send(processes[process], items, feed=names[feed], chunk=5)
                    expected = [model.take(feed, s, said_with(n), n) for s, n, _ in versions]
                    assert [(r.status, r.position) for r in receipts] == expected
                    for s, n, _ in versions:
                        highest[feed, s] = max(n, highest.get((feed, s), 0))
                case ("project", share):
                    head = await desk.ledger.head(desk.workspace)
                    await desk.project(desk.projected + round((head - desk.projected) * share))
                case ("restart", process):
                    await desk.end(processes[process])
                    processes[process] = desk.intake()
                case _:
                    await desk.begin_views()
        for intake in processes:
            await desk.end(intake)
        await self._check_ledger(model, names)
        await self._check_highest(highest, names)

    async def _check_highest(self, highest: dict[tuple[str, str], int], names: dict[str, str]) -> None:
        """What is in force in the views is what the source said last, in whatever order it came."""
        await self.desk.project()
        ids = {
            self.desk.id_of(source, feed=names[feed]): said_with(version)
            for (feed, source), version in highest.items()
        }
        async with Views.connect(self.desk.settings) as views, views.open(self.desk.workspace) as view:
            for id_, value in ids.items():
                rows = await queries_readings.versions(view.connection, id_, view.position)
                assert rows[-1].value == int(value)

    async def _check_ledger(self, model: Model, names: dict[str, str]) -> None:
        """Each reading is on the ledger as the model has it."""
        found: dict[str, list[int]] = {}
        for message in await self.desk.ledger_messages():
            event = decode(message.payload)
            if event.aggregate.kind == "reading":
                id_ = getattr(event.data, "reading", event.id)
                found.setdefault(str(id_), []).append(message.position)
        for (feed, source), versions in model.readings.items():
            id_ = reading_id(self.desk.workspace, names[feed], "sales", source)
            assert found.get(str(id_), []) == [version.position for version in versions]


def test_any_interleaving(
    settings_for: Callable[[Role], Settings], operator_settings: Settings, workspace: str
) -> None:
    """Two processes, restarts, rebuilds, and views that follow or don't."""

    async def play(examples: Any) -> None:
        await create_workspace(operator_settings, workspace, name="Acme", zone="Asia/Seoul")
        engine = builds.projector_engine(settings_for("projector"))
        await builds.prepare_control(engine)
        async with await Ledger.connect(settings_for("api")) as ledger:
            desk = Desk(settings_for("intake"), ledger, engine, workspace)
            await desk.define("sales")
            await desk.begin_views()
            await examples(Scene(desk))
            await desk.close()
        await engine.dispose()

    async def examples(scene: Scene) -> None:
        loop = asyncio.get_running_loop()

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(step, min_size=2, max_size=10))
        def each(steps: list[Any]) -> None:
            asyncio.run_coroutine_threadsafe(scene.play(steps), loop).result(60)

        # Hypothesis is not asynchronous: its examples come from a thread and play here, on the servers.
        await asyncio.to_thread(each)

    asyncio.run(play(examples))
