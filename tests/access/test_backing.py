"""A token that no event on the ledger backs opens nothing, whoever put it where tokens are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from events.access.events import TokenIssued
from events.envelope import Event, encode
from events.errors import Refused
from events.ids import Aggregate, ledger_subject
from services.access.access import Access
from services.access.first import ensure_admin_token
from services.access.tokens import TokenRecord, digest, generate, new_id
from services.ledger import Entry, Ledger, LedgerUnavailable
from services.runtime.settings import Settings
from tests.nats_only import eventually

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SWAPPED = "gt_swapped_text_that_somebody_chose_by_hand"


async def put(ledger: Ledger, record: TokenRecord, key: str | None = None) -> None:
    """Write a token as somebody who has the API's NATS password can."""
    subject = f"$KV.ACCESS.{key or f'{record.workspace}.{record.id}'}"
    await ledger.client.jetstream().publish(subject, record.model_dump_json().encode())


def forged(workspace: str, text: str, **fields: Any) -> TokenRecord:
    """An administrator's token that nobody issued."""
    made: dict[str, Any] = {
        "id": new_id(),
        "workspace": workspace,
        "actor": "person:mallory",
        "role": "admin",
        "label": "",
        "hash": digest(text),
        "created_at": NOW,
        "created_by": "person:admin",
    }
    return TokenRecord(**made | fields)


CHANGES: dict[str, Callable[[TokenRecord], dict[str, Any]]] = {
    "another role": lambda _: {"role": "admin"},
    "another person": lambda _: {"actor": "person:admin"},
    "a later end": lambda record: {"expires_at": NOW + timedelta(days=9999)},
    "no end": lambda _: {"expires_at": None},
    "another text": lambda _: {"hash": digest(SWAPPED)},
}
"""What somebody might change by hand in a token that was issued."""


async def test_a_token_written_by_hand_opens_nothing(access: Access, ledger: Ledger, workspace: str) -> None:
    """Not in a process that runs, not in one that starts, and it is not listed as valid."""
    text = generate(workspace, new_id())
    record = forged(workspace, text)
    await put(ledger, record)
    await eventually(lambda: access.find(workspace, record.id) is not None, seconds=6)
    assert await access.identify(text) is None
    assert access.caller(text) is None
    assert access.list(workspace) == []
    restarted = await Access.start(ledger)
    assert await restarted.identify(text) is None
    await restarted.close()


@pytest.mark.parametrize("change", CHANGES)
async def test_a_token_changed_by_hand_opens_nothing(
    access: Access, ledger: Ledger, workspace: str, change: str
) -> None:
    """It must be what its event says; and put back as it was it works again."""
    ends = NOW + timedelta(days=3650)
    issued = await access.issue(workspace, "person:anna", "viewer", expires_at=ends)
    assert issued.token is not None
    await put(ledger, issued.record.model_copy(update=CHANGES[change](issued.record)))
    token = issued.token
    await eventually(lambda: access.caller(token) is None, seconds=6)
    assert await access.identify(token) is None
    assert await access.identify(SWAPPED) is None
    await put(ledger, issued.record)
    await eventually(lambda: access.caller(token) is not None, seconds=6)


@pytest.mark.parametrize("change", [*CHANGES])
async def test_what_was_changed_by_hand_while_it_waited_is_not_approved(
    access: Access, ledger: Ledger, workspace: str, change: str
) -> None:
    """A second person says yes to what was asked for, and to nothing else."""
    ends = NOW + timedelta(days=3650)
    asked = await access.issue(workspace, "person:anna", "viewer", expires_at=ends, pending=True)
    changed = asked.record.model_copy(update=CHANGES[change](asked.record))
    await put(ledger, changed)
    await eventually(lambda: access.find(workspace, changed.id) == changed, seconds=6)
    with pytest.raises(Refused, match="token_unknown"):
        await access.approve(workspace, changed.id, by="person:ruth")
    assert asked.token is not None
    assert await access.identify(asked.token) is None
    assert await access.identify(SWAPPED) is None


