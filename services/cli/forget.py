"""`goaltrail forget`: erase who a person is and all they wrote, for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from events.text import Text, counted
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.language import fail, say
from services.cli.people import no_person_id


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
        fail(no_person_id(person))
    if not yes:
        fail(
            Text(
                f"{person}의 개인정보 삭제는 되돌릴 수 없습니다. 진행하려면 --yes를 붙이십시오",
                f"forgetting {person} can't be undone: say --yes to do it",
            )
        )
    done = connect(url, token_file).post(f"/v1/people/{person}/forget", {"reason": reason})
    if as_json:
        print_json(done)
    elif done["already"]:
        ko, en = f"{person}의 개인정보는 이미 삭제되었습니다.", f"{person} had been forgotten already."
        if done["key_destroyed"]:
            ko += " 백업에서 되살아난 키를 다시 파기했습니다."
            en += " A key of theirs was back, from a backup; it is destroyed again."
        say(Text(ko, en))
    else:
        tokens = done["tokens_revoked"]
        say(
            Text(
                f"{person}의 개인정보를 삭제했습니다. 키를 파기하고 토큰 {tokens}개를 취소했습니다.",
                f"{person} is forgotten: their key is destroyed, {counted(tokens, 'token')} revoked.",
            )
        )
