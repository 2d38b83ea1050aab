"""`goaltrail state`: the OKR tree, now or then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled
from rich.tree import Tree

from events.text import Language, Text
from services.cli.client import Client, Json, TokenFile, Url, connect, no_day, print_json
from services.cli.formatting import (
    INCOMPLETE,
    bar,
    console,
    figure,
    joined,
    pages,
    said,
    score_style,
    share,
    zone_of,
)
from services.cli.goalposts import goalposts, outdated_bases, relative_change
from services.cli.language import Lang, choose, fail
from services.cli.pace_format import WIDTH, band_words, legend, pace_column, runs
from services.runtime import clock

AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Business day whose end is shown, such as 2025-03-31.")
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", help="Only what was recorded by then: a day, or a time with offset."),
]

BAR = 10
DAY = len("2025-03-31")

WORDS: dict[str, Text] = {
    "planned": Text("계획", "planned"),
    "open": Text("운영 중", "open"),
    "closed": Text("마감", "closed"),
    "drafted": Text("초안", "draft"),
    "dropped": Text("추진 중단", "dropped"),
    "proposed": Text("제안", "proposed"),
    "agreed": Text("합의", "agreed"),
    "graded": Text("평가 완료", "graded"),
    "own grade": Text("자기 평가", "own grade"),
    "stretch": Text("도전", "stretch"),
    "committed": Text("필달", "committed"),
    "now": Text("현재", "now"),
    "was": Text("처음 목표치", "first target"),
    "unresolved": Text("미확정", "unresolved"),
    "provisional": Text("잠정", "provisional"),
    "out of date": Text(
        "기준값이 그 뒤 정정됨({was} → {now})",
        "its base was corrected since ({was} → {now})",
    ),
    "steps done": Text("{of}단계 중 {done}단계 완료", "{done} of {of} steps done"),
    "still open": Text("남은 기간 {periods}", "{periods} still open"),
    "unreachable": Text("달성 불가", "unreachable"),
    "met": Text("달성", "met"),
    "pending": Text("값 없음", "no value yet"),
    "raw": Text("원점수", "raw"),
    "weight": Text("가중치", "weight"),
    "confidence": Text("자신감", "confidence"),
    "stale": Text("오래된 값(마지막 실적 {day})", "stale (last reading {day})"),
    "weakest": Text("가장 약함", "weakest"),
    "supports": Text("기여", "supports"),
    "takes over": Text("이어받음", "takes over"),
    "initiative planned": Text("계획", "planned"),
    "initiative doing": Text("진행 중", "in progress"),
    "initiative done": Text("완료", "done"),
    "initiative dropped": Text("중단", "dropped"),
    "due": Text("기한 {day}", "due {day}"),
    "incomplete": INCOMPLETE,
    "mbo": Text("MBO", "MBO"),
    "waits": Text("변경 합의 대기", "a change waits for agreement"),
    "no unit": Text("조직 없음", "no unit"),
    "as of": Text("{day} 기준", "as of {day}"),
    "known at": Text("{time}까지 기록된 내용", "as recorded until {time}"),
    "no objectives": Text("이 사이클에는 목표가 없습니다", "no objectives in this cycle"),
}


def state(
    cycle: Annotated[
        str | None,
        typer.Option(
            help="Only this cycle.", show_default="with --as-of those of that day, else the open ones"
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Only this org unit and those below it.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Show objectives and key results with their scores, now or then.

    --as-of is a day in the business: targets and readings count as they were on
    it. --known-at is a time on the record: what was recorded later, such as a
    correction, is left out.

    Example: goaltrail state --cycle 2025-q2 --as-of 2025-06-19
    """
    language = choose(lang)
    day = None if as_of is None else _day(as_of)
    client = connect(url, token_file)
    shown_day = as_of or str(clock.now().astimezone(zone_of(client)).date())
    cycles = _cycles(client, cycle, day, known_at)
    units = list(pages(client, "/v1/org-units", known_at=known_at, limit=1000))
    wanted = None if unit is None else _below(unit, units)
    trees = []
    for one in cycles:
        objectives = pages(
            client, "/v1/objectives", cycle=one["id"], as_of=as_of, known_at=known_at, limit=1000
        )
        trees.append((one, [each for each in objectives if wanted is None or each["org_unit"] in wanted]))
    if as_json:
        print_json(
            {
                "as_of": shown_day,
                "known_at": known_at,
                "cycles": [{**one, "objectives": objectives} for one, objectives in trees],
            }
        )
        return
    times = [said(WORDS, "as of", language, day=shown_day)]
    if known_at is not None:
        times.append(said(WORDS, "known at", language, time=known_at))
    output = console()
    output.print(joined(times), style="dim")
    if any(runs(objective, one, shown_day[:DAY]) for one, own in trees for objective in own):
        output.print(legend(language), style="dim")
    for one, own in trees:
        output.print()
        output.print(_cycle(one, own, units, language, shown_day[:DAY]))


