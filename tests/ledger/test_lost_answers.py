"""A connection breaks around a commit: the append is still stored exactly once, where it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.ledger import Appended, Conflict, Ledger, LedgerUnavailable, LedgerUncertain
from services.runtime.settings import Settings
from tests.ledger.proxy import Cut, Proxy
from tests.ledger.sites import entries, texts


@pytest.fixture
async def proxy(site: Settings) -> AsyncIterator[Proxy]:
    """A proxy in front of a node."""
    async with Proxy(site.nats_servers[0]) as running:
        yield running


@pytest.fixture
async def shaky(site: Settings, proxy: Proxy) -> AsyncIterator[Ledger]:
    """A connection through the proxy."""
    async with await Ledger.connect(site.model_copy(update={"nats_url": proxy.url})) as connected:
        yield connected


CUTS: list[Cut] = ["after the server answered", "before the server got it", "and the server gets it late"]


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])
@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("cut", CUTS)
async def test_it_is_stored_once_whenever_the_connection_breaks(
    ledger: Ledger, shaky: Ledger, proxy: Proxy, workspace: str, cut: Cut, count: int, guarded: bool
) -> None:
    """Wherever the connection breaks, and even when a lost commit arrives after it was tried again."""
    expect = {f"ledger.{workspace}.kpi.sales": 0} if guarded else {}
    names = [f"n{number}" for number in range(count)]
    proxy.cut(cut)
    appended = await shaky.append(workspace, entries(workspace, *names), expect)
    await proxy.release()
    assert proxy.was_cut.is_set()
    assert appended == Appended(2, 1 + count)
    assert await texts(ledger, workspace) == names


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])
async def test_it_is_found_behind_which_others_went_on(
    ledger: Ledger, shaky: Ledger, proxy: Proxy, workspace: str, guarded: bool
) -> None:
    """While the writer was away, others appended to the same subject: its own positions are told."""
    expect = {f"ledger.{workspace}.kpi.sales": 0} if guarded else {}
    proxy.cut("after the server answered")
    proxy.open.clear()
    appending = asyncio.ensure_future(shaky.append(workspace, entries(workspace, "a", "b", "c"), expect))
    await proxy.was_cut.wait()
    for text in "de":
        await ledger.append(workspace, entries(workspace, text), {})
    proxy.open.set()
    assert await appending == Appended(2, 4)
    assert await texts(ledger, workspace) == ["a", "b", "c", "d", "e"]


async def test_it_is_a_conflict_when_others_were_first_meanwhile(
    ledger: Ledger, shaky: Ledger, proxy: Proxy, workspace: str
) -> None:
    """The commit never arrived, and somebody else took the place."""
    subject = f"ledger.{workspace}.kpi.sales"
    proxy.cut("before the server got it")
    proxy.open.clear()
    appending = asyncio.ensure_future(shaky.append(workspace, entries(workspace, "a", "b"), {subject: 0}))
    await proxy.was_cut.wait()
    await ledger.append(workspace, entries(workspace, "other"), {subject: 0})
    proxy.open.set()
    with pytest.raises(Conflict) as conflict:
        await appending
    assert conflict.value.subject == subject
    assert await texts(ledger, workspace) == ["other"]


async def test_a_missing_answer_is_looked_for(
    site: Settings, ledger: Ledger, proxy: Proxy, workspace: str
) -> None:
    """The connection stays, but the answer does not come."""
    proxy.cut("mute")
    subject = f"ledger.{workspace}.kpi.sales"
    async with await Ledger.connect(site.model_copy(update={"nats_url": proxy.url}), patience=1) as shaky:
        appended = await shaky.append(workspace, entries(workspace, "a", "b"), {subject: 0})
    assert appended == Appended(2, 3)
    assert await texts(ledger, workspace) == ["a", "b"]


async def test_it_says_so_when_the_outcome_cannot_be_learnt(
    one_node: Settings, ledger_1: Ledger, workspace: str
) -> None:
    """NATS stays away after the commit: uncertain. When nothing could even be sent: unavailable."""
    async with Proxy(one_node.nats_servers[0]) as proxy:
        settings = one_node.model_copy(update={"nats_url": proxy.url})
        async with await Ledger.connect(settings, patience=0.8) as ledger:
            proxy.cut("after the server answered")
            proxy.open.clear()
            with pytest.raises(LedgerUncertain):
                await ledger.append(workspace, entries(workspace, "a"), {f"ledger.{workspace}.kpi.sales": 0})
            with pytest.raises(LedgerUnavailable) as unavailable:
                await ledger.append(workspace, entries(workspace, "b"), {f"ledger.{workspace}.kpi.sales": 2})
            assert unavailable.value.retry_after > 0
            with pytest.raises(LedgerUnavailable):
                await ledger.head(workspace)
    assert await texts(ledger_1, workspace) == ["a"]
