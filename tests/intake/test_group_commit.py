"""Small deliveries that come at the same time share a batch, and are answered as if each came by itself."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.envelope import decode
from events.ids import reading_id
from events.readings.identity import Revisions, Version, judge
from services.intake.corrections import Correction, Corrections, Order
from services.intake.deduplication import _told, _version
from services.intake.intake import Intake
from services.intake.receipts import Receipt
from services.ledger import Ledger
from services.ledger.provision import create_workspace
from services.projector import builds
from services.runtime.settings import Role, Settings
from tests.intake.desk import Desk, item, statuses
from tests.ledger.proxy import Cut, Proxy

Sent = tuple[str, str, int | None]
"""Source id, value, source version."""


async def _batches(desk: Desk) -> int:
    """How many writes to the disk the readings on the ledger took."""
    stored = [message for message in await desk.ledger_messages() if ".reading." in message.subject]
    return sum(message.batch_end for message in stored)


async def test_fifty_at_once_share_batches(desk: Desk, intake: Intake) -> None:
    """Each has its receipt; the disk was waited for a few times, not fifty times."""
    answers = await asyncio.gather(
        *(desk.send(intake, [item(f"o{n}", n)], feed=f"feed-{n % 7}") for n in range(50))
    )
    assert [receipt.source_id for (receipt,) in answers] == [f"o{n}" for n in range(50)]
    assert {receipt.status for (receipt,) in answers} == {"accepted"}
    assert len({receipt.position for (receipt,) in answers}) == 50
    assert await _batches(desk) <= 5


async def test_a_rejected_item_is_rejected_by_itself(desk: Desk, intake: Intake) -> None:
    """It shares no fate with those that came beside it."""
    good = [desk.send(intake, [item(f"o{n}")]) for n in range(10)]
    bad = [desk.send(intake, [item(f"x{n}", "12x"), item(f"y{n}")]) for n in range(10)]
    answers = await asyncio.gather(*good, *bad)
    assert [statuses(receipts) for receipts in answers] == [["accepted"]] * 10 + [
        ["rejected", "accepted"]
    ] * 10


async def test_corrections_come_between(desk: Desk, intake: Intake) -> None:
    """People correct what a feed sends at the same time; nothing is lost and no revision is taken twice."""
    await desk.declare("erp", revisions="in_order")
    (first,) = await desk.send(intake, [item("a", "1")])
    assert first.id is not None
    corrections = Corrections(intake, desk.ledger, intake._views, _unsealed)
    order = Order(desk.workspace, first.id, "person:anna", "why", kpi="sales")
    corrected = [corrections.correct(order, Correction(value=f"{n}.5")) for n in range(5)]
    sent = [desk.send(intake, [item("a", n)]) for n in range(2, 7)]
    answers, receipts = await asyncio.gather(asyncio.gather(*corrected), asyncio.gather(*sent))
    revisions = [answer.revision for answer in answers] + [receipt.revision for (receipt,) in receipts]
    assert sorted(revisions) == list(range(1, 11))


async def _unsealed(event: Any) -> Any:
    return event


@pytest.mark.parametrize(
    "cut", ["after the server answered", "before the server got it", "and the server gets it late", "mute"]
)
async def test_a_lost_answer_is_found_for_all_of_a_group(desk: Desk, cut: Cut) -> None:
    """The connection breaks around a shared commit: each reading is stored once, where its receipt says."""
    async with Proxy(desk.settings.nats_servers[0]) as proxy:
        through = desk.settings.model_copy(update={"nats_url": proxy.url})
        async with await Ledger.connect(through, patience=5) as ledger:
            shaky = Desk(through, ledger, desk.engine, desk.workspace)
            intake = shaky.intake()
            await shaky.send(intake, [item("warm")])
            proxy.cut(cut)
            answers = await asyncio.gather(
                *(shaky.send(intake, [item(f"o{n}", n), item(f"o{n}", n)]) for n in range(20))
            )
            await proxy.release()
            assert proxy.was_cut.is_set()
            await shaky.close()
    for receipts in answers:
        assert statuses(receipts) == ["accepted", "duplicate"]
        assert receipts[0].position == receipts[1].position
    stored = [
        (message.position, decode(message.payload).data.source_id)  # type: ignore[attr-defined]
        for message in await desk.ledger_messages()
        if ".reading." in message.subject
    ]
    assert sorted(stored)[1:] == sorted((r.position, r.source_id) for r, _ in answers)


FEEDS: dict[str, Revisions] = {"plain": "none", "versioned": "versioned", "in_order": "in_order"}

delivery = st.tuples(st.sampled_from("abc"), st.sampled_from("12"), st.none() | st.integers(1, 3))
requests = st.lists(
    st.tuples(st.sampled_from(list(FEEDS)), st.lists(delivery, min_size=1, max_size=3)),
    min_size=2,
    max_size=12,
)


def test_whatever_comes_at_once_is_as_if_it_came_one_by_one(
    settings_for: Callable[[Role], Settings], operator_settings: Settings, workspace: str
) -> None:
    """Two processes, twelve requests at once: some order one after the other explains all receipts."""

    async def play() -> None:
        await create_workspace(operator_settings, workspace, name="Acme", zone="Asia/Seoul")
        engine = builds.projector_engine(settings_for("projector"))
        await builds.prepare_control(engine)
        async with await Ledger.connect(settings_for("api")) as ledger:
            desk = Desk(settings_for("intake"), ledger, engine, workspace)
            await desk.define("sales")
            await desk.begin_views()
            processes = [desk.intake(), desk.intake()]
            loop = asyncio.get_running_loop()
            number = 0

            @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
            @given(requests)
            def each(sent: list[tuple[str, list[Sent]]]) -> None:
                nonlocal number
                number += 1
                asyncio.run_coroutine_threadsafe(_at_once(desk, processes, sent, number), loop).result(60)

            await asyncio.to_thread(each)
            await desk.close()
        await engine.dispose()

    asyncio.run(play())


async def _at_once(
    desk: Desk, processes: list[Intake], sent: list[tuple[str, list[Sent]]], number: int
) -> None:
    for feed, revisions in FEEDS.items():
        await desk.declare(f"{feed}-{number}", revisions=revisions)
    start = await desk.ledger.head(desk.workspace)
    answers = await asyncio.gather(
        *(
            desk.send(
                processes[place % 2],
                [item(source, value, source_version=version) for source, value, version in deliveries],
                feed=f"{feed}-{number}",
            )
            for place, (feed, deliveries) in enumerate(sent)
        )
    )
    by_reading: defaultdict[tuple[str, str], list[tuple[Sent, Receipt]]] = defaultdict(list)
    for (feed, deliveries), receipts in zip(sent, answers, strict=True):
        for one, receipt in zip(deliveries, receipts, strict=True):
            if receipt.status == "rejected":
                assert (feed, one[2]) == ("versioned", None)
            else:
                by_reading[feed, one[0]].append((one, receipt))
    versions: defaultdict[str, list[Version]] = defaultdict(list)
    contents: dict[str, str] = {}
    for message in await desk.ledger_messages():
        if message.position > start:
            told = _told(message)
            assert told is not None
            versions[told.reading].append(_version(told, message.position))
            if told.kind != "confirmed":
                contents[str(decode(message.payload).data.value)] = told.content  # type: ignore[attr-defined]
    for (feed, source), answered in by_reading.items():
        id_ = reading_id(desk.workspace, f"{feed}-{number}", "sales", source)
        _explained(answered, versions[str(id_)], contents, FEEDS[feed])


def _explained(
    answered: list[tuple[Sent, Receipt]],
    stored: list[Version],
    contents: dict[str, str],
    revisions: Revisions,
) -> None:
    """Each receipt is the right one at some moment of the history that the ledger tells, and makes it."""
    made: list[int] = []
    for (_, value, version), receipt in answered:
        right = []
        for moment in range(len(stored) + 1):
            verdict = judge(stored[:moment], contents.get(value, value), version, revisions=revisions)
            position = verdict.position
            if verdict.appended is not None:
                if moment == len(stored) or stored[moment].content != contents.get(value):
                    continue
                position = stored[moment].position
            right.append((verdict.status, position))
            if verdict.appended is not None and right[-1] == (receipt.status, receipt.position):
                made.append(stored[moment].position)
        assert (receipt.status, receipt.position) in right
    assert {version.position for version in stored} == set(made)