def _day(as_of: str) -> str:
    """Return the day of a day or time. Ends the command when it is neither."""
    try:
        return str(datetime.fromisoformat(as_of).date())
    except ValueError:
        fail(no_day("as_of", as_of))


def _cycles(client: Client, cycle: str | None, day: str | None, known_at: str | None) -> list[dict[str, Any]]:
    """Return the cycles to show, the longest first. Ends the command when there are none."""
    if cycle is not None:
        return [client.get(f"/v1/cycles/{cycle}", known_at=known_at)]
    found = list(pages(client, "/v1/cycles", known_at=known_at, limit=1000))
    if day is None:
        chosen = [one for one in found if one["status"] == "open"]
        which = Text("운영 중인 사이클", "is open")
    else:
        chosen = [one for one in found if one["start"] <= day <= one["end"]]
        which = Text(f"{day}이(가) 들어 있는 사이클", f"has the day {day}")
    if not found:
        fail(
            Text(
                "아직 사이클이 없습니다. `goaltrail demo`로 데모 회사를 불러올 수 있습니다",
                "there is no cycle yet; `goaltrail demo` loads a company to look at",
            )
        )
    if not chosen:
        there = ", ".join(one["id"] for one in found)
        fail(Text(f"{which.ko}이 없습니다. 있는 사이클: {there}", f"no cycle {which.en}; there are {there}"))
    return sorted(chosen, key=lambda one: (one["start"], _reversed_day(one["end"])))


def _reversed_day(day: str) -> int:
    return -int(day.replace("-", ""))


def _below(unit: str, units: list[dict[str, Any]]) -> set[str]:
    """Return a unit and all below it. Ends the command when there is no such unit."""
    if unit not in {one["id"] for one in units}:
        there = ", ".join(one["id"] for one in units)
        fail(
            Text(
                f"조직 {unit}이(가) 없습니다. 있는 조직: {there or '없음'}",
                f"there is no org unit {unit}; there are {there or 'none'}",
            )
        )
    found = {unit}
    while more := {one["id"] for one in units if one["parent"] in found} - found:
        found |= more
    return found


def _cycle(
    cycle: dict[str, Any],
    objectives: list[dict[str, Any]],
    units: list[dict[str, Any]],
    lang: Language,
    day: str,
) -> RenderableType:
    heading = joined(
        [
            Styled(cycle["name"], style="bold"),
            Styled(cycle["id"], style="cyan"),
            f"{cycle['start']} ~ {cycle['end']}",
            said(WORDS, cycle["status"], lang),
        ]
    )
    if not objectives:
        return Group(heading, Styled(f"  {said(WORDS, 'no objectives', lang)}", style="dim"))
    root = Tree(heading, guide_style="dim")
    running = {one["id"] for one in objectives if runs(one, cycle, day)}
    for unit_id, name in _in_tree_order(units, lang):
        own = [one for one in objectives if one["org_unit"] == unit_id]
        if own:
            _add_unit(root, name, own, lang, running)
    homeless = [one for one in objectives if one["org_unit"] is None]
    if homeless:
        _add_unit(root, said(WORDS, "no unit", lang), homeless, lang, running)
    return root


