"""`goaltrail token`: make, list and revoke bearer tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from events.text import Text
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, said
from services.cli.language import fail, language, say
from services.runtime import clock

app = typer.Typer(help="Bearer tokens of people and feeds.", no_args_is_help=True, add_completion=False)

COLUMNS: dict[str, Text] = {
    "id": Text("아이디", "id"),
    "actor": Text("사용자", "actor"),
    "role": Text("역할", "role"),
    "state": Text("상태", "state"),
    "expires": Text("만료", "expires"),
    "label": Text("설명", "label"),
}
STATES: dict[str, Text] = {
    "valid": Text("사용 가능", "valid"),
    "pending": Text("승인 대기", "pending"),
    "expired": Text("만료됨", "expired"),
    "revoked": Text("취소됨", "revoked"),
}
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@app.command()
def create(
    actor: Annotated[str, typer.Argument(help="Whose token: person:<id> or feed:<id>.")],
    role: Annotated[
        str | None,
        typer.Option(help="admin, owner, editor, viewer, auditor or hr; a feed's is always feed."),
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for, such as laptop.")] = "",
    expires: Annotated[
        str | None,
        typer.Option(help="When it ends: 12h, 90d, 4w, or a time such as 2027-01-01T00:00:00+09:00."),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Make a token. Its text is shown this once.

    Example: goaltrail token create person:anna --role editor --label laptop --expires 90d
    """
    expires_at = _expiry(expires) if expires else None
    if role is None:
        if not actor.startswith("feed:"):
            fail(
                Text(
                    "구성원의 토큰에는 --role이 필요합니다: admin, owner, editor, viewer, auditor, hr",
                    "a person's token needs --role: admin, owner, editor, viewer, auditor or hr",
                )
            )
        role = "feed"
    body = {"actor": actor, "role": role, "label": label}
    if expires_at is not None:
        body["expires_at"] = expires_at.isoformat()
    made = connect(url, token_file).post("/v1/tokens", body)
    if as_json:
        print_json(made)
        return
    if made["state"] == "pending":
        say(
            Text(
                f"아직 쓸 수 없습니다. 다른 관리자가 승인해야 합니다(token approve {made['id']}).",
                f"It opens nothing yet: another administrator approves it (token approve {made['id']}).",
            ),
            err=True,
        )
    say(
        Text(
            f"{actor}({role})의 토큰 {made['id']}입니다. 다시 보여 주지 않습니다:",
            f"Token {made['id']} of {actor} ({role}); it is not shown again:",
        ),
        err=True,
    )
    typer.echo(made["token"])


@app.command("list")
def list_tokens(url: Url = None, token_file: TokenFile = None, as_json: Json = False) -> None:
    """List the workspace's tokens, revoked and expired ones too.

    Example: goaltrail token list --json
    """
    answer = connect(url, token_file).get("/v1/tokens")
    if as_json:
        print_json(answer)
        return
    table = Table(box=None, pad_edge=False)
    # `revoke` takes the id, so what is cut into lines are the long ids of people, and labels.
    for name, title in COLUMNS.items():
        folds = name in ("actor", "label")
        table.add_column(
            title.told(language()), no_wrap=not folds, overflow="fold", min_width=12 if folds else None
        )
    for token in answer["data"]:
        table.add_row(
            token["id"],
            token["actor"],
            token["role"],
            said(STATES, token["state"], language()),
            _minute(token["expires_at"]),
            token["label"],
        )
    console().print(table)


@app.command()
def approve(
    token_id: Annotated[str, typer.Argument(help="The token's id, as `token list` shows it.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Approve a token that another administrator asked for; revoke it to refuse it.

    Example: goaltrail token approve 3f0c9d1e2b4a5968
    """
    connect(url, token_file).request("POST", f"/v1/tokens/{token_id}/approve")
    if as_json:
        print_json({"id": token_id, "state": "valid"})
    else:
        say(Text(f"이제 토큰 {token_id}을(를) 쓸 수 있습니다.", f"Token {token_id} is valid."))


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="The token's id, as `token list` shows it.")],
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Revoke a token; it stops at once, everywhere.

    Example: goaltrail token revoke 3f0c9d1e2b4a5968
    """
    connect(url, token_file).delete(f"/v1/tokens/{token_id}")
    if as_json:
        print_json({"id": token_id, "state": "revoked"})
    else:
        say(Text(f"토큰 {token_id}을(를) 취소했습니다.", f"Token {token_id} is revoked."))


def _expiry(text: str) -> datetime:
    """Return a time, or a time from now on, in UTC. Ends the command when it is neither."""
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isdigit() and len(number) <= 5:
        return clock.now() + int(number) * _UNITS[unit]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(
            Text(
                f"--expires {text!r}은(는) 12h, 90d, 4w와 같은 기간도 2027-01-01T00:00:00+09:00과 같은"
                " 시각도 아닙니다",
                f"--expires {text!r} is neither 12h, 90d, 4w nor a time such as 2027-01-01T00:00:00+09:00",
            )
        )
    if moment.tzinfo is None:
        fail(
            Text(
                f"--expires {text!r}에 시간대가 없습니다. +09:00이나 Z를 붙이십시오",
                f"--expires {text!r} has no zone: add one, such as +09:00 or Z",
            )
        )
    return moment.astimezone(UTC)


def _minute(moment: Any) -> str:
    return str(moment)[:16].replace("T", " ") if moment else ""
