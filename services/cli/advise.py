"""`goaltrail advise`: what the documents behind the product would say about goals and KPIs."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from events.code_words import KINDS
from events.text import Language, Text
from projections.advice.codes import DOCUMENTS
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, joined, pages, said
from services.cli.language import Lang, choose
from services.cli.state import AsOf, KnownAt

WORDS: dict[str, Text] = {
    "strong": Text("강한 권고", "strong"),
    "warning": Text("주의", "warning"),
    "info": Text("참고", "info"),
    "nothing": Text("조언할 것이 없습니다", "nothing to advise"),
}
STYLES = {"strong": "bold red", "warning": "yellow", "info": "dim"}
"""By severity, the gravest first."""


def advise(
    unit: Annotated[str | None, typer.Option(help="Only this org unit and those below it.")] = None,
    objective: Annotated[str | None, typer.Option(help="Only this objective and its key results.")] = None,
    cycle: Annotated[
        str | None, typer.Option(help="Only this cycle.", show_default="those that are not closed")
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Show advice on goals and KPIs: limits, good form, figures that mislead.

    Nothing is refused because of it, and it is stored nowhere. What each code
    means is in docs/reference/advice.md.

    Example: goaltrail advise --cycle 2025-q2 --unit sales
    """
    language = choose(lang)
    client = connect(url, token_file)
    asked = {"unit": unit, "objective": objective, "cycle": cycle, "as_of": as_of, "known_at": known_at}
    found = list(pages(client, "/v1/advice", limit=1000, **asked))
    if as_json:
        print_json({"advice": found})
        return
    output = console()
    counts = {severity: sum(one["severity"] == severity for one in found) for severity in STYLES}
    parts = [f"{said(WORDS, severity, language)} {count}" for severity, count in counts.items() if count]
    output.print(joined(parts or [said(WORDS, "nothing", language)]), style="dim")
    for (kind, id_), own in groupby(found, key=lambda one: (one["kind"], one["id"])):
        pieces = list(own)
        output.print()
        output.print(_heading(kind, id_, pieces[0], language))
        output.print(Padding(_pieces(pieces, language), (0, 0, 0, 2)))


def _heading(kind: str, id_: str, piece: dict[str, Any], lang: Language) -> Styled:
    return joined(
        [
            said(KINDS, kind, lang),
            Styled(piece[f"name_{lang}"], style="bold"),
            Styled(id_, style="cyan"),
        ]
    )


def _pieces(pieces: list[dict[str, Any]], lang: Language) -> Table:
    """Severity, beside it the sentence, and below that the code, the cycle and where the rule comes from."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for piece in pieces:
        severity = piece["severity"]
        grid.add_row(Styled(said(WORDS, severity, lang), style=STYLES[severity]), piece[f"message_{lang}"])
        details = [piece["code"], piece["cycle"] or "", _origin(piece["seed"], lang)]
        grid.add_row("", joined(details, style="dim"))
    return grid


def _origin(seed: str, lang: Language) -> str:
    """Return the title and section of the document that a rule comes from."""
    number, _, section = seed.partition(" ")
    return f"{said(DOCUMENTS, number, lang)} {section}"
