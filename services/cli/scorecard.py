"""`goaltrail scorecard`: by what a unit or a person is judged in a cycle, and how it stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text as Styled

from events.text import Language, Text
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, figure, joined, pages, said, share
from services.cli.language import Lang, choose
from services.cli.state import AsOf, KnownAt

WORDS: dict[str, Text] = {
    "item": Text("항목", "item"),
    "weight": Text("가중치", "weight"),
    "score": Text("점수", "score"),
    "points": Text("반영 점수", "points"),
    "total": Text("합계", "total"),
    "pending": Text("값 없음", "no value yet"),
    "totals": Text(
        "{periods}개 기간 합계 {value}, 목표치 {target}", "{value} in {periods} periods, target {target}"
    ),
    "withheld": Text("볼 수 없는 MBO 목표", "an MBO goal you do not see"),
    "grade": Text("등급", "grade"),
    "pay factor": Text("지급률", "pay factor"),
    "no payout": Text("보상표 없음", "no payout table"),
    "nothing": Text("평가표가 없습니다", "no scorecards"),
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
    language = choose(lang)
    client = connect(url, token_file)
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


def _heading(card: dict[str, Any], units: dict[str, str], lang: Language) -> Styled:
    """Whose it is, the total and what it is worth."""
    parts: list[str | Styled] = [
        Styled(card["id"], style="cyan"),
        units.get(card["org_unit"], card["org_unit"]) or card["person_name"] or card["person"],
        card["cycle"],
    ]
    if card["band"] is not None:
        parts.append(Styled(card["band"][f"name_{lang}"], style="bold"))
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
        name = Styled(item[f"name_{lang}"] or item["id"] or "")
        if item["withheld"]:
            name = Styled(said(WORDS, "withheld", lang), style="dim")
        elif item["pending"]:
            name.append(f" ({said(WORDS, 'pending', lang)})", style="yellow")
        if item["totals"] is not None:
            name.append(f" ({_totals(item['totals'], lang)})", style="dim")
        table.add_row(name, figure(item["weight"]), share(item["score"]), figure(item["points"]))
    points = None if card["score"] is None else str(sum(Decimal(item["points"]) for item in card["items"]))
    total = Styled(said(WORDS, "total", lang), style="bold")
    table.add_row(total, "100", share(card["score"]), figure(points))
    return table


def _totals(totals: dict[str, Any], lang: Language) -> str:
    """Return what the periods of a KPI that adds up came to, and their targets."""
    between = "~" if lang == "ko" else " to "
    target = between.join(figure(edge) for edge in (totals["target"], totals["upper"]) if edge is not None)
    return said(
        WORDS, "totals", lang, periods=totals["periods"], value=figure(totals["value"]), target=target
    )
