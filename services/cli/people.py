"""`goaltrail people`: who is known, and which units they belong to."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text as Styled

from events.ids import SLUG
from events.people.events import MemberRole
from events.text import Language, Text
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, pages, said
from services.cli.language import Lang, choose, fail, say

app = typer.Typer(
    help="People (구성원) and the units they belong to.", no_args_is_help=True, add_completion=False
)

WORDS: dict[str, Text] = {
    "id": Text("아이디", "id"),
    "name": Text("이름", "name"),
    "mail": Text("메일", "mail"),
    "org units": Text("조직", "org units"),
    "lead": Text("조직장", "lead"),
    "nobody": Text("구성원이 없습니다.", "Nobody is there."),
}

PersonId = Annotated[str, typer.Argument(help="The person's id, as `people list` shows it.")]
Unit = Annotated[str, typer.Argument(help="The id of an org unit.")]
Reason = Annotated[str | None, typer.Option(help="Why; stored encrypted with the person's key.")]


@app.command("list")
def list_people(
    unit: Annotated[str | None, typer.Option(help="Only members of this unit.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Where they belonged on this day.")] = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """List people with the units they belong to; who was forgotten has no name.

    Example: goaltrail people list --unit sales --as-of 2026-04-30
    """
    language = choose(lang)
    client = connect(url, token_file)
    people = list(pages(client, "/v1/people", org_unit=unit, as_of=as_of, limit=1000))
    if as_json:
        print_json({"data": people})
        return
    if not people:
        typer.echo(said(WORDS, "nobody", language))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "name", "mail", "org units"):
        table.add_column(said(WORDS, name, language), no_wrap=name == "id", overflow="fold")
    for person in people:
        cells = (person["id"], person["name"] or "", person["mail"] or "", _units(person, language))
        table.add_row(*(Styled(cell) for cell in cells))
    console().print(table)


def _units(person: dict[str, Any], lang: Language) -> str:
    """Return the units of the day shown, those that the person leads marked."""
    lead = said(WORDS, "lead", lang)
    return ", ".join(
        f"{one['org_unit']} ({lead})" if one["role"] == "lead" else one["org_unit"]
        for one in person["memberships"]
        if one["in_force"]
    )


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Their name; stored encrypted.")],
    mail: Annotated[str | None, typer.Option(help="Their mail address; stored encrypted.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Register a person. The id that is printed says nothing of who they are.

    Example: goaltrail people add 김수로 --mail suro@example.com
    """
    made = connect(url, token_file).post("/v1/people", {"name": name, "mail": mail})
    if as_json:
        print_json(made)
    else:
        typer.echo(made["id"])


@app.command()
def join(
    person: PersonId,
    unit: Unit,
    role: Annotated[MemberRole, typer.Option(help="As what.")] = "member",
    first: Annotated[str | None, typer.Option("--from", help="The first day.", show_default="today")] = None,
    until: Annotated[str | None, typer.Option(help="The last day, if it is known.")] = None,
    reason: Reason = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Make a person a member or the lead of a unit, besides all others they belong to.

    Example: goaltrail people join 0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10 sales --role lead --from 2026-01-01
    """
    body = {"org_unit": unit, "role": role, "effective_from": first, "until": until, "reason": reason}
    done = connect(url, token_file).post(f"/v1/people/{_id(person)}/join", body)
    _tell(done, Text(f"{person} 님이 {unit} 조직에 들어갔습니다.", f"{person} is in {unit}."), as_json)


@app.command()
def leave(
    person: PersonId,
    unit: Unit,
    until: Annotated[str | None, typer.Option(help="The last day.", show_default="today")] = None,
    reason: Reason = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """End a person's membership of a unit; it stays in its past.

    Example: goaltrail people leave 0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10 sales --until 2026-04-30
    """
    body = {"org_unit": unit, "until": until, "reason": reason}
    done = connect(url, token_file).post(f"/v1/people/{_id(person)}/leave", body)
    _tell(done, Text(f"{person} 님이 {unit} 조직에서 나갑니다.", f"{person} leaves {unit}."), as_json)


def _id(person: str) -> str:
    """Return an id as part of an address; anything else ends the command."""
    if re.fullmatch(SLUG, person) is None:
        fail(no_person_id(person))
    return person


def no_person_id(text: str) -> Text:
    """Say that a text can't be the id of a person."""
    return Text(f"{text!r}은(는) 구성원의 아이디가 아닙니다", f"{text!r} is not the id of a person")


def _tell(done: dict[str, Any], sentence: Text, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        say(sentence if done["event_ids"] else Text("이미 그렇게 되어 있습니다.", "That is so already."))
