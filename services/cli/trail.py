"""`goaltrail trail`: the story of one objective, key result or KPI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from services.cli.client import Json, TokenFile, Url, connect, fail, print_json
from services.cli.display import (
    Lang,
    Language,
    chosen_language,
    console,
    figure,
    minute,
    pages,
    said,
    speak,
    zone_of,
)

WORDS: dict[str, tuple[str, str]] = {
    "reason": ("사유", "reason"),
    "note": ("메모", "note"),
    "backdated": (
        "기록한 날보다 앞선 날부터 적용",
        "holds from a day before it was recorded",
    ),
    "value": ("값", "value"),
    "readings": (
        "{feed} 연동에서 실적 {n}건을 기록했습니다(위치 {first}~{last}).",
        "{n} readings were recorded from the feed {feed} (positions {first} to {last}).",
    ),
    "one reading": (
        "{feed} 연동에서 실적 1건을 기록했습니다(위치 {first}).",
        "One reading was recorded from the feed {feed} (position {first}).",
    ),
}


def trail(
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="Of an objective, key result or KPI; kind/id where two have it."),
    ],
    first: Annotated[str | None, typer.Option("--from", help="Recorded on this day or later.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Recorded up to the end of this day.")] = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Tell what happened to it, oldest first: when, who, what and why.

    Times are when the ledger recorded it, in the workspace's zone. Ordinary
    readings are summed up by day.

    Example: goaltrail trail acv-80m
    """
    client = connect(url, token_file)
    language = chosen_language(lang)
    speak(client, language)
    entries = list(
        pages(client, "/v1/audit", about=id_, limit=1000, order="asc", **{"from": first, "to": last})
    )
    if as_json:
        print_json({"about": id_, "data": entries})
        return
    if not entries:
        fail(f"nothing is recorded about {id_}" + (" in this time" if first or last else ""))
    zone = zone_of(client)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for entry in entries:
        grid.add_row(Text(minute(entry["recorded_at"], zone), style="dim"), _told(entry, language))
    console().print(grid)


def _told(entry: dict[str, Any], lang: Language) -> Text:
    told = Text(entry["sentence"])
    for line, style in _details(entry, lang):
        told.append(f"\n  {line}", style=style)
    return told


def _details(entry: dict[str, Any], lang: Language) -> Iterator[tuple[str, str]]:
    """Lines below the sentence: what it does not say, and why."""
    data = entry["data"]
    old, new = data.get("old"), data.get("new")
    if isinstance(old, dict) and isinstance(new, dict):
        for name in new:
            if old.get(name) != new[name] and not entry["type"].endswith("target_set"):
                yield f"{name}: {_plain(old.get(name))} → {_plain(new[name])}", ""
    if entry["type"] == "reading.corrected":
        yield f"{said(WORDS, 'value', lang)}: {_amount(data)}", ""
    if data.get("backdated"):
        yield said(WORDS, "backdated", lang), "magenta"
    if data.get("note"):
        yield f"{said(WORDS, 'note', lang)}: {data['note']}", "italic"
    if entry["reason"]:
        yield f"{said(WORDS, 'reason', lang)}: {entry['reason']}", "cyan"


def _amount(data: dict[str, Any]) -> str:
    if data.get("value") is not None:
        return figure(data["value"])
    return f"{figure(data.get('numerator'))} / {figure(data.get('denominator'))}"


def _plain(value: object) -> str:
    return "–" if value is None else str(value)


def _summary(recording: dict[str, Any], zone: ZoneInfo | None, lang: Language) -> tuple[str, str]:
    raise NotImplementedError
