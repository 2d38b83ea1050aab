"""`goaltrail forget`: erase who a person is and all they wrote, for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.client import Json, TokenFile, Url, connect, fail, print_json


def forget(
    person: Annotated[str, typer.Argument(help="The person's id, as `goaltrail people list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; stored encrypted, with your key.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: nobody can undo it.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Erase a person's name, mail and texts for ever, and revoke their tokens.

    What they did stays on record under their id; what they wrote reads [erased].

    Example: goaltrail forget 0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10 --reason "asked for it" --yes
    """
    # Only an id itself becomes part of the address.
    person = person.removeprefix("person:")
    if not person.replace("-", "").replace("_", "").isalnum():
        fail(f"{person!r} is not the id of a person")
    if not yes:
        fail(f"forgetting {person} can't be undone: say --yes to do it")
    done = connect(url, token_file).post(f"/v1/people/{person}/forget", {"reason": reason})
    if as_json:
        print_json(done)
    elif done["already"]:
        restored = " A key of theirs was back, from a backup; it is destroyed again."
        typer.echo(f"{person} had been forgotten already.{restored if done['key_destroyed'] else ''}")
    else:
        tokens = done["tokens_revoked"]
        typer.echo(
            f"{person} is forgotten: their key is destroyed,"
            f" {tokens} token{'' if tokens == 1 else 's'} revoked."
        )
