"""Personal text on a real server: sealed on the ledger, readable through the API, erased with its key."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
import structlog

from events.envelope import Event, decode, encode
from events.errors import Refused
from events.ids import Aggregate, event_id, ledger_subject
from events.objectives.key_result_events import CheckedIn
from events.registry import all_types, event_type
from services.keys.keys import Keys, MasterKeyDiffersError
from services.keys.sealing import SEALED_PREFIX, PersonKey, Place, UnreadableError, seal
from services.ledger import Entry, Ledger
from services.runtime.settings import Settings
from tests.keys.given_keys import MASTER, NOTE, REASON, retraction
from tests.nats_only import eventually, provisioned_settings
from tests.servers import TestNats


@pytest.fixture
async def provisioned(nats_server: TestNats, workspace: str, tmp_path: Path) -> Settings:
    """Settings of a workspace whose streams exist."""
    return await provisioned_settings(nats_server, workspace, tmp_path / "data")


@pytest.fixture
async def ledger(provisioned: Settings) -> AsyncIterator[Ledger]:
    """A connection as the application."""
    async with await Ledger.connect(provisioned) as connected:
        yield connected


@pytest.fixture
async def keys(ledger: Ledger) -> AsyncIterator[Keys]:
    """The keys as one process sees them."""
    started = await Keys.start(ledger, MASTER)
    yield started
    await started.close()


@pytest.fixture
async def other_keys(provisioned: Settings) -> AsyncIterator[Keys]:
    """The keys as another process sees them, over a connection of its own."""
    async with await Ledger.connect(provisioned) as connected:
        started = await Keys.start(connected, MASTER)
        yield started
        await started.close()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[TestNats]:
    """A NATS server that this test may kill."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        yield nats


def check_in(workspace: str) -> Event:
    """An event with a personal field."""
    data = CheckedIn.model_validate({"key_result": "kr1", "day": "2026-03-31", "confidence": 5, "note": NOTE})
    return Event(
        event_id(workspace, "person:anna", None, 0),
        event_type(data),
        workspace,
        Aggregate("objective", "o1"),
        datetime.now(UTC),
        "person:anna",
        data,
        REASON,
    )


async def append(ledger: Ledger, event: Event) -> None:
    await ledger.append(
        event.workspace, [Entry(ledger_subject(event.workspace, event.aggregate), encode(event))], {}
    )


async def test_ledger_never_holds_the_text(keys: Keys, ledger: Ledger, workspace: str) -> None:
    """The raw bytes of what is stored hold neither reason nor note; opened, the event is what it was."""
    event = check_in(workspace)
    await append(ledger, await keys.seal_event(event))
    [stored] = [message async for messages in ledger.read(workspace, 1) for message in messages]
    for text in (REASON, NOTE, "Anna", "ill"):
        assert text.encode() not in stored.payload
    assert b'"reason":"enc:1:person.anna:reason:' in stored.payload
    assert b'"note":"enc:1:person.anna:note:' in stored.payload
    assert await keys.open_event(decode(stored.payload)) == event


async def test_event_without_personal_text_needs_no_key(keys: Keys, workspace: str) -> None:
    """Nothing to seal: the very same event comes back and no key is made."""
    event = retraction(workspace, reason=None)
    assert await keys.seal_event(event) is event
    assert not await keys.destroy(workspace, "person:anna")


async def test_text_that_looks_sealed_is_sealed_too(keys: Keys, workspace: str) -> None:
    """A person who types a sealed text as a reason gets these characters back, not what is in it."""
    stolen = (await keys.seal_event(retraction(workspace, "person:bora"))).reason
    assert stolen is not None
    sealed = (await keys.seal_event(retraction(workspace, reason=stolen))).reason
    assert sealed is not None
    assert await keys.open_text(workspace, sealed) == stolen


async def test_text_in_another_event_is_not_shown(keys: Keys, workspace: str) -> None:
    """A reason that somebody moved to another event is reported, not shown."""
    sealed = await keys.seal_event(retraction(workspace))
    moved = (await keys.seal_event(retraction(workspace)))._replace(reason=sealed.reason)
    with structlog.testing.capture_logs() as logs:
        assert (await keys.open_event(moved)).reason == "[unreadable]"
        assert (await keys.open_event(moved, "ko")).reason == "[읽을 수 없음]"
    assert {line["event"] for line in logs} == {"sealed_text_moved"}


