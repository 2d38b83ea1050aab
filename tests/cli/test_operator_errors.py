"""What commands of operators say in both languages when they can't do it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from events.text import Text
from services.cli.main import app
from services.cli.operator import run_for_operator
from services.ledger import LedgerUnavailable
from services.ledger.provision import provision
from services.projector.builds import prepare_control, projector_engine
from services.runtime.settings import Settings, load_settings
from tests.servers import TestDatabase

NOWHERE = Text("워크스페이스 'nope'이(가) 없습니다", "there is no workspace 'nope'")
HEALTHY = Text(
    "워크스페이스 {workspace}의 위치 1은 제외할 이벤트가 아닙니다. 조회 데이터에 반영되었거나 이미"
    " 제외하기로 한 위치입니다",
    "position 1 of {workspace} is no poison that somebody has to decide about",
)
WHOLE = Text(
    "워크스페이스 {workspace}에는 사용을 멈춘 조회 데이터가 없습니다. 조회 데이터를 만든 원장과 지금 원장이"
    " 다르다면 먼저 워커를 시작하십시오. 워커가 둘을 비교합니다",
    "no views of {workspace} are set aside; if the ledger is another one than they were built from, start a"
    " worker first: it compares them",
)


def bad_id(name: str) -> Text:
    """What is said of an id that no workspace can have."""
    return Text(
        f"{name!r}은(는) 워크스페이스 아이디가 될 수 없습니다. 영문 소문자, 숫자, -로 1~32자이며 -로"
        " 시작하거나 끝나지 않아야 합니다",
        f"{name!r} can't be the id of a workspace: it has 1 to 32 of a-z, 0-9 and -, no - at its ends",
    )


ERRORS = {
    "waive nowhere": (["waive", "1", "--workspace", "nope", "--reason", "x"], NOWHERE),
    "rebuild nowhere": (["rebuild", "state", "--workspace", "nope"], NOWHERE),
    "accept nowhere": (["accept-ledger", "--workspace", "nope", "--reason", "x"], NOWHERE),
    "waive what is healthy": (["waive", "1", "--reason", "x"], HEALTHY),
    "accept what is whole": (["accept-ledger", "--reason", "x"], WHOLE),
    **{
        f"workspace {name!r}": (["workspace", "create", name], bad_id(name))
        for name in ("A b", "a_b", "a" * 33)
    },
}


@pytest.fixture
def shell(
    operator_settings: Settings,
    settings: Settings,
    database: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """An operator's shell on the test's servers, whose workspace has no views yet."""

    async def prepare() -> None:
        await provision(operator_settings)
        engine = projector_engine(settings, pool_size=1)
        await prepare_control(engine)
        await engine.dispose()

    asyncio.run(prepare())
    for name in ("nats_url", "nats_user", "nats_provisioner_user", "workspace", "data"):
        monkeypatch.setenv(f"GOALTRAIL_{name.upper()}", str(getattr(operator_settings, name)))
    for name in ("nats_password", "nats_provisioner_password", "master_key"):
        monkeypatch.setenv(f"GOALTRAIL_{name.upper()}", getattr(operator_settings, name).get_secret_value())
    monkeypatch.setenv("GOALTRAIL_DATABASE_URL", database.url())
    return operator_settings


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str, shell: Settings) -> None:
    """One line, in the language of the terminal."""
    arguments, text = ERRORS[name]
    for locale, language in (("ko_KR.UTF-8", "ko"), ("C.UTF-8", "en")):
        ended = CliRunner(env={"LC_ALL": locale}).invoke(app, arguments)
        told = text.told("ko" if language == "ko" else "en").replace("{workspace}", shell.workspace)
        # Lines of the log tell of keys that other tests of this process changed by hand.
        lines = [line for line in ended.stderr.splitlines() if not line.startswith('{"')]
        assert (ended.exit_code, lines) == (1, [f"goaltrail: {told}"])


@pytest.mark.parametrize(
    ("error", "variable", "url"),
    [
        (LedgerUnavailable("can't reach NATS"), "GOALTRAIL_NATS_URL", "nats://h"),
        (OSError("connection refused"), "GOALTRAIL_DATABASE_URL", "postgresql://h/d"),
    ],
    ids=["NATS", "PostgreSQL"],
)
def test_outside_the_data_directory(
    error: Exception,
    variable: str,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where `goaltrail up` wrote no settings, an engine that is away is told with where to run the"
    " command."""
    monkeypatch.setenv("GOALTRAIL_DATA", "nothing-here")
    monkeypatch.chdir(tmp_path)

    async def work() -> None:
        raise error

    def told(locale: str) -> str:
        monkeypatch.setenv("LC_ALL", locale)
        with pytest.raises(typer.Exit):
            run_for_operator(load_settings("operator"), work())
        return capsys.readouterr().err

    assert told("C.UTF-8").endswith(
        f"{error}. nothing-here has no settings of `goaltrail up`: run this where that runs, or set"
        f" GOALTRAIL_DATA or {variable}\n"
    )
    assert told("ko_KR.UTF-8").endswith(
        f"{error}. nothing-here에 `goaltrail up`의 설정이 없습니다. `goaltrail up`을 실행한 곳에서 실행하거나"
        f" GOALTRAIL_DATA 또는 {variable}을(를) 지정하십시오\n".replace("을(를)", "을")
    )
    monkeypatch.setenv(variable, url)
    assert "GOALTRAIL_DATA" not in told("C.UTF-8")
