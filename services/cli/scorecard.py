"""`goaltrail scorecard`: by what a unit or a person is judged in a cycle, and how it stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from events.text import Language
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import Lang, chosen_language, console, figure, joined, pages, said, share, speak
from services.cli.state import AsOf, KnownAt

WORDS: dict[str, tuple[str, str]] = {
    "item": ("항목", "item"),
    "weight": ("가중치", "weight"),
    "score": ("점수", "score"),
    "points": ("반영 점수", "points"),
    "total": ("합계", "total"),
    "pending": ("값 없음", "no value yet"),
    "totals": ("{periods}개 기간 {value}, 목표치 {target}", "{value} in {periods} periods, target {target}"),
    "withheld": ("볼 수 없는 MBO 목표", "an MBO goal you do not see"),
    "grade": ("등급", "grade"),
    "pay factor": ("지급률", "pay factor"),
    "no payout": ("보상표 없음", "no payout table"),
    "nothing": ("평가표가 없습니다", "no scorecards"),
}


def scorecard(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One scorecard; without it all that you see.")
    ] = None,
    cycle: Annotated[str | None, typer.Option(help="Only this cycle.")] = None,
    unit: Annotated[str | None, typer.Option(help="Only this org unit.")] = None,
    person: Annotated[str | None, typer.Option(help="Only this person.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Show scorecards: each item's score, the total, its band, grade and pay factor.

    Example: goaltrail scorecard --cycle 2025
    """
    client = connect(url, token_file)
    language = chosen_language(lang)
    speak(client, language)
    if id_ is not None:
        cards = [client.get(f"/v1/scorecards/{id_}", as_of=as_of, known_at=known_at)]
    else:
        wanted = {"cycle": cycle, "org_unit": unit, "person": person, "as_of": as_of, "known_at": known_at}
        cards = list(pages(client, "/v1/scorecards", **wanted))
    if as_json:
        print_json(cards[0] if id_ is not None else cards)
        return
    output = console()
    if not cards:
        output.print(said(WORDS, "nothing", language), style="dim")
    units = {
        unit["id"]: unit[f"name_{language}"]
        for unit in (pages(client, "/v1/org-units", known_at=known_at, limit=1000) if cards else ())
    }
    for number, card in enumerate(cards):
        if number:
            output.print()
        output.print(_heading(card, units, language))
        output.print(_items(card, language))


def _heading(card: dict[str, Any], units: dict[str, str], lang: Language) -> Text:
    """Whose it is, the total and what it is worth."""
    parts: list[str | Text] = [
        Text(card["id"], style="cyan"),
        units.get(card["org_unit"], card["org_unit"]) or card["person_name"] or card["person"],
        card["cycle"],
    ]
    if card["band"] is not None:
        parts.append(Text(card["band"][f"name_{lang}"], style="bold"))
    if not card["payout_table"]:
        parts.append(said(WORDS, "no payout", lang))
    elif card["grade"] is not None:
        parts.append(f"{said(WORDS, 'grade', lang)} {card['grade']}")
        parts.append(f"{said(WORDS, 'pay factor', lang)} {figure(card['pay_factor'])}")
    return joined(parts)


def _items(card: dict[str, Any], lang: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(said(WORDS, "item", lang), overflow="fold")
    for word in ("weight", "score", "points"):
        table.add_column(said(WORDS, word, lang), justify="right", no_wrap=True)
    for item in card["items"]:
        name = Text(item[f"name_{lang}"] or item["id"] or "")
        if item["withheld"]:
            name = Text(said(WORDS, "withheld", lang), style="dim")
        elif item["pending"]:
            name.append(f" ({said(WORDS, 'pending', lang)})", style="yellow")
        if item["totals"] is not None:
            name.append(f" ({_totals(item['totals'], lang)})", style="dim")
        table.add_row(name, figure(item["weight"]), share(item["score"]), figure(item["points"]))
    points = None if card["score"] is None else str(sum(Decimal(item["points"]) for item in card["items"]))
    total = Text(said(WORDS, "total", lang), style="bold")
    table.add_row(total, "100", share(card["score"]), figure(points))
    return table


def _totals(totals: dict[str, Any], lang: Language) -> str:
    """Return what the periods of a KPI that adds up came to, and their targets."""
    between = "~" if lang == "ko" else " to "
    target = between.join(figure(edge) for edge in (totals["target"], totals["upper"]) if edge is not None)
    return said(WORDS, "totals", lang).format(
        periods=totals["periods"], value=figure(totals["value"]), target=target
    )