async def test_other_workspace_opens_nothing(keys: Keys, workspace: str) -> None:
    """In another workspace the text has no key, whoever has the same name there."""
    reason = (await keys.seal_event(retraction(workspace))).reason
    assert reason is not None
    assert await keys.open_text("other", reason) == "[erased]"


async def test_two_processes_make_one_key(keys: Keys, other_keys: Keys, workspace: str) -> None:
    """Both seal a person's first text at once: one key wins, and each opens what the other one sealed."""
    sealed = await asyncio.gather(
        *(side.seal_event(retraction(workspace)) for side in (keys, other_keys) for _ in range(5))
    )
    for event in sealed:
        for side in (keys, other_keys):
            assert (await side.open_event(event)).reason == REASON


async def test_new_key_is_known_elsewhere_at_once(keys: Keys, other_keys: Keys, workspace: str) -> None:
    """A text is readable in another process before its nudge or tick came."""
    sealed = await keys.seal_event(retraction(workspace))
    assert await other_keys.open_text(workspace, sealed.reason or "") == REASON


async def test_texts_are_readable_after_a_restart(keys: Keys, ledger: Ledger, workspace: str) -> None:
    """The key on the server, unwrapped by the same master key, opens what an earlier process sealed."""
    sealed = await keys.seal_event(retraction(workspace))
    restarted = await Keys.start(ledger, MASTER)
    assert (await restarted.open_event(sealed)).reason == REASON
    await restarted.close()


async def test_destroyed_key_erases_every_text_everywhere(
    keys: Keys, other_keys: Keys, workspace: str
) -> None:
    """All texts of the person read as erased, here and in other processes; other people's stay."""
    anna = (await keys.seal_event(retraction(workspace))).reason or ""
    bora = (await keys.seal_event(retraction(workspace, "person:bora"))).reason or ""
    assert await other_keys.open_text(workspace, anna) == REASON
    assert await keys.destroy(workspace, "person:anna")
    assert await keys.open_text(workspace, anna) == "[erased]"
    assert await keys.open_text(workspace, anna, "ko") == "[삭제됨]"
    await eventually(lambda: f"{workspace}.person.anna" not in other_keys._latest.messages)
    assert await other_keys.open_text(workspace, anna) == "[erased]"
    assert await other_keys.open_text(workspace, bora) == REASON
    assert not await keys.destroy(workspace, "person:anna")


async def test_new_texts_after_erasure_do_not_bring_back_old_ones(keys: Keys, workspace: str) -> None:
    """The person may go on writing: with a new key, which opens nothing from before."""
    before = (await keys.seal_event(retraction(workspace))).reason or ""
    await keys.destroy(workspace, "person:anna")
    after = (await keys.seal_event(retraction(workspace, reason="again"))).reason or ""
    assert await keys.open_text(workspace, before) == "[erased]"
    assert await keys.open_text(workspace, after) == "again"


async def test_whoever_was_forgotten_writes_nothing_more(
    keys: Keys, other_keys: Keys, ledger: Ledger, workspace: str
) -> None:
    """In every process, also after a start; forgetting again finds no key. Everybody else goes on."""
    sealed = (await keys.seal_event(retraction(workspace))).reason or ""
    assert await keys.has_key(workspace, "person:anna")
    assert await other_keys.forget(workspace, "person:anna")
    assert await other_keys.open_text(workspace, sealed) == "[erased]"
    await eventually(lambda: f"{workspace}.person.anna" not in keys._latest.messages)
    assert await keys.open_text(workspace, sealed) == "[erased]"
    assert not await keys.has_key(workspace, "person:anna")
    restarted = await Keys.start(ledger, MASTER)
    for side in (keys, other_keys, restarted):
        await eventually(partial(side.forgotten, workspace, "person:anna"))
        with pytest.raises(Refused, match="person_forgotten"):
            await side.seal_event(retraction(workspace))
        assert not side.forgotten("other", "person:anna")
        await side.seal_event(retraction(workspace, "person:bora"))
        assert not await side.forget(workspace, "person:anna")
    await restarted.close()