async def test_a_retry_whose_first_try_stored_nothing_gets_a_token_that_works(
    access: Access, other_access: Access, ledger: Ledger, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event of the first try is there, its text is lost: what the retry gets is the token."""
    token_id = "00000000000000cc"

    async def away(*_: object, **__: object) -> int:
        raise LedgerUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(access._latest, "put", away)
        with pytest.raises(LedgerUnavailable):
            await access.issue(workspace, "person:anna", "viewer", token_id=token_id)
    made = await access.issue(workspace, "person:anna", "viewer", token_id=token_id)
    assert made.token is not None
    assert await access.identify(made.token) is not None
    await eventually(lambda: other_access.caller(made.token or "") is not None, seconds=6)
    again = await access.issue(workspace, "person:anna", "viewer", token_id=token_id)
    assert (again.token, again.record) == (None, made.record)
    assert await ledger.head(workspace) == made.position


async def test_a_token_of_an_earlier_version_opens_nothing_until_its_text_is_shown_again(
    provisioned: Settings, access: Access, ledger: Ledger
) -> None:
    """Its event has no hash. The next start records that of the text in the administrator's file."""
    workspace = provisioned.workspace
    text = generate(workspace, token_id := new_id())
    fields = {"id": token_id, "actor": "person:admin", "label": "first administrator"}
    record = forged(workspace, text, **fields)
    event = Event(
        id=uuid4(),
        type="goaltrail.access.token_issued.v2",
        workspace=workspace,
        aggregate=Aggregate("access", token_id),
        time=NOW,
        actor="system:provision",
        data=TokenIssued(holder="person:admin", role="admin"),
    )
    subject = ledger_subject(workspace, event.aggregate)
    written = encode(event).replace(b"token_issued.v2", b"token_issued.v1")
    await ledger.append(workspace, [Entry(subject, written)], {subject: 0})
    await put(ledger, record)
    await eventually(lambda: access.find(workspace, token_id) is not None, seconds=6)
    assert await access.identify(text) is None
    assert access.of_earlier_version(text)
    await ensure_admin_token(provisioned.model_copy(update={"admin_token": SecretStr(text)}))
    restarted = await Access.start(ledger)
    assert await restarted.identify(text) is not None
    await restarted.close()


async def test_a_revoked_token_stays_revoked_whatever_is_written(
    access: Access, ledger: Ledger, workspace: str
) -> None:
    """The ledger knows that it was revoked."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    assert issued.token is not None
    await access.revoke(workspace, issued.record.id)
    await put(ledger, issued.record)
    await eventually(lambda: access.find(workspace, issued.record.id) == issued.record, seconds=6)
    assert await access.identify(issued.token) is None


async def test_a_copy_under_another_key_or_with_another_text_harms_nobody(
    access: Access, ledger: Ledger, workspace: str
) -> None:
    """A forged record with the hash of a token that is in use keeps nobody out, and opens nothing more."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    assert issued.token is not None
    twin = forged(workspace, issued.token)
    await put(ledger, twin)
    await put(ledger, issued.record, key=f"{workspace}.{new_id()}")
    await eventually(lambda: access.find(workspace, twin.id) is not None, seconds=6)
    caller = await access.identify(issued.token)
    assert caller is not None
    assert (caller.actor, caller.role) == ("person:anna", "viewer")


async def test_tokens_that_were_issued_are_known_to_a_process_that_starts(
    access: Access, ledger: Ledger, workspace: str
) -> None:
    """Many at once are looked up in one pass; nobody waits for it."""
    issued = [await access.issue(workspace, f"person:p{n}", "viewer") for n in range(30)]
    restarted = await Access.start(ledger)
    assert all(one.token is not None and restarted.caller(one.token) is not None for one in issued)
    await restarted.close()


async def test_an_administrator_whose_event_is_lost_is_recorded_again(
    provisioned: Settings, access: Access, ledger: Ledger
) -> None:
    """A ledger that was made anew has no event of the token in the file: the next start makes up for it."""
    workspace = provisioned.workspace
    text = generate(workspace, token_id := new_id())
    record = forged(workspace, text, id=token_id, actor="person:admin", label="first administrator")
    await put(ledger, record)
    await eventually(lambda: access.find(workspace, token_id) is not None, seconds=6)
    assert await access.identify(text) is None
    await ensure_admin_token(provisioned.model_copy(update={"admin_token": SecretStr(text)}))
    restarted = await Access.start(ledger)
    assert await restarted.identify(text) is not None
    await restarted.close()
