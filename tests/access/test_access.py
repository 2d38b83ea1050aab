"""Tokens on a real server: who gets in, who does not, and how fast that changes everywhere."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from events.access.events import TokenIssued
from events.errors import Refused
from events.ids import Aggregate
from services.access.access import Access
from services.access.callers import Caller
from services.access.tokens import TOKEN, digest
from services.ledger import Ledger, WorkspaceUnknown
from tests.nats_only import eventually


async def test_token_tells_who_calls(access: Access, workspace: str) -> None:
    """A new token stands for its person, role and workspace at once."""
    issued = await access.issue(workspace, "person:anna", "editor", "laptop")
    assert issued.token is not None
    assert access.caller(issued.token) == Caller(
        workspace, "person:anna", "editor", None, issued.record.id, None
    )


async def test_feed_token_names_its_feed(access: Access, workspace: str) -> None:
    """The caller behind a feed's token carries the feed's id."""
    issued = await access.issue(workspace, "feed:erp", "feed")
    assert issued.token is not None
    caller = access.caller(issued.token)
    assert caller is not None
    assert (caller.actor, caller.role, caller.feed) == ("feed:erp", "feed", "erp")


async def test_text_is_recognizable_and_long(access: Access, workspace: str) -> None:
    """A token has a form that can be searched for, its workspace and id, and 256 random bits."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    assert issued.token is not None
    match = TOKEN.fullmatch(issued.token)
    assert match is not None
    assert match["id"] == issued.record.id
    assert issued.token.startswith(f"gt_{workspace}_{issued.record.id}_")
    assert len(issued.token.rpartition(issued.record.id)[2]) == 1 + 43


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "gt_",
        "Bearer",
        "gt_main_0123456789abcdef_" + "A" * 43,
        "토큰",
        "\udc80",
        "a" * 100_000,
        "gt_\0",
    ],
)
async def test_unknown_or_malformed_token_is_nobody(access: Access, text: str) -> None:
    """Whatever is sent as a token, the answer is None and never an error."""
    assert access.caller(text) is None


async def test_every_changed_character_makes_it_another_token(access: Access, workspace: str) -> None:
    """A token with one wrong character opens nothing, wherever the character is."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    assert issued.token is not None
    for place in range(len(issued.token)):
        wrong = "x" if issued.token[place] != "x" else "y"
        assert access.caller(issued.token[:place] + wrong + issued.token[place + 1 :]) is None


async def test_stored_hash_is_no_token(access: Access, workspace: str) -> None:
    """Who reads the bucket can't call with what is in it."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    assert access.caller(issued.record.hash) is None


async def test_expired_token_stops_at_its_time(access: Access, workspace: str) -> None:
    """No message is needed: the clock ends it."""
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    issued = await access.issue(workspace, "person:anna", "viewer", expires_at=soon)
    assert issued.token is not None
    token = issued.token
    assert access.caller(token) is not None
    await eventually(lambda: access.caller(token) is None)
    assert datetime.now(UTC) >= soon
    assert [record.state(datetime.now(UTC)) for record in access.list(workspace)] == ["expired"]


async def test_revoked_token_stops_everywhere_within_moments(
    access: Access, other_access: Access, workspace: str
) -> None:
    """Another process learns of a new and of a revoked token by a nudge, not by its slow tick."""
    token = (await access.issue(workspace, "person:anna", "viewer")).token
    assert token is not None
    assert await eventually(lambda: other_access.caller(token) is not None) < 1.0
    [record] = access.list(workspace)
    await access.revoke(workspace, record.id)
    assert access.caller(token) is None
    assert await eventually(lambda: other_access.caller(token) is None) < 1.0


async def test_lost_nudge_is_made_up_for(access: Access, ledger: Ledger, workspace: str) -> None:
    """A change that nobody announced is seen by the slow tick."""
    token = (await access.issue(workspace, "person:anna", "viewer")).token
    assert token is not None
    [record] = access.list(workspace)
    silent = record.model_copy(update={"revoked_at": datetime.now(UTC)}).model_dump_json().encode()
    await ledger.client.publish(f"$KV.ACCESS.{workspace}.{record.id}", silent)
    await ledger.client.flush()
    assert access.caller(token) is not None
    await eventually(lambda: access.caller(token) is None, seconds=4.0)


async def test_tokens_are_there_after_a_restart(access: Access, ledger: Ledger, workspace: str) -> None:
    """A new process loads all tokens before it answers anybody."""
    tokens = [(await access.issue(workspace, f"person:p{number}", "viewer")).token for number in range(5)]
    restarted = await Access.start(ledger)
    assert all(token is not None and restarted.caller(token) is not None for token in tokens)
    await restarted.close()


