"""The streams: made as they must be, and not worked on when they are not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from nats.js.errors import ServerError

from events.errors import Refused
from events.workspace.events import WorkspaceCreated
from services.ledger import ConfigurationDiffers, InvalidAppend, Ledger, LedgerError, recorded
from services.ledger.provision import check, create_workspace, list_workspaces, provision
from services.ledger.streams import ACCESS, differences, former, ledger_stream, shared_streams
from services.runtime.settings import Settings, SettingsError
from services.up.nats_server import NatsServer
from tests.ledger.sites import entries, messages, provisioner, settings_of
from tests.servers import TestNats


async def test_streams_are_made_once_and_pass_the_guard(
    site: Settings, ledger: Ledger, workspace: str
) -> None:
    """Provisioning may run any number of times; the first event is the workspace's."""
    await provision(site)
    await check(site, ledger)
    assert workspace in await list_workspaces(ledger)
    (first,) = await messages(ledger, workspace, 0)
    created = recorded(first).event
    assert created.data == WorkspaceCreated(name=workspace, zone="Asia/Seoul", default_language="ko")
    assert (created.actor, created.aggregate.id, first.position) == ("system:provision", workspace, 1)


async def test_a_second_workspace_is_made_once(one_node: Settings, ledger_1: Ledger, workspace: str) -> None:
    """It has a ledger of its own; making it again changes nothing, whatever the name."""
    second = f"{workspace}-2"
    assert await create_workspace(one_node, second, name="Second", zone="Europe/Berlin")
    assert not await create_workspace(one_node, second, name="Other", zone="Asia/Seoul")
    (first,) = await messages(ledger_1, second, 0)
    data = recorded(first).event.data
    assert isinstance(data, WorkspaceCreated)
    assert (data.name, data.zone) == ("Second", "Europe/Berlin")
    await ledger_1.append(second, entries(second, "x"), {})
    assert (await ledger_1.head(second), await ledger_1.head(workspace)) == (2, 1)


async def test_a_workspace_whose_making_was_interrupted_is_completed(
    one_node: Settings, ledger_1: Ledger, workspace: str
) -> None:
    """The stream is there, the first event is not."""
    second = f"{workspace}-2"
    async with provisioner(one_node) as client:
        await client.request(
            f"$JS.API.STREAM.CREATE.LEDGER_{second}", json.dumps(ledger_stream(second, 1)).encode()
        )
    assert await create_workspace(one_node, second, name="Second", zone="Asia/Seoul")
    assert await ledger_1.head(second) == 1


@pytest.mark.parametrize(
    "workspace_id", ["", "Big", "a.b", "a b", "a>", "*", "-a", "a-", "a_b", "x" * 33, "ä"]
)
async def test_a_workspace_needs_an_id_that_fits_in_a_subject(one_node: Settings, workspace_id: str) -> None:
    """Anything else is refused before a stream is made."""
    with pytest.raises(InvalidAppend, match="can't be the id of a workspace"):
        await create_workspace(one_node, workspace_id, name="x", zone="Asia/Seoul")


async def test_an_unknown_zone_makes_no_stream(one_node: Settings, ledger_1: Ledger, workspace: str) -> None:
    """The rule of the workspace decides, before anything is made."""
    with pytest.raises(Refused, match="Mars"):
        await create_workspace(one_node, f"{workspace}-2", name="x", zone="Mars/Base")
    assert f"{workspace}-2" not in await list_workspaces(ledger_1)


async def test_only_the_provisioner_makes_streams(one_node: Settings) -> None:
    """Without the provisioner's password it is said which setting is missing."""
    with pytest.raises(SettingsError, match="GOALTRAIL_NATS_PROVISIONER_PASSWORD"):
        await provision(one_node.model_copy(update={"nats_provisioner_password": None}))


async def test_the_guard_names_every_difference(nats_server: TestNats, tmp_path: Path) -> None:
    """On a server of its own: a missing stream, a changed limit, another number of replicas."""
    server = NatsServer(tmp_path / "nats", users=nats_server.users)
    with server:
        settings = Settings(
            nats_url=server.url,
            nats_user=server.users.api.user,
            nats_password=server.users.api.password,
            nats_provisioner_password=server.users.provisioner.password,
            workspace="acme",
        )
        await provision(settings)
        async with await Ledger.connect(settings) as ledger, provisioner(settings) as client:
            await check(settings, ledger)
            dropping = {**ledger_stream("acme", 1), "max_msgs": 5, "discard": "old"}
            await client.request("$JS.API.STREAM.UPDATE.LEDGER_acme", json.dumps(dropping).encode())
            await client.request("$JS.API.STREAM.DELETE.KEYS")
            with pytest.raises(ConfigurationDiffers) as differs:
                await check(settings, ledger)
            assert differs.value.differences == [
                "KEYS: there is no such stream; `goaltrail up` or provisioning makes it",
                "LEDGER_acme: discard is 'old', wanted 'new'",
                "LEDGER_acme: max_msgs is 5, wanted -1",
            ]
            assert "LEDGER_acme: max_msgs is 5, wanted -1" in str(differs.value)
            with pytest.raises(ConfigurationDiffers):
                await provision(settings)
            with pytest.raises(ConfigurationDiffers, match="num_replicas is 1, wanted 3"):
                await check(settings.model_copy(update={"replicas": 3}), ledger)


