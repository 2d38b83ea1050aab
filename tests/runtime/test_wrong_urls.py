"""A wrong URL among the settings ends every process with one line that tells the form, and nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.settings import Role, Settings, SettingsError, load_settings

SECRET = "sekret"
LOGIN = f"u:{SECRET}"
HOSTS = ["", "127.0.0.1", "[::1", f"{SECRET}..x:1", f"{'x' * 64}.example:1", f"a b:{SECRET}", f"h\t:{SECRET}"]
HOSTS += ["127.0.0.1:port", "127.0.0.1:70000", "127.0.0.1:0", "127.0.0.1:-1", f"127.0.0.1:{SECRET}"]


def wrong(scheme: str, rest: str, *, good_host: str = "127.0.0.1:1") -> list[str]:
    """What somebody may write instead of `<scheme>://…<rest>`."""
    hosts = [host for host in HOSTS if host != "127.0.0.1"]
    return [
        SECRET,
        f"{scheme}:/{SECRET}",
        f"{scheme}:{good_host}{rest}",
        f"//{good_host}{rest}",
        f"ftp://{SECRET}{rest}",
        f"{scheme}://u:{SECRET}/pw@{good_host}{rest}",
        f"{scheme}://u:{SECRET}?pw@{good_host}{rest}",
        f"{scheme}://u:{SECRET}#pw@{good_host}{rest}",
        f"{scheme}://u:1/{SECRET}@{good_host}{rest}",
        f"{scheme}://u:{SECRET}@pw@{good_host}{rest}",
        f"{scheme}://u:[{SECRET}@{good_host}{rest}",
        f"{scheme}://{good_host}{rest}#{SECRET}",
        *(f"{scheme}://{host}{rest}" for host in hosts),
    ]


WRONG: dict[str, list[str]] = {
    "NATS_URL": [
        "",
        ",",
        f"nats://{LOGIN}@127.0.0.1:1",
        f"nats://{SECRET}@127.0.0.1:1",
        f"nats://127.0.0.1:1/{SECRET}",
        f"nats://127.0.0.1:1?{SECRET}",
        f"nats://127.0.0.1:1,nats://{LOGIN}@127.0.0.1:2",
        f"nats://127.0.0.1:1,{SECRET}",
        *wrong("nats", ""),
    ],
    "NATS_MONITOR_URL": [f"http://{LOGIN}@127.0.0.1:1", f"http://127.0.0.1:1,{SECRET}", *wrong("http", "")],
    "API_URL": [f"http://{LOGIN}@127.0.0.1:1", f"http://127.0.0.1:1/?{SECRET}", *wrong("http", "")],
    "DATABASE_URL": [
        "",
        "postgresql://u@127.0.0.1:1",
        "postgresql://u@127.0.0.1:1/",
        f"postgresql://u@127.0.0.1:1/d/{SECRET}",
        f"postgresql://u@127.0.0.1:1,127.0.0.1:2/{SECRET}",
        *wrong("postgresql", "/d"),
    ],
}
RIGHT = {
    "NATS_URL": ["nats://h", "nats://h:4222/", "tls://h.example:4222, nats://[::1]:4222,"],
    "NATS_MONITOR_URL": ["", "http://h:8222", "https://h:8222/, http://h:8223"],
    "API_URL": ["", "http://h:1", "https://한국.example/goaltrail/"],
    "DATABASE_URL": [
        "postgresql://h/d",
        "postgres://u:p%40%2F@[::1]:5432/d?sslmode=require",
        " postgresql://u@h:1/d\n",
    ],
}
ROLES: list[Role] = ["api", "intake", "projector", "operator"]


def urls() -> set[str]:
    """The settings that are URLs."""
    return {name.upper() for name in Settings.model_fields if name.endswith("_url")}


@pytest.mark.parametrize("role", ROLES)
def test_a_wrong_url(role: Role, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every setting, in every wrong form: it is named, and the value is not quoted."""
    assert set(WRONG) == set(RIGHT) == urls()
    for name, values in WRONG.items():
        for value in values:
            with monkeypatch.context() as patch:
                patch.setenv(f"GOALTRAIL_{name}", value)
                with pytest.raises(SettingsError) as raised:
                    load_settings(role, data=tmp_path)
            told = str(raised.value)
            assert told.startswith(f"GOALTRAIL_{name}: "), (value, told)
            assert "://" in told, (value, told)
            assert SECRET not in told, (value, told)
            assert "\n" not in told, (value, told)


def test_a_right_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, values in RIGHT.items():
        for value in values:
            with monkeypatch.context() as patch:
                patch.setenv(f"GOALTRAIL_{name}", value)
                load_settings("api", data=tmp_path)


@pytest.mark.parametrize("command", ["api", "worker state", "intake", "provision", "doctor", "state"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NATS_URL", f"nats://{LOGIN}@127.0.0.1:1"),
        ("NATS_URL", f"nats://u:{SECRET}/pw@127.0.0.1:1"),
        ("DATABASE_URL", SECRET),
    ],
)
def test_a_process_with_a_wrong_url(command: str, name: str, value: str, tmp_path: Path) -> None:
    """One line, exit code 1, no traceback."""
    told = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "GOALTRAIL_DATA": str(tmp_path),
        f"GOALTRAIL_{name}": value,
    }
    program = "from services.cli.entry import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, *command.split()],
        env=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith(f"goaltrail: GOALTRAIL_{name}: "), ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert SECRET not in ended.stderr + ended.stdout
