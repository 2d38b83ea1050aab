"""`goaltrail recognise` and `goaltrail feedback`: tell people something, or read what was said."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group
from rich.padding import Padding
from rich.text import Text as Styled

from events.code_words import KINDS
from events.text import Language, Text
from services.cli.client import Client, Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, joined, pages, said
from services.cli.language import Lang, choose, fail

Message = Annotated[str | None, typer.Option("--text", "-m", help="What to say; stored encrypted.")]
About = Annotated[
    str | None,
    typer.Option("--about", help="A goal or person: objective/growth, key_result/acv, person/anna."),
]

WORDS: dict[str, Text] = {
    "nothing": Text("읽을 수 있는 글이 없습니다", "there is nothing that you may read"),
    "taken back": Text("(글쓴이가 지우거나 고쳤습니다)", "(taken back by its author)"),
    "recognised": Text("인정과 감사를 전했습니다.", "Said to everybody."),
    "told": Text("두 사람만 읽을 수 있습니다.", "Said between the two of you."),
    "told the line": Text("두 사람과 받는 사람의 조직장이 읽을 수 있습니다.", "Said to them and their line."),
}


def recognise(
    people: Annotated[
        list[str] | None, typer.Argument(help="Whom: ids of people. Without any: list recognitions.")
    ] = None,
    text: Message = None,
    about: About = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Thank or praise people before everybody; without people, read what was said.

    Example: goaltrail recognise jun --about objective/growth -m "You wrote the runbook"
    """
    client, language = _begin(url, token_file, lang)
    if not people:
        _show(client, "/v1/recognitions", about, language, as_json)
        return
    body = {"to": people, "text": _needed(text), "about": about}
    _say(client, "/v1/recognitions", body, said(WORDS, "recognised", language), as_json)


def feedback(
    person: Annotated[str | None, typer.Argument(help="Whom: a person's id. Without: list feedback.")] = None,
    text: Message = None,
    about: About = None,
    line: Annotated[bool, typer.Option("--line", help="Their line may read it, too.")] = False,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Tell a person something between the two of you; without a person, read what you may read.

    Example: goaltrail feedback jun -m "Say earlier when a date slips"
    """
    client, language = _begin(url, token_file, lang)
    if person is None:
        _show(client, "/v1/feedback", about, language, as_json)
        return
    audience = "line" if line else "parties"
    body = {"to": person, "text": _needed(text), "about": about, "audience": audience}
    _say(client, "/v1/feedback", body, said(WORDS, "told the line" if line else "told", language), as_json)


def _begin(url: str | None, token_file: Any, lang: Language | None) -> tuple[Client, Language]:
    language = choose(lang)
    client = connect(url, token_file)
    return client, language


def _needed(text: str | None) -> str:
    if text is None:
        fail(Text("전할 말을 -m TEXT로 적으십시오", "say what you want to tell them: -m TEXT"))
    return text


def _say(client: Client, path: str, body: dict[str, Any], done: str, as_json: bool) -> None:
    receipt = client.post(path, body)
    if as_json:
        print_json(receipt)
    else:
        console().print(joined([done, Styled(receipt["id"], style="cyan")]))


def _show(client: Client, path: str, about: str | None, lang: Language, as_json: bool) -> None:
    items = sorted(pages(client, path, about=about, limit=1000), key=lambda item: item["day"])
    if as_json:
        print_json({"data": items})
        return
    if not items:
        fail(WORDS["nothing"])
    for item in items:
        to = item["to"] if isinstance(item["to"], list) else [item["to"]]
        names = item["names"]
        author, *others = (names.get(one, one) for one in (item["author"], *to))
        heading = joined(
            [
                item["day"],
                f"{author} → {', '.join(others)}",
                _about(item["about"], lang),
                Styled(item["id"], style="dim"),
            ]
        )
        words = item["text"]
        quoted = (
            Styled(said(WORDS, "taken back", lang), "dim")
            if words is None
            else Styled(f"“{words}”", "italic")
        )
        console().print(Group(heading, Padding(quoted, (0, 0, 0, 2))))


def _about(about: str | None, lang: Language) -> str:
    """Return what is talked about, such as `key result acv-80m`."""
    if about is None:
        return ""
    kind, _, id_ = about.partition("/")
    return f"{said(KINDS, kind, lang)} {id_}"