def _in_tree_order(units: list[dict[str, Any]], lang: Language) -> Iterable[tuple[str, str]]:
    """Ids of units with their names from the root down, each before those below it."""
    pending = [(one, "") for one in reversed(units) if one["parent"] is None]
    while pending:
        one, above = pending.pop()
        name = one["name_ko"] if lang == "ko" else one["name_en"]
        path = f"{above}{name}"
        yield one["id"], path
        # A company that everything is below says nothing in a path.
        prefix = "" if one["parent"] is None else f"{path} › "
        pending += [(child, prefix) for child in reversed(units) if child["parent"] == one["id"]]


def _add_unit(
    root: Tree, name: str, objectives: list[dict[str, Any]], lang: Language, running: set[str]
) -> None:
    branch = root.add(Styled(name, style="bold"))
    for objective in objectives:
        goes_on = objective["id"] in running
        node = branch.add(_objective(objective, lang, running=goes_on))
        for key_result in objective["key_results"]:
            weakest = len(objective["key_results"]) > 1 and key_result["id"] == objective["weakest"]
            leaf = node.add(_key_result(key_result, lang, weakest=weakest, running=goes_on))
            for initiative in key_result["initiatives"]:
                leaf.add(_initiative(initiative, lang))
        for initiative in objective["initiatives"]:
            node.add(_initiative(initiative, lang))


def _objective(objective: dict[str, Any], lang: Language, *, running: bool) -> RenderableType:
    details: list[str | Styled] = [
        Styled(objective["id"], style="cyan"),
        said(WORDS, objective["ambition"], lang),
        objective.get("owner_name") or objective["owner"] or "",
    ]
    if not running:
        details.insert(1, band_words(objective["band"], lang))
    if objective["framework"] == "mbo":
        details.append(said(WORDS, "mbo", lang))
    if objective["waiting"] is not None:
        details.append(Styled(said(WORDS, "waits", lang), style="yellow"))
    if objective["status"] != "active":
        details.append(Styled(said(WORDS, objective["status"], lang), style="yellow"))
    if objective["own_grade"] is not None:
        details.append(f"{said(WORDS, 'own grade', lang)} {figure(objective['own_grade'])}")
    if objective["takes_over"] is not None:
        details.append(f"{said(WORDS, 'takes over', lang)} → {objective['takes_over']}")
    supports = [goal for goal in objective["supports"] if goal != objective["takes_over"]]
    if supports:
        details.append(f"{said(WORDS, 'supports', lang)} → {', '.join(supports)}")
    if objective["incomplete"]:
        details.append(Styled(said(WORDS, "incomplete", lang), style="red"))
    pace = pace_column(objective["pace"], stale=objective["standing"] == "stale") if running else None
    return _scored(objective["score"], Styled(objective["title"], style="bold"), details, pace)