def test_the_guard_sees_what_nobody_wanted() -> None:
    """A setting that is not ours must be empty, except what operators may choose."""
    wanted = ledger_stream("acme", 1)
    metadata = {"metadata": {**wanted["metadata"], "_nats.ver": "2.15.1"}, "placement": {"tags": ["ssd"]}}
    assert differences(wanted, {**wanted, **metadata, "consumer_limits": {}, "allow_msg_ttl": False}) == []
    altered: dict[str, Any] = {**wanted, "republish": {"src": ">", "dest": "copy.>"}, "metadata": None}
    del altered["deny_delete"]
    assert differences(wanted, altered) == [
        "LEDGER_acme: deny_delete is not set, wanted True",
        "LEDGER_acme: republish is {'src': '>', 'dest': 'copy.>'}, wanted nothing",
        "LEDGER_acme: metadata goaltrail.configuration is not set, wanted '1'",
    ]


def test_nothing_can_be_dropped_from_a_ledger() -> None:
    """No limit, no age, no rollup, no deletion: what is acked stays."""
    ledger = ledger_stream("acme", 3)
    assert {ledger[limit] for limit in ("max_msgs", "max_bytes", "max_msgs_per_subject")} == {-1}
    assert (ledger["max_age"], ledger["discard"], ledger["num_replicas"]) == (0, "new", 3)
    assert ledger["deny_delete"]
    assert ledger["deny_purge"]
    assert not ledger["allow_rollup_hdrs"]
    assert [stream["name"] for stream in shared_streams(3) if not stream["deny_delete"]] == ["KEYS"]


async def test_the_application_cannot_change_a_ledger(ledger: Ledger, workspace: str) -> None:
    """With the server's own permissions: what would alter the record gets no answer but a refusal."""
    before = await messages(ledger, workspace, 0)
    refused: asyncio.Queue[str] = asyncio.Queue()

    async def note(error: Exception) -> None:
        await refused.put(str(error))

    ledger.client._error_cb = note
    stream = f"LEDGER_{workspace}"
    for request, body in {
        f"STREAM.CREATE.{stream}-2": {**ledger_stream(f"{workspace}-2", 1)},
        f"STREAM.UPDATE.{stream}": {**ledger_stream(workspace, 1), "max_msgs": 1},
        f"STREAM.DELETE.{stream}": {},
        f"STREAM.PURGE.{stream}": {},
        f"STREAM.RESTORE.{stream}": {},
        f"STREAM.SNAPSHOT.{stream}": {"deliver_subject": "_INBOX.x"},
        f"STREAM.MSG.DELETE.{stream}": {"seq": 1},
        f"STREAM.PEER.REMOVE.{stream}": {"peer": "node1"},
        f"STREAM.LEADER.STEPDOWN.{stream}": {},
    }.items():
        await ledger.client.publish(
            f"jetstream.{request}", json.dumps(body).encode(), ledger.client.new_inbox()
        )
        async with asyncio.timeout(5):
            refusal = await refused.get()
        assert refusal.lower() == f'nats: permissions violation for publish to "jetstream.{request}"'.lower()
    assert await messages(ledger, workspace, 0) == before
    with pytest.raises(LedgerError):
        await ledger.append(workspace, entries(workspace, "x"), {f"ledger.{workspace}.kpi.sales": 7})


async def test_the_tokens_of_an_earlier_version_survive_the_migration(
    nats_server: TestNats, tmp_path: Path
) -> None:
    """The bucket is brought to what no roll-up empties; one that somebody changed by hand is not touched."""
    with NatsServer(tmp_path / "nats", users=nats_server.users) as server:
        settings = settings_of(server, "acme")
        (access,) = [wanted for wanted in shared_streams(1) if wanted["name"] == ACCESS]
        before = former(access)
        assert before is not None
        async with provisioner(settings) as client:
            js = client.jetstream()
            for changed in ({"max_msgs": 7}, {"description": "of the operator"}):
                config = json.dumps({**before, **changed}).encode()
                await client.request("$JS.API.STREAM.CREATE.KV_ACCESS", config)
                await js.publish("$KV.ACCESS.acme.1", b"a token")
                if "max_msgs" in changed:
                    with pytest.raises(ConfigurationDiffers, match="max_msgs is 7"):
                        await provision(settings)
                    await js.delete_stream(ACCESS)
            await provision(settings)
            await provision(settings)
            info = await js.stream_info(ACCESS)
            assert (info.config.allow_rollup_hdrs, info.config.deny_purge) == (False, True)
            assert info.config.description == "of the operator"
            assert (await js.get_last_msg(ACCESS, "$KV.ACCESS.acme.1")).data == b"a token"
            with pytest.raises(ServerError, match="rollup not permitted"):
                await js.publish("$KV.ACCESS.acme.1", b"", headers={"Nats-Rollup": "all"})
        async with await Ledger.connect(settings) as ledger:
            await check(settings, ledger)


async def test_streams_made_before_there_were_accounts_are_there(
    nats_server: TestNats, tmp_path: Path
) -> None:
    """The server keeps streams by account; those of the default account move to ours at the start."""
    server = NatsServer(tmp_path / "nats", users=nats_server.users)
    with server:
        await provision(settings_of(server, "acme"))
    folder = server.directory / "jetstream"
    (folder / "GOALTRAIL").rename(folder / "$G")
    with server:
        async with await Ledger.connect(settings_of(server, "acme")) as ledger:
            assert await ledger.head("acme") == 1