async def test_one_who_never_wrote_can_be_forgotten(keys: Keys, other_keys: Keys, workspace: str) -> None:
    """Two processes at once, one of which is about to make the first key: in the end there is none."""
    await asyncio.gather(
        keys.forget(workspace, "person:anna"),
        other_keys.seal_event(retraction(workspace)),
        return_exceptions=True,
    )
    await keys.forget(workspace, "person:anna")
    assert not await other_keys.has_key(workspace, "person:anna")
    with pytest.raises(Refused, match="person_forgotten"):
        await other_keys.seal_event(retraction(workspace))


async def test_destroyed_key_is_not_on_the_disk(
    keys: Keys, ledger: Ledger, nats_server: TestNats, workspace: str
) -> None:
    """The wrapped key's bytes are in no file of the server any more."""
    await keys.seal_event(retraction(workspace))
    await keys.seal_event(retraction(workspace, "person:bora"))
    held = keys._latest.messages[f"{workspace}.person.anna"].payload
    wrapped = held.partition(b'"wrapped":"')[2].partition(b'"')[0]
    assert len(wrapped) == 80

    def files_with(needle: bytes) -> list[Path]:
        store = nats_server.server.directory
        return [path for path in store.rglob("*") if path.is_file() and needle in path.read_bytes()]

    assert files_with(wrapped)
    await keys.destroy(workspace, "person:anna")
    assert not files_with(wrapped)
    assert not files_with(base64.urlsafe_b64decode(wrapped + b"=="))


async def test_wrong_master_key_is_a_clear_error(keys: Keys, ledger: Ledger, workspace: str) -> None:
    """A process with another master key does not start, instead of making unreadable texts."""
    await keys.seal_event(retraction(workspace))
    with pytest.raises(MasterKeyDiffersError, match="another master key"):
        await Keys.start(ledger, bytes(32))


async def test_damaged_key_harms_only_its_person(keys: Keys, ledger: Ledger, workspace: str) -> None:
    """A key record that somebody wrote by hand is reported; everybody else's texts stay readable."""
    sealed = await keys.seal_event(retraction(workspace))
    await ledger.client.publish(f"keys.{workspace}.person.bora", b"rubbish")
    await ledger.client.flush()
    with structlog.testing.capture_logs() as logs:
        restarted = await Keys.start(ledger, MASTER)
    told = [line["event"] for line in logs if workspace in line["error"]]
    assert told == ["key_unreadable"]
    assert (await restarted.open_event(sealed)).reason == REASON
    with pytest.raises(UnreadableError):
        await restarted.seal_event(retraction(workspace, "person:bora"))
    await restarted.destroy(workspace, "person:bora")
    await restarted.close()


async def test_text_is_unavailable_not_erased_while_the_server_is_away(
    own_server: TestNats, tmp_path: Path
) -> None:
    """Without NATS known keys still open texts, and a text with an unknown key is not called erased."""
    settings = await provisioned_settings(own_server, "main", tmp_path / "data")
    async with await Ledger.connect(settings, patience=0.5) as ledger:
        keys = await Keys.start(ledger, MASTER)
        known = (await keys.seal_event(retraction("main"))).reason or ""
        unknown = seal(PersonKey.generate(), Place("main", "person.new", UUID(int=1), "reason"), "x")
        own_server.server.kill()
        await eventually(lambda: not ledger.connected)
        assert await keys.open_text("main", known) == REASON
        assert await keys.open_text("main", unknown) == "[not readable now]"
        await keys.close()


async def test_nothing_personal_is_logged(keys: Keys, ledger: Ledger, workspace: str) -> None:
    """Neither text nor keys reach a log, whatever happens to them."""
    with structlog.testing.capture_logs() as logs:
        sealed = await keys.seal_event(retraction(workspace))
        await keys.open_event(sealed)
        await keys.open_event(sealed._replace(id=UUID(int=9)))
        garbled = (sealed.reason or "")[:-4] + "AAAA"
        assert await keys.open_text(workspace, garbled) == "[unreadable]"
        await keys.destroy(workspace, "person:anna")
    assert logs
    assert REASON not in repr(logs)
    assert SEALED_PREFIX not in repr(logs)


def test_every_personal_field_can_hold_sealed_text() -> None:
    """Sealed text is longer than the text: no event type may limit a personal field, and each is one text."""
    found = 0
    for entry in all_types():
        for field in entry.personal:
            info = entry.model.model_fields[field]
            assert info.annotation in (str, str | None), (entry.name, field)
            assert not info.metadata, f"{entry.name}.{field} has limits that sealed text would break"
            found += 1
    assert found
