"""`goaltrail trail`: the story of one objective, key result or KPI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from events.code_words import code_words
from events.ids import SLUG
from events.kpis.definition import KpiDefinition
from events.text import Language, Text
from services.cli.client import Client, Json, TokenFile, Url, connect, print_json
from services.cli.formatting import (
    console,
    figure,
    minute,
    pages,
    said,
    zone_of,
)
from services.cli.language import Lang, choose, fail

WORDS: dict[str, Text] = {
    "reason": Text("사유", "reason"),
    "note": Text("메모", "note"),
    "backdated": Text(
        "소급: 기록한 날보다 앞선 날부터 적용",
        "backdated: holds from a day before it was recorded",
    ),
    "nothing": Text("없음", "none"),
    "reading": Text(
        "{feed} 연동에서 실적 1건을 기록했습니다(위치 {first_position:,}).",
        "1 reading was recorded from the feed {feed}, at position {first_position:,}.",
    ),
    "readings": Text(
        "{feed} 연동에서 실적 {count:,}건을 기록했습니다(위치 {first_position:,}부터).",
        "{count:,} readings were recorded from the feed {feed}, from position {first_position:,} on.",
    ),
}

FIELDS: dict[str, Text] = {
    "name_ko": Text("이름(ko)", "name (ko)"),
    "name_en": Text("이름(en)", "name (en)"),
    "title": Text("제목", "title"),
    "aggregation": Text("집계", "aggregation"),
    "cadence": Text("주기", "cadence"),
    "empty": Text("빈 기간", "empty periods"),
    "perspective": Text("관점", "perspective"),
    "leading": Text("선행 지표", "leading"),
    "owner": Text("담당자", "owner"),
    "org_unit": Text("조직", "unit"),
    "serves": Text("기여하는 목표", "serves"),
    "serves_why": Text("기여하는 방식", "how it serves it"),
    "counter_metrics": Text("함께 보는 지표", "watched with"),
    "supports": Text("기여하는 목표", "supports"),
    "due": Text("기한", "due"),
}
"""What the parts of a KPI and of an initiative are called; one that is not here is called as in the API."""

CHANGED_READINGS = ("reading.corrected", "reading.retracted")


class Line(NamedTuple):
    """Something that happened, where it stands on the ledger."""

    position: int
    when: str
    what: RenderableType


def trail(
    id_: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Of anything on record: an objective, key result, KPI, person, org unit, cycle,"
            " scorecard, …; kind/id if two share it. What has no id of its own: access/ID of a token,"
            " workspace/ID, ledger/restores.",
        ),
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
    readings of a KPI are summed up by feed and day (UTC).

    Example: goaltrail trail acv-80m
    """
    language = choose(lang)
    kind, _, name = id_.rpartition("/")
    if re.fullmatch(SLUG, name) is None:
        fail(
            Text(
                f"{id_!r}은(는) 아이디가 아닙니다. 아이디에는 영문 소문자, 숫자, -, _만 들어갑니다",
                f"{id_!r} is no id: ids have small letters, digits, - and _",
            )
        )
    client = connect(url, token_file)
    times = {"from": first, "to": last}
    entries = list(pages(client, "/v1/audit", about=id_, limit=1000, order="asc", **times))
    recordings = _recordings(client, name, first, last) if kind in ("", "kpi") else []
    if as_json:
        print_json({"about": id_, "data": entries, "recordings": recordings})
        return
    if not entries and not recordings:
        fail(
            Text(f"이 기간에는 {id_}의 기록이 없습니다", f"nothing is recorded about {id_} in this time")
            if first or last
            else Text(f"{id_}의 기록이 없습니다", f"nothing is recorded about {id_}")
        )
    zone = zone_of(client)
    readings = _Readings(client)
    lines = [
        Line(entry["position"], minute(entry["recorded_at"], zone), _told(entry, readings, language))
        for entry in entries
    ]
    for one in recordings:
        told = Styled(_recorded(one, language), style="dim")
        lines.append(Line(one["first_position"], f"{one['recorded_day']} UTC", told))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for line in sorted(lines, key=lambda line: line.position):
        grid.add_row(line.when, line.what)
    console().print(grid)


def _recordings(client: Client, kpi: str, first: str | None, last: str | None) -> list[dict[str, Any]]:
    """Ordinary readings by feed and day, of the days asked for; none if there is no such KPI."""
    found = pages(client, "/v1/audit/recordings", kpi=kpi, limit=1000)
    return [
        one
        for one in found
        if (first is None or first[:10] <= one["recorded_day"])
        and (last is None or one["recorded_day"] <= last[:10])
    ]


def _recorded(recording: dict[str, Any], lang: Language) -> str:
    """Ordinary readings of one feed and day, in a sentence."""
    return said(WORDS, "reading" if recording["count"] == 1 else "readings", lang, **recording)


class _Readings:
    """The versions of readings, asked for once each."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._versions: dict[str, list[dict[str, Any]]] = {}

    def change(self, reading: str, position: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the version that a correction or retraction replaced, and the one it made."""
        if reading not in self._versions:
            self._versions[reading] = self._client.get(f"/v1/readings/{reading}")["versions"]
        versions = self._versions[reading]
        at = next((n for n, version in enumerate(versions) if version["position"] == position), 0)
        return (versions[at - 1], versions[at]) if at else None


def _told(entry: dict[str, Any], readings: _Readings, lang: Language) -> RenderableType:
    details = [Styled(line, style=style) for line, style in _details(entry, readings, lang)]
    return Group(Styled(entry["sentence"]), *(Padding(line, (0, 0, 0, 2)) for line in details))


def _details(entry: dict[str, Any], readings: _Readings, lang: Language) -> Iterator[tuple[str, str]]:
    """Lines below the sentence, with their style: what it does not say, and why."""
    data = entry["data"]
    if entry["type"] in ("kpi.redefined", "initiative.replanned"):
        for name, value in data["new"].items():
            if value != data["old"].get(name):
                called = said(FIELDS, name, lang) if name in FIELDS else name
                was, now = (_plain(name, part.get(name), lang) for part in (data["old"], data["new"]))
                yield f"{called}: {was} → {now}", ""
    if entry["type"] in CHANGED_READINGS:
        change = readings.change(data["reading"], entry["position"])
        if change is not None:
            before, after = change
            yield f"{before['business_day']}: {_amount(before, lang)} → {_amount(after, lang)}", ""
    if data.get("backdated"):
        yield said(WORDS, "backdated", lang), "magenta"
    for said_to_others in ("agenda", "text"):
        if data.get(said_to_others):
            yield f"“{data[said_to_others]}”", "italic"
    if data.get("note"):
        yield f"{said(WORDS, 'note', lang)}: {data['note']}", "italic"
    if entry["reason"]:
        yield f"{said(WORDS, 'reason', lang)}: {entry['reason']}", "cyan"


def _amount(version: dict[str, Any], lang: Language) -> str:
    if version["status"] == "retracted":
        return said(WORDS, "nothing", lang)
    if version["value"] is not None:
        return figure(version["value"])
    return f"{figure(version['numerator'])} / {figure(version['denominator'])}"


def _plain(name: str, value: object, lang: Language) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value)) or None
    if value is None:
        return said(WORDS, "nothing", lang)
    words = code_words(KpiDefinition, name, value, lang) if name in KpiDefinition.model_fields else None
    return words or str(value)