async def test_list_shows_only_the_own_workspace(access: Access, workspace: str) -> None:
    """Nothing crosses the border of a workspace: neither lists nor ids."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    assert [record.id for record in access.list(workspace)] == [issued.record.id]
    assert access.list("another") == []
    assert access.find("another", issued.record.id) is None
    with pytest.raises(Refused, match="token_unknown"):
        await access.revoke("another", issued.record.id)


async def test_workspace_must_exist(access: Access) -> None:
    """There is no token for a workspace without a ledger, so none waits there for its first user."""
    with pytest.raises(WorkspaceUnknown):
        await access.issue("nowhere", "person:anna", "viewer")
    assert access.list("nowhere") == []


async def test_each_step_is_an_event_with_nothing_of_the_text_but_its_hash(
    access: Access, ledger: Ledger, workspace: str
) -> None:
    """The ledger says who issued and revoked a token and when; the text is not on it."""
    issued = await access.issue(workspace, "person:anna", "viewer", by="person:boss")
    await access.revoke(workspace, issued.record.id, by="person:chief")
    recorded = await ledger.load(workspace, Aggregate("access", issued.record.id))
    assert [(entry.event.name, entry.event.actor) for entry in recorded] == [
        ("access.token_issued", "person:boss"),
        ("access.token_revoked", "person:chief"),
    ]
    assert issued.token is not None
    secret = issued.token[-43:].encode()
    assert isinstance(recorded[0].event.data, TokenIssued)
    assert recorded[0].event.data.token_sha256 == digest(issued.token)
    async for messages in ledger.read(workspace, 0):
        for message in messages:
            assert secret not in message.payload


async def test_revoking_twice_is_one_event(access: Access, ledger: Ledger, workspace: str) -> None:
    """A repeated DELETE changes nothing and answers with the same position."""
    issued = await access.issue(workspace, "person:anna", "viewer")
    first = await access.revoke(workspace, issued.record.id)
    assert await access.revoke(workspace, issued.record.id) == first
    assert await ledger.head(workspace) == first


async def test_revoking_what_is_not_there_is_refused(access: Access, workspace: str) -> None:
    """An unknown id is a clear error."""
    with pytest.raises(Refused, match="token_unknown"):
        await access.revoke(workspace, "0123456789abcdef")


async def test_last_administrator_stays(access: Access, workspace: str) -> None:
    """Nobody can lock everybody out; with another valid administrator it is allowed."""
    first = await access.issue(workspace, "person:anna", "admin")
    gone = datetime.now(UTC) + timedelta(seconds=0.2)
    await access.issue(workspace, "person:temp", "admin", expires_at=gone)
    await asyncio.sleep(0.25)
    with pytest.raises(Refused, match="last_admin_token"):
        await access.revoke(workspace, first.record.id)
    second = await access.issue(workspace, "person:bora", "admin")
    await access.revoke(workspace, first.record.id)
    assert first.token is not None
    assert access.caller(first.token) is None
    assert second.token is not None
    assert access.caller(second.token) is not None


@pytest.mark.parametrize(
    ("actor", "role", "code"),
    [("feed:erp", "admin", "role_does_not_fit"), ("person:anna", "feed", "role_does_not_fit")],
)
async def test_role_must_fit_the_holder(
    access: Access, workspace: str, actor: str, role: str, code: str
) -> None:
    """Only feeds have the role feed, and feeds no other one."""
    with pytest.raises(Refused, match=code):
        await access.issue(workspace, actor, role)  # type: ignore[arg-type]
    assert access.list(workspace) == []


async def test_expiry_in_the_past_is_refused(access: Access, workspace: str) -> None:
    """A token that could never be used is not made."""
    with pytest.raises(Refused, match="expires_in_the_past"):
        await access.issue(workspace, "person:anna", "viewer", expires_at=datetime(2020, 1, 1, tzinfo=UTC))


async def test_same_id_again_is_the_same_token(access: Access, ledger: Ledger, workspace: str) -> None:
    """A retry finds the token of the first try, without its text; another one under that id is refused."""
    first = await access.issue(workspace, "person:anna", "viewer", token_id="00000000000000aa")
    head = await ledger.head(workspace)
    again = await access.issue(workspace, "person:anna", "viewer", token_id="00000000000000aa")
    assert again == (None, first.record, first.event_id, first.position)
    assert await ledger.head(workspace) == head
    with pytest.raises(Refused, match="token_exists"):
        await access.issue(workspace, "person:bora", "viewer", token_id="00000000000000aa")
    with pytest.raises(Refused, match="token_exists"):
        await access.issue(workspace, "person:anna", "viewer", "phone", token_id="00000000000000aa")


async def test_two_processes_that_issue_at_once_make_one_token(
    access: Access, other_access: Access, workspace: str
) -> None:
    """Of two identical requests in flight one gets the text; the other one learns that it exists."""
    answers = await asyncio.gather(
        *(
            side.issue(workspace, "person:anna", "viewer", token_id="00000000000000bb")
            for side in (access, other_access)
        )
    )
    assert sorted(answer.token is None for answer in answers) == [False, True]
    assert len(access.list(workspace)) == 1


async def test_record_put_there_by_hand_harms_nobody(access: Access, ledger: Ledger, workspace: str) -> None:
    """Rubbish in the bucket is skipped; its neighbours go on working."""
    token = (await access.issue(workspace, "person:anna", "viewer")).token
    await ledger.client.publish(f"$KV.ACCESS.{workspace}.rubbish", b"\xff not a record")
    await ledger.client.flush()
    restarted = await Access.start(ledger)
    assert token is not None
    assert restarted.caller(token) is not None
    await restarted.close()
