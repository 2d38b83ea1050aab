"""`goaltrail up`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.language import as_reported, fail
from services.runtime.settings import DEFAULT_API_PORT, DEFAULT_DATA, SettingsError
from services.up.processes import ProcessError


def up(
    data: Annotated[
        Path,
        typer.Option("--data", envvar="GOALTRAIL_DATA", help="Directory for everything that is stored."),
    ] = DEFAULT_DATA,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=1,
            max=65535,
            help="Port of the API on 127.0.0.1.",
            show_default=f"GOALTRAIL_API_PORT or {DEFAULT_API_PORT}",
        ),
    ] = None,
    processes: Annotated[
        int, typer.Option("--processes", min=1, max=8, help="API processes that share the port.")
    ] = 1,
) -> None:
    """Start everything on this machine: NATS, PostgreSQL, API, intake and projector. Ctrl-C stops it.

    Example: goaltrail up --data ./data --port 9000
    """
    from services.up import supervisor

    try:
        raise typer.Exit(supervisor.up(data, port, typer.echo, processes=processes))
    except SettingsError as error:
        fail(error.text)
    except ProcessError as error:
        fail(as_reported(error))
