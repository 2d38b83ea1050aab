"""The first administrator's token: there after provisioning, in a private file, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.access.access import Access
from services.access.first import admin_token_file, ensure_admin_token
from services.access.tokens import TOKEN
from services.ledger import Ledger
from services.ledger.provision import provision
from services.runtime.settings import Settings, SettingsError
from tests.nats_only import eventually, provisioned_settings
from tests.servers import TestNats

CHOSEN = "gt_chosen_by_an_operator_who_likes_long_ones"


async def test_token_is_written_once_and_works(provisioned: Settings, access: Access) -> None:
    """A private file with a token that opens the first workspace as administrator; a second run keeps it."""
    await ensure_admin_token(provisioned)
    path = admin_token_file(provisioned.data)
    text = path.read_text().strip()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert TOKEN.fullmatch(text)
    await ensure_admin_token(provisioned)
    assert path.read_text().strip() == text
    await eventually(lambda: access.caller(text) is not None)
    caller = access.caller(text)
    assert caller is not None
    assert (caller.workspace, caller.actor, caller.role) == (provisioned.workspace, "person:admin", "admin")
    assert len(access.list(provisioned.workspace)) == 1


async def test_configured_token_is_used_as_it_is(provisioned: Settings, access: Access) -> None:
    """A token from a secret file or variable becomes the administrator's as it is; no file is made."""
    settings = provisioned.model_copy(update={"admin_token": SecretStr(CHOSEN + provisioned.workspace)})
    await ensure_admin_token(settings)
    await ensure_admin_token(settings)
    await eventually(lambda: access.caller(CHOSEN + provisioned.workspace) is not None)
    assert len(access.list(provisioned.workspace)) == 1
    assert not admin_token_file(settings.data).exists()


async def test_short_token_is_refused(provisioned: Settings) -> None:
    """A token that could be guessed does not become the administrator's."""
    with pytest.raises(SettingsError, match="it needs 32"):
        await ensure_admin_token(provisioned.model_copy(update={"admin_token": SecretStr("admin")}))


async def test_revoked_token_stays_revoked(provisioned: Settings, access: Access) -> None:
    """Starting again brings no revoked token back."""
    await ensure_admin_token(provisioned)
    text = admin_token_file(provisioned.data).read_text().strip()
    await eventually(lambda: len(access.list(provisioned.workspace)) == 1)
    [record] = access.list(provisioned.workspace)
    await access.issue(provisioned.workspace, "person:anna", "admin")
    await access.revoke(provisioned.workspace, record.id)
    await ensure_admin_token(provisioned)
    assert access.caller(text) is None


async def test_lost_bucket_is_filled_again(tmp_path: Path) -> None:
    """A restored ledger without its tokens gets its administrator back from the token file."""
    nats = TestNats(tmp_path / "nats")
    with nats.server:
        settings = await provisioned_settings(nats, "main", tmp_path / "data")
        await ensure_admin_token(settings)
        text = admin_token_file(settings.data).read_text().strip()
        as_provisioner = {
            "nats_user": settings.nats_provisioner_user,
            "nats_password": settings.nats_provisioner_password,
        }
        async with await Ledger.connect(settings.model_copy(update=as_provisioner)) as ledger:
            await ledger.client.jetstream().delete_stream("KV_ACCESS")
        await provision(settings)
        await ensure_admin_token(settings)
        async with await Ledger.connect(settings) as ledger:
            restarted = await Access.start(ledger)
            assert restarted.caller(text) is not None
            await restarted.close()
            assert await ledger.head("main") == 2


async def test_token_file_with_another_text_is_explained(provisioned: Settings) -> None:
    """An edited token file is a clear error, not a second administrator."""
    await ensure_admin_token(provisioned)
    path = admin_token_file(provisioned.data)
    path.write_text(path.read_text().strip()[:-1] + "_")
    with pytest.raises(SettingsError, match="put the old one back"):
        await ensure_admin_token(provisioned)
