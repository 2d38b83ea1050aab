"""Small appends that wait at the same time share a batch, and end as if each had come by itself."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ledger import Appended, Conflict, DuplicateId, Entry, InvalidAppend, Ledger
from services.ledger.provision import create_workspace
from services.ledger.shared_append import Small, open_group
from services.runtime.settings import Settings
from tests.ledger.proxy import Cut, Proxy
from tests.ledger.sites import messages, settings_of
from tests.servers import TestNats

SUBJECTS = st.sampled_from([f"ledger.w.{kind}.{id_}" for kind in ("goal", "unit") for id_ in "abc"])
LOOKED_AT = st.one_of(SUBJECTS, st.sampled_from(["ledger.w.goal.", "ledger.w.unit."]))
SMALL = st.builds(
    lambda subjects, looked_at: Small([Entry(each, b"") for each in subjects], {}, looked_at),
    st.lists(SUBJECTS, min_size=1, max_size=3),
    st.frozensets(LOOKED_AT, max_size=3),
)


def _looks(small: Small, other: Small) -> bool:
    """Whether one was decided on what the other one changes."""
    return any(
        entry.subject == seen or (seen.endswith(".") and entry.subject.startswith(seen))
        for entry in other.entries
        for seen in small.looked_at
    )


@given(st.lists(SMALL, max_size=8))
def test_two_of_which_one_looked_at_the_other_never_share_a_batch(appends: list[Small]) -> None:
    """Nor do two that write one aggregate; all others do."""
    joins = open_group()
    group: list[Small] = []
    for small in appends:
        apart = any(
            _looks(small, other)
            or _looks(other, small)
            or {entry.subject for entry in small.entries} & {entry.subject for entry in other.entries}
            for other in group
        )
        assert joins(small) is not apart
        if not apart:
            group.append(small)


async def test_many_at_once_take_few_writes(ledger: Ledger, workspace: str) -> None:
    """Forty aggregates, forty guards, a few batches; each is told its own positions."""
    subjects = [f"ledger.{workspace}.kpi.k{number}" for number in range(40)]
    answers = await asyncio.gather(
        *(ledger.append(workspace, [Entry(each, each.encode())] * 2, {each: 0}) for each in subjects)
    )
    stored = {message.position: message for message in await messages(ledger, workspace)}
    assert sum(message.batch_end for message in stored.values()) <= 5
    for subject, appended in zip(subjects, answers, strict=True):
        assert appended.last == appended.first + 1
        assert [stored[at].subject for at in appended] == [subject] * 2


async def test_each_is_refused_for_itself(ledger: Ledger, workspace: str) -> None:
    """A stale guard, a used id, a subject of another workspace: those beside them are stored."""
    subjects = [f"ledger.{workspace}.kpi.k{number}" for number in range(12)]
    await ledger.append(workspace, [Entry(subjects[0], b"first", "used")], {subjects[0]: 0})
    first = [ledger.append(workspace, [Entry(each, b"1", f"id {each}")], {each: 0}) for each in subjects[1:]]
    bad = [
        ledger.append(workspace, [Entry(subjects[0], b"2")], {subjects[0]: 0}),
        ledger.append(workspace, [Entry(f"{subjects[0]}x", b"3", "used")], {f"{subjects[0]}x": 0}),
        ledger.append(workspace, [Entry("ledger.other.kpi.k", b"4")], {"ledger.other.kpi.k": 0}),
    ]
    answers = await asyncio.gather(*first[:6], *bad, *first[6:], return_exceptions=True)
    assert [type(answer) for answer in answers[6:9]] == [Conflict, DuplicateId, InvalidAppend]
    good = [*answers[:6], *answers[9:]]
    assert all(isinstance(answer, Appended) for answer in good)
    assert [message.payload for message in await messages(ledger, workspace)] == [b"first"] + [b"1"] * 11


@pytest.mark.parametrize(
    "cut", ["after the server answered", "before the server got it", "and the server gets it late", "mute"]
)
async def test_a_lost_answer_is_found_for_each(
    site: Settings, ledger: Ledger, workspace: str, cut: Cut
) -> None:
    """The connection breaks around a shared commit: each is stored once, where it is told."""
    subjects = [f"ledger.{workspace}.kpi.k{number}" for number in range(20)]
    async with Proxy(site.nats_servers[0]) as proxy:
        through = site.model_copy(update={"nats_url": proxy.url})
        async with await Ledger.connect(through, patience=5) as shaky:
            proxy.cut(cut)
            answers = await asyncio.gather(
                *(shaky.append(workspace, [Entry(each, each.encode())], {each: 0}) for each in subjects)
            )
            await proxy.release()
            assert proxy.was_cut.is_set()
    stored = {message.position: message.subject for message in await messages(ledger, workspace)}
    assert stored == {appended.first: each for appended, each in zip(answers, subjects, strict=True)}


WRITERS = st.lists(
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=3), min_size=1, max_size=6),
    min_size=1,
    max_size=3,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writers=WRITERS)
def test_any_mix_of_writers_equals_one_by_one(nats_server: TestNats, writers: list[list[list[int]]]) -> None:
    """Processes whose appends all wait at once: each is stored where it says, or was too late."""
    asyncio.run(_race(settings_of(nats_server, f"t-{secrets.token_hex(6)}"), writers))


async def _race(site: Settings, writers: list[list[list[int]]]) -> None:
    workspace = site.workspace
    await create_workspace(site, workspace, name=workspace, zone="UTC")
    acked: dict[int, tuple[str, bytes]] = {}

    async def append(ledger: Ledger, name: str, numbers: list[int]) -> None:
        entries = [Entry(f"ledger.{workspace}.kpi.{number}", name.encode()) for number in numbers]
        while True:
            expect = {}
            for subject in {entry.subject for entry in entries}:
                last = await ledger.last(workspace, subject)
                expect[subject] = last.position if last else 0
            try:
                appended = await ledger.append(workspace, entries, expect)
                break
            except Conflict:
                continue
        for position, entry in enumerate(entries, appended.first):
            assert position not in acked
            acked[position] = (entry.subject, entry.payload)

    async def write(number: int, appends: list[list[int]]) -> None:
        async with await Ledger.connect(site) as ledger:
            await asyncio.gather(
                *(append(ledger, f"{number}/{turn}", subjects) for turn, subjects in enumerate(appends))
            )

    await asyncio.gather(*(write(number, appends) for number, appends in enumerate(writers)))
    async with await Ledger.connect(site) as reader:
        stored = {
            message.position: (message.subject, message.payload)
            for message in await messages(reader, workspace)
        }
    assert stored == acked
