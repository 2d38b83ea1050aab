"""`goaltrail api`, `goaltrail worker` and `goaltrail intake`: one role each, for scale-out."""

from __future__ import annotations

from typing import Annotated

import typer

from services.runtime import logging
from services.runtime.settings import Role, Settings, SettingsError, load_settings


def api() -> None:
    """Serve the HTTP API.

    Example: GOALTRAIL_API_PORT=9000 goaltrail api
    """
    settings = _settings("api")
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
    from services.projector.main import run

    run(settings, projections or [])


def intake() -> None:
    """Take readings that feeds publish to NATS.

    Example: goaltrail intake
    """
    settings = _settings("intake")
    from services.intake.main import run

    run(settings)


def _settings(role: Role) -> Settings:
    """The settings of a role, with logging set up. A wrong one ends the command with one line."""
    try:
        settings = load_settings(role)
    except SettingsError as error:
        typer.echo(f"goaltrail: {error}", err=True)
        raise typer.Exit(1) from None
    logging.configure(level=settings.log_level, style=settings.log_format, service=role)
    return settings
