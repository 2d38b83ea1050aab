"""Settings: where they come from, and what is wrong in one line."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.settings import Settings, SettingsError, load_settings, role_file
from services.runtime.settings_reference import settings_reference

REPOSITORY = Path(__file__).parent.parent.parent


def test_environment_beats_up_which_beats_secret_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that `load_settings` promises."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, value in (("nats_password", "file"), ("nats_user", "file"), ("workspace", "file")):
        (secrets / f"goaltrail_{name}").write_text(value)
    role_file(tmp_path, "api").parent.mkdir()
    role_file(tmp_path, "api").write_text("GOALTRAIL_NATS_USER='up'\nGOALTRAIL_WORKSPACE='up'\n")
    monkeypatch.setenv("GOALTRAIL_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("GOALTRAIL_WORKSPACE", "environment")
    settings = load_settings("api", data=tmp_path)
    assert settings.nats_password.get_secret_value() == "file"
    assert settings.nats_user == "up"
    assert settings.workspace == "environment"
    assert load_settings("api", data=tmp_path, workspace="override").workspace == "override"


@pytest.mark.parametrize("copies", [1, 3])
def test_replicas_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    """As docker-compose.yml sets them: as text."""
    monkeypatch.setenv("GOALTRAIL_REPLICAS", str(copies))
    assert load_settings("api", data=tmp_path).replicas == copies


@pytest.mark.parametrize("copies", ["2", "three", ""])
def test_other_replicas_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: str) -> None:
    """One line that names the variable."""
    monkeypatch.setenv("GOALTRAIL_REPLICAS", copies)
    with pytest.raises(SettingsError, match="GOALTRAIL_REPLICAS"):
        load_settings("api", data=tmp_path)


def test_each_role_has_its_own_file(tmp_path: Path) -> None:
    """A projector does not get what the operator is told."""
    role_file(tmp_path, "operator").parent.mkdir()
    role_file(tmp_path, "operator").write_text("GOALTRAIL_NATS_PROVISIONER_PASSWORD='secret'\n")
    assert load_settings("operator", data=tmp_path).nats_provisioner_password == SecretStr("secret")
    assert load_settings("projector", data=tmp_path).nats_provisioner_password is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPLICAS", "2"),
        ("API_PORT", "70000"),
        ("ZONE", "Asia/Nowhere"),
        ("WORKSPACE", "Has Spaces"),
        ("WORKSPACE", "a.b"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The variable is named as the person wrote it."""
    monkeypatch.setenv(f"GOALTRAIL_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings("api", data=tmp_path)
    assert str(raised.value).startswith(f"GOALTRAIL_{name}: ")
    assert "\n" not in str(raised.value)


def test_secrets_are_not_in_the_text_of_the_settings() -> None:
    """A log line or a traceback that shows the settings shows no password."""
    settings = Settings(
        nats_password=SecretStr("hush"),
        database_url=SecretStr("postgresql://u:hush@h/d"),
        admin_token=SecretStr("hush"),
    )
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings.model_dump())


def test_the_password_of_the_database_may_come_apart_from_its_url() -> None:
    """A secret file has only the password; one that is in the URL stays."""
    url = SecretStr("postgresql://u@h:5432/d?sslmode=require")
    settings = Settings(database_url=url, database_password=SecretStr("a/b@c"))
    assert settings.database_dsn == "postgresql://u:a%2Fb%40c@h:5432/d?sslmode=require"
    assert settings.sqlalchemy_url.startswith("postgresql+asyncpg://u:a%2Fb%40c@h:5432/d")
    whole = Settings(database_url=SecretStr("postgresql://u:p@h/d"), database_password=SecretStr("other"))
    assert whole.database_dsn == "postgresql://u:p@h/d"


def test_nats_nodes_are_a_list() -> None:
    """One URL or several with commas."""
    assert Settings(nats_url="nats://a:1, nats://b:2,").nats_servers == ["nats://a:1", "nats://b:2"]


def test_the_master_key_has_32_bytes(tmp_path: Path) -> None:
    """From the setting or its file; anything else is refused."""
    key = bytes(range(32))
    file = tmp_path / "key"
    file.write_text(base64.b64encode(key).decode() + "\n")
    assert Settings(master_key_file=file).load_master_key() == key
    assert Settings(master_key=SecretStr(base64.b64encode(key).decode())).load_master_key() == key
    for wrong in ("", "AAAA", "not base64!"):
        with pytest.raises(SettingsError):
            Settings(master_key=SecretStr(wrong)).load_master_key()
    with pytest.raises(SettingsError, match="GOALTRAIL_MASTER_KEY_FILE"):
        Settings().load_master_key()


def test_the_admin_token_comes_from_the_setting_or_its_file(tmp_path: Path) -> None:
    """A file that can't be read is one clear line."""
    (tmp_path / "token").write_text("gt_x\n")
    assert Settings(admin_token_file=tmp_path / "token").load_admin_token() == "gt_x"
    assert Settings().load_admin_token() is None
    with pytest.raises(SettingsError, match="can't read"):
        Settings(admin_token_file=tmp_path / "none").load_admin_token()


def test_the_reference_is_up_to_date() -> None:
    """docs/reference/settings.md is what `make docs` writes."""
    assert (REPOSITORY / "docs" / "reference" / "settings.md").read_text() == settings_reference()
