"""`goaltrail trend`: a KPI over time, as a table with bars."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import typer
from rich.table import Table
from rich.text import Text as Styled

from events.text import Language, Text
from events.units import unit_name
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import (
    INCOMPLETE,
    bar,
    compact,
    console,
    figure,
    joined,
    percent,
    said,
)
from services.cli.language import Lang, choose, fail

BAR = 16

WORDS: dict[str, Text] = {
    "day": Text("일", "day"),
    "week": Text("주", "week"),
    "month": Text("월", "month"),
    "quarter": Text("분기", "quarter"),
    "year": Text("연", "year"),
    "value": Text("값", "value"),
    "readings": Text("실적 수", "readings"),
    "target": Text("│ 목표치", "│ target"),
    "attainment": Text("달성률", "attainment"),
    "change": Text("직전 대비", "change"),
    "change on year": Text("전년 대비", "on last year"),
    "points": Text("%p", " pt"),
    "unfinished": Text("* 아직 끝나지 않은 기간", "* not over yet"),
    "as of": Text("{day} 기준", "as of {day}"),
    "incomplete": INCOMPLETE,
    "waits": Text("목표치 변경 승인 대기", "a change of its target waits for approval"),
}


def trend(
    kpi: Annotated[str, typer.Argument(help="Id of the KPI.")],
    bucket: Annotated[
        Literal["day", "week", "month", "quarter", "year"], typer.Option(help="What a row stands for.")
    ] = "month",
    first: Annotated[
        str | None, typer.Option("--from", help="First day.", show_default="twelve rows back")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day.", show_default="today")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As it stood at the end of this business day.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="Only what was recorded by this day or time.")
    ] = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Show a KPI over time: value, target in force, attainment and change.

    Example: goaltrail trend operating-margin --from 2025-01-01 --to 2025-12-31
    """
    language = choose(lang)
    client = connect(url, token_file)
    found = client.get(
        f"/v1/kpis/{kpi}/trend",
        bucket=bucket,
        as_of=as_of,
        known_at=known_at,
        **{"from": first, "to": last},
    )
    if as_json:
        print_json(found)
        return
    named = client.get(f"/v1/kpis/{kpi}", known_at=known_at)
    output = console()
    output.print(
        joined(
            [
                Styled(named["name_ko"] if language == "ko" else named["name_en"], style="bold"),
                Styled(kpi, style="cyan"),
                unit_name(found["unit"], language),
                Styled(said(WORDS, "as of", language, day=found["as_of"]), style="dim"),
            ]
        )
    )
    if named["waiting"] is not None:
        output.print(Styled(said(WORDS, "waits", language), style="yellow"))
    if found["incomplete"]:
        output.print(Styled(said(WORDS, "incomplete", language), style="red"))
    if not any(point["count"] for point in found["data"]):
        start, end = found["data"][0]["start"], found["data"][-1]["end"]
        fail(
            Text(
                f"{start}부터 {end}까지 {kpi}의 실적이 없습니다",
                f"there are no readings of {kpi} from {start} to {end}",
            )
        )
    output.print(_table(found, bucket, language))
    if not all(point["complete"] for point in found["data"] if point["value"] is not None):
        output.print(Styled(said(WORDS, "unfinished", language), style="dim"))


def _table(found: dict[str, Any], bucket: str, lang: Language) -> Table:
    points = found["data"]
    scale = _scale(points)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(said(WORDS, bucket, lang), no_wrap=True)
    table.add_column(said(WORDS, "value", lang), justify="right", no_wrap=True)
    table.add_column(f"{compact(scale.low, lang)} … {compact(scale.high, lang)}", no_wrap=True)
    for name in ("target", "attainment", "change", "change on year"):
        table.add_column(said(WORDS, name, lang), justify="right", no_wrap=True)
    table.add_column(said(WORDS, "readings", lang), justify="right", no_wrap=True, style="dim")
    for point in points:
        style = {True: "green", False: "yellow", None: "blue"}[point["met"]]
        table.add_row(
            point["label"] + ("" if point["complete"] or point["value"] is None else "*"),
            figure(point["value"]),
            Styled(scale.drawn(point["value"], point["target"]), style=style),
            _wanted(point),
            Styled("–" if point["attainment"] is None else percent(point["attainment"]), style=style),
            _change(point["change"], lang),
            _change(point["change_on_year"], lang),
            f"{point['count']:,}",
        )
    return table


class Scale(NamedTuple):
    """What the left and the right end of the picture stand for."""

    low: Decimal
    high: Decimal

    def drawn(self, value: str | None, target: str | None) -> str:
        """Return a value as a bar, or as a dot where the picture does not begin at 0; the target as a
        line.
        """
        if value is None:
            return ""
        place = self._place(value)
        if self.low:
            cells = list(" " * BAR)
            cells[int(place * (BAR - 1))] = "●"
        else:
            cells = list(bar(place, BAR))
        if target is not None:
            mark = min(int(self._place(target) * BAR), BAR - 1)
            if cells[mark] == " ":
                cells[mark] = "│"
        return "".join(cells)

    def _place(self, value: str) -> Decimal:
        return (Decimal(value) - self.low) / (self.high - self.low) if self.high > self.low else Decimal(1)


def _scale(points: list[dict[str, Any]]) -> Scale:
    """From 0 on, unless the values lie so close together that nothing would show."""
    shown = [point for point in points if point["value"] is not None]
    values = [
        Decimal(point[name]) for point in shown for name in ("value", "target") if point[name] is not None
    ]
    low, high = min(values), max(values)
    if low > 0 and low > high * Decimal("0.6"):
        return Scale(low, high)
    return Scale(min(low, Decimal(0)), max(high, Decimal(0)))


def _wanted(point: dict[str, Any]) -> str:
    """Return the target, or both edges of a range."""
    target = figure(point["target"])
    return target if point["upper"] is None else f"{target} ~ {figure(point['upper'])}"


def _change(change: dict[str, str] | None, lang: Language) -> Styled:
    if change is None:
        return Styled("–", style="dim")
    amount = Decimal(change["amount"])
    unit = "%" if change["unit"] == "percent" else said(WORDS, "points", lang)
    return Styled(f"{'+' if amount > 0 else ''}{figure(change['amount'], places=1)}{unit}")