def _key_result(
    key_result: dict[str, Any], lang: Language, *, weakest: bool, running: bool
) -> RenderableType:
    id_ = Styled(key_result["id"], style="cyan")
    score = key_result["score"]
    if score is None:
        title = Styled(key_result["title"], style="dim strike")
        return _scored(
            None, title, [id_, said(WORDS, "dropped", lang)], pace_column(None) if running else None
        )
    details: list[str | Styled] = [id_]
    if not running:
        details.append(band_words(score["band"], lang))
    # Periods are counted, whatever the unit of the value in each.
    unit = "" if key_result["measure"]["periods"] else key_result["measure"]["unit"]
    steps = key_result["steps"]
    if steps:
        done = sum(step["done_since"] is not None for step in steps)
        details.append(said(WORDS, "steps done", lang, done=done, of=len(steps)))
    elif score["value"] is None:
        details.append(Styled(said(WORDS, "pending", lang), style="yellow"))
    else:
        details.append(f"{said(WORDS, 'now', lang)} {figure(score['value'], unit, lang)}")
    if not steps:
        details.append(goalposts(key_result["measure"], score, lang))
    details += _relative(key_result, score, lang)
    if score["open_periods"] and not score["met"]:
        details.append(said(WORDS, "still open", lang, periods=score["open_periods"]))
    if score["unreachable"]:
        details.append(Styled(said(WORDS, "unreachable", lang), style="red"))
    first = next((target for target in key_result["targets"] if target["target"] is not None), score)
    if (first["target"], first["upper"]) != (score["target"], score["upper"]):
        was = figure(first["target"], unit, lang)
        if first["upper"] is not None:
            was = goalposts(key_result["measure"], first, lang)
        details.append(Styled(f"{said(WORDS, 'was', lang)} {was}", style="magenta"))
    if score["raw"] not in (None, score["score"]):
        details.append(f"{said(WORDS, 'raw', lang)} {figure(score['raw'])}")
    if key_result["weight"] is not None:
        details.append(f"{said(WORDS, 'weight', lang)} {figure(key_result['weight'])}")
    if key_result["confidence"] is not None:
        details.append(f"{said(WORDS, 'confidence', lang)} {key_result['confidence']}/10")
    if key_result["standing"] == "stale":
        last = key_result["readings"]["last"]
        details.append(Styled(said(WORDS, "stale", lang, day=last or "–"), style="yellow"))
    if score["met"]:
        details.append(Styled(f"✓ {said(WORDS, 'met', lang)}", style="green"))
    elif weakest and not score["pending"]:
        details.append(said(WORDS, "weakest", lang))
    pace = pace_column(score["pace"], stale=key_result["standing"] == "stale") if running else None
    return _scored(None if score["pending"] else score["score"], Styled(key_result["title"]), details, pace)


def _initiative(initiative: dict[str, Any], lang: Language) -> RenderableType:
    """Work done for a goal, beside its scores."""
    done, dropped = (initiative["status"] == status for status in ("done", "dropped"))
    title = Styled(f"{'✓' if done else '▷'} {initiative['title']}", style="dim strike" if dropped else "")
    details = [
        title,
        Styled(initiative["id"], style="cyan"),
        said(WORDS, f"initiative {initiative['status']}", lang),
        initiative.get("owner_name") or initiative["owner"] or "",
        "" if initiative["due"] is None else said(WORDS, "due", lang, day=initiative["due"]),
    ]
    return joined(details, style="dim")


def _relative(key_result: dict[str, Any], score: dict[str, Any], lang: Language) -> Iterable[str | Styled]:
    """Yield what is to be known of a goal whose figures follow from another period."""
    if key_result["unresolved"]:
        yield Styled(said(WORDS, "unresolved", lang), style="yellow")
        return
    if key_result["measure"]["relative"]:
        yield relative_change(key_result["measure"], lang)
    if score["provisional"]:
        yield said(WORDS, "provisional", lang)
    unit = key_result["measure"]["unit"]
    for base in outdated_bases(key_result)[-1:]:
        was, now = (figure(base[name], unit, lang) for name in ("value", "now"))
        yield Styled(said(WORDS, "out of date", lang, was=was, now=now), style="magenta")


def _scored(
    score: str | None, title: Styled, details: Iterable[str | Styled], pace: Styled | None
) -> RenderableType:
    """Score, bar and, while it runs, pace; beside them the title and below it the details."""
    part = Decimal(0) if score is None else Decimal(score)
    style = "dim" if score is None else score_style(part)
    figures = [Styled(share(score), style=style), Styled(bar(part, BAR), style=style)]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, width=BAR)
    if pace is not None:
        grid.add_column(no_wrap=True, width=WIDTH)
        figures.append(pace)
    grid.add_column(overflow="fold")
    grid.add_row(*figures, title)
    grid.add_row(*[""] * len(figures), joined(details, style="dim"))
    return grid
