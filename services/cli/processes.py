"""`goaltrail api`, `worker`, `intake` and `provision`: one role each, for scale-out."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from events.text import Text
from services.cli.language import as_reported, fail, say
from services.cli.rebuild import no_projection
from services.runtime.garbage import importing
from services.runtime.logging import configure_logging
from services.runtime.settings import Role, Settings, SettingsError, load_settings


def api(
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes",
            min=1,
            max=64,
            help="Start so many processes that share the port; if one ends, all of them do.",
            show_default="this one alone",
        ),
    ] = None,
) -> None:
    """Serve the HTTP API.

    Example: GOALTRAIL_API_PORT=9000 goaltrail api --processes 4
    """
    if processes is not None and processes > 1:
        from services.up.siblings import run_siblings

        _settings("api")
        raise typer.Exit(run_siblings(["api"], processes))
    settings = _settings("api")
    with importing():
        from services.api.main import run

    run(settings)


def worker(
    projections: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROJECTION]...", help="Groups to build, such as state or audit; none: all."),
    ] = None,
) -> None:
    """Read the ledger and keep views up to date.

    Example: goaltrail worker state audit
    """
    settings = _settings("projector")
    with importing():
        from projections.groups import GROUPS
        from services.projector.main import run

    for name in projections or []:
        if name not in GROUPS:
            fail(no_projection(name, GROUPS))
    run(settings, projections or [])


def intake() -> None:
    """Take readings that feeds publish to NATS.

    Example: goaltrail intake
    """
    settings = _settings("intake")
    with importing():
        from services.intake.main import run

    run(settings)


def provision() -> None:
    """Make or check database roles, streams and the first workspace; for clusters (`up` does it by itself).

    Example: goaltrail provision
    """
    settings = _settings("operator")
    from services.up.processes import ProcessError
    from services.up.provisioning import provision as bring

    try:
        asyncio.run(bring(settings))
    except ProcessError as error:
        fail(as_reported(error))
    say(
        Text(
            f"스트림, 데이터베이스, 워크스페이스 {settings.workspace!r}이(가) 모두 준비되어 있습니다.",
            f"Streams, database and workspace {settings.workspace!r} are as they should be.",
        )
    )


def _settings(role: Role) -> Settings:
    """Return the settings of a role, with logging set up. A wrong one ends the command with one line."""
    try:
        settings = load_settings(role)
    except SettingsError as error:
        fail(error.text)
    configure_logging(settings, role)
    return settings
