"""How commands of operators begin and end: they need the engines themselves, not the API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from events.text import Text
from services.cli.language import fail, postgres_failed
from services.runtime.logging import configure_logging
from services.runtime.settings import Role, Settings, SettingsError, load_settings, role_file

T = TypeVar("T")


def operator_settings(command: str, role: Role = "operator") -> Settings:
    """Return the settings, with logging set up. A wrong one ends the command with one line."""
    try:
        settings = load_settings(role)
    except SettingsError as error:
        fail(error.text)
    configure_logging(settings.model_copy(update={"log_level": "error"}), command)
    return settings


def run_for_operator(
    settings: Settings,
    work: Coroutine[Any, Any, T],
    *,
    role: Role = "operator",
    runner: Callable[[Coroutine[Any, Any, T]], T] = asyncio.run,
) -> T:
    """Run a command's work. What is refused, or an engine that is away, ends the command with one line."""
    # Here: other commands need neither NATS nor PostgreSQL.
    from asyncpg import PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    from events.errors import BilingualError, Refused
    from services.ledger import LedgerUnavailable

    try:
        return runner(work)
    except LedgerUnavailable as error:
        fail(_with_cure(error.text, settings, role, "GOALTRAIL_NATS_URL"))
    except (Refused, BilingualError) as error:
        fail(error.text)
    except (SQLAlchemyError, PostgresError, OSError) as error:
        fail(_with_cure(postgres_failed(error), settings, role, "GOALTRAIL_DATABASE_URL"))


def _with_cure(text: Text, settings: Settings, role: Role, variable: str) -> Text:
    """Add what to do where the address is only the default, because no settings were found."""
    if variable in os.environ or role_file(settings.data, role).exists():
        return text
    return Text(
        f"{text.ko}. {settings.data}에 `goaltrail up`의 설정이 없습니다. `goaltrail up`을 실행한 곳에서"
        f" 실행하거나 GOALTRAIL_DATA 또는 {variable}을(를) 지정하십시오",
        f"{text.en}. {settings.data} has no settings of `goaltrail up`: run this where that runs, or set"
        f" GOALTRAIL_DATA or {variable}",
    )
