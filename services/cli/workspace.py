"""`goaltrail workspace`: make and list workspaces. For operators: it talks to NATS itself, not to the API."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Literal, TypeVar

import typer

from events.text import Text
from services.cli.client import Json, print_json
from services.cli.language import as_reported, fail, say
from services.runtime.settings import Settings, SettingsError, load_settings

app = typer.Typer(help="Workspaces: one company or tenant each.", no_args_is_help=True, add_completion=False)

T = TypeVar("T")


@app.command()
def create(
    workspace: Annotated[str, typer.Argument(help="Its id: a-z, 0-9 and -, such as acme.")],
    name: Annotated[str | None, typer.Option(help="Its name for people.", show_default="the id")] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            help="Time zone (IANA) of its business days.", show_default="GOALTRAIL_ZONE or Asia/Seoul"
        ),
    ] = None,
    language: Annotated[Literal["ko", "en"], typer.Option(help="Language of its texts.")] = "ko",
    as_json: Json = False,
) -> None:
    """Make a workspace, with a token for its administrator in a file of mode 0600.

    Example: goaltrail workspace create acme --name "Acme Ltd" --zone Asia/Seoul
    """
    settings = _settings()
    from services.access.workspaces import make_workspace  # here: other commands need no NATS client

    made = _run(
        make_workspace(
            settings,
            workspace,
            name=name or workspace,
            zone=zone or settings.zone,
            default_language=language,
        )
    )
    if as_json:
        print_json({"workspace": workspace, "created": made.created, "admin_token_file": made.token_file})
    elif made.created:
        say(
            Text(
                f"워크스페이스 {workspace}을(를) 만들었습니다. 관리자 토큰: {made.token_file}",
                f"Workspace {workspace} is made. Its administrator's token: {made.token_file}",
            )
        )
    else:
        say(
            Text(
                f"워크스페이스 {workspace}은(는) 이미 있습니다.",
                f"Workspace {workspace} is there already.",
            )
        )


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the workspaces.

    Example: goaltrail workspace list
    """
    settings = _settings()
    from services.access.workspaces import workspaces

    found = _run(workspaces(settings))
    if as_json:
        print_json({"data": [{"id": workspace} for workspace in found]})
    elif found:
        typer.echo("\n".join(found))
    else:
        say(
            Text(
                "아직 워크스페이스가 없습니다. `goaltrail up`이 첫 워크스페이스를 만듭니다.",
                "There is no workspace yet: `goaltrail up` makes the first one.",
            )
        )


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end. What is refused ends the command with one line."""
    from events.errors import Refused
    from services.ledger import LedgerError

    try:
        return asyncio.run(work)
    except Refused as refused:
        fail(refused.text)
    except (LedgerError, SettingsError) as error:
        fail(as_reported(error))


def _settings() -> Settings:
    from services.runtime.logging import configure_logging

    try:
        settings = load_settings("operator")
    except SettingsError as error:
        fail(as_reported(error))
    configure_logging(settings.model_copy(update={"log_level": "error"}), "workspace")
    return settings
