"""A receipt tells the earliest `known_at` that shows what it speaks of, before any view shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.envelope import Event, encode
from events.ids import Aggregate, ledger_subject
from events.registry import UnknownData
from projections.state import queries
from services.intake.corrections import Correction, Corrections, Order
from services.intake.intake import Intake
from services.intake.known_from import Placed
from services.ledger import Entry, Ledger
from services.ledger.provision import create_workspace
from services.postgres.views import Views
from services.projector import builds
from services.runtime.settings import Role, Settings
from tests.intake.desk import NOW, Desk, item
from tests.ledger.proxy import Proxy

UNKNOWN = UnknownData(raw={})
"""What a command appends of which readings, and the views, need not know anything."""

Said = tuple[int, datetime]
"""A position, and from when on it is known."""

sends = st.tuples(
    st.sampled_from([0, 1]),
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6),
    st.sampled_from("12"),
)
steps = st.lists(
    st.tuples(
        st.lists(sends, max_size=6),
        st.integers(0, 4),  # commands beside them, which share their batches
        st.booleans(),  # whether a person corrects what is there
        st.booleans(),  # whether the views catch up afterwards
    ),
    min_size=1,
    max_size=4,
)


def test_a_receipt_tells_the_first_instant_that_shows_it(
    settings_for: Callable[[Role], Settings], operator_settings: Settings, workspace: str
) -> None:
    """Of what is new, was sent before or is corrected; in shared batches or not, with views behind or not."""

    async def play() -> None:
        await create_workspace(operator_settings, workspace, name="Acme", zone="Asia/Seoul")
        engine = builds.projector_engine(settings_for("projector"))
        await builds.prepare_control(engine)
        async with await Ledger.connect(settings_for("api")) as ledger:
            desk = Desk(settings_for("intake"), ledger, engine, workspace)
            await desk.define("sales")
            await desk.begin_views()
            processes = [desk.intake(), desk.intake()]
            corrections = desk.corrections()
            loop = asyncio.get_running_loop()
            number = 0

            @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
            @given(steps)
            def each(wanted: list[Any]) -> None:
                nonlocal number
                number += 1
                playing = _play(desk, processes, corrections, wanted, f"feed-{number}")
                asyncio.run_coroutine_threadsafe(playing, loop).result(60)

            await asyncio.to_thread(each)
            await desk.close()
        await engine.dispose()

    asyncio.run(play())


async def _play(
    desk: Desk, processes: list[Intake], corrections: Corrections, wanted: list[Any], feed: str
) -> None:
    said: list[Said] = []

    async def send(process: Intake, sources: Sequence[str], value: str) -> None:
        receipts = await desk.send(process, [item(source, value) for source in sources], feed=feed)
        said.extend(await _known_from(desk, process, receipts))

    async def correct(reading: str) -> None:
        order = Order(desk.workspace, reading, "person:anna", "why", kpi="sales")
        answer = await corrections.correct(order, Correction(value="7"))
        said.extend(await _known_from(desk, processes[0], [answer]))

    async def command(place: int, number: int) -> None:
        about = Aggregate("party", f"{feed}-{place}-{number}")
        subject = ledger_subject(desk.workspace, about)
        event = Event(
            UUID(int=number), "goaltrail.party.held.v1", desk.workspace, about, NOW, "person:anna", UNKNOWN
        )
        await desk.ledger.append(desk.workspace, [Entry(subject, encode(event))], {subject: 0})

    known = False
    for place, (sending, commands, correcting, projecting) in enumerate(wanted):
        await asyncio.gather(
            *(send(processes[process], sources, value) for process, sources, value in sending),
            *(command(place, number) for number in range(commands)),
            *([correct(desk.id_of(wanted[0][0][0][1][0], feed=feed))] if correcting and known else []),
        )
        known = known or bool(place == 0 and sending)
        if projecting:
            await desk.project()
    await _check(desk, said)


async def _known_from(desk: Desk, process: Intake, placed: Sequence[Placed]) -> list[Said]:
    found = await process.known_from(desk.workspace, placed)
    assert found.keys() == {one.position for one in placed}
    return list(found.items())


async def _check(desk: Desk, said: list[Said]) -> None:
    """The instant shows the position, and a microsecond before it nothing does."""
    await desk.project()
    async with Views.connect(desk.settings) as views, views.open(desk.workspace) as view:
        for position, since in said:
            assert await queries.position_at(view.connection, since) >= position
            before = since - timedelta(microseconds=1)
            assert await queries.position_at(view.connection, before) < position


async def test_what_is_sent_again_in_bulk(desk: Desk) -> None:
    """Thousands that no view shows, and half of them that views show; also by a process that begins."""
    intake, items = desk.intake(), [item(f"n{n}") for n in range(3000)]
    first = await desk.send(intake, items)
    said = await _known_from(desk, intake, first)
    assert await _known_from(desk, intake, await desk.send(intake, items)) == said
    await desk.project(first[1500].position)
    assert await _known_from(desk, intake, await desk.send(intake, items)) == said
    another = desk.intake()
    assert await _known_from(desk, another, await desk.send(another, items)) == said
    assert len({since for _, since in said}) == 3
    await _check(desk, said)


async def test_a_look_that_fails_withholds_no_receipt(desk: Desk) -> None:
    """What was stored is answered though nobody can tell from when on it is known."""
    async with Proxy(desk.settings.nats_servers[0]) as proxy:
        through = desk.settings.model_copy(update={"nats_url": proxy.url})
        ledger = await Ledger.connect(through, patience=0.5)
        shaky = Desk(through, ledger, desk.engine, desk.workspace)
        intake = shaky.intake()
        receipts = await shaky.send(intake, [item("a")])
    assert await intake.known_from(desk.workspace, receipts) == {}
    await shaky.close()
    await ledger.close()
