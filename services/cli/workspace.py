"""`goaltrail workspace`: make and list workspaces. For operators: it talks to NATS itself, not to the API."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from events.text import Text
from services.cli.client import Json, print_json
from services.cli.language import say
from services.cli.operator import operator_settings, run_for_operator

app = typer.Typer(help="Workspaces: one company or tenant each.", no_args_is_help=True, add_completion=False)


@app.command()
def create(
    workspace: Annotated[str, typer.Argument(help="Its id: up to 32 of a-z, 0-9 and -, such as acme.")],
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
    settings = operator_settings("workspace")
    from services.access.workspaces import make_workspace  # here: other commands need no NATS client

    made = run_for_operator(
        settings,
        make_workspace(
            settings,
            workspace,
            name=name or workspace,
            zone=zone or settings.zone,
            default_language=language,
        ),
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
    settings = operator_settings("workspace")
    from services.access.workspaces import workspaces

    found = run_for_operator(settings, workspaces(settings))
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
