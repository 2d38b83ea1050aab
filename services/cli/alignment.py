"""`goaltrail alignment`: how company goals are carried by whom, and what hangs on nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled
from rich.tree import Tree

from events.text import Language, Text
from services.cli.client import Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, joined, percent, said, share
from services.cli.language import Lang, choose
from services.cli.state import AsOf, KnownAt

WORDS: dict[str, Text] = {
    "as of": Text("{day} 기준", "as of {day}"),
    "nothing": Text("이 사이클에는 회사 목표가 없습니다", "no company objectives in this cycle"),
    "not carried": Text("이어받은 곳 없음", "nobody carries it"),
    "shown before": Text("위에 있음", "shown above"),
    "taken over": Text("이어받음", "taken over"),
    "kpi": Text("KPI", "KPI"),
    "done": Text("완료", "done"),
    "initiative": Text("과제", "work"),
    "orphans": Text("어느 목표에도 기여하지 않음", "supports nothing"),
}


def alignment(
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
    """Show how company objectives are carried, by which units and people.

    Below each objective and key result stand the objectives that support it, in
    any cycle, the KPIs that serve it and the initiatives that are to move it.
    What supports nothing though it is not the company's comes last.

    Example: goaltrail alignment --cycle 2025-q2
    """
    language = choose(lang)
    client = connect(url, token_file)
    answer = client.get("/v1/alignment", cycle=cycle, as_of=as_of, known_at=known_at)
    if as_json:
        print_json(answer)
        return
    output = console()
    day = said(WORDS, "as of", language, day=answer["as_of"])
    output.print(joined([*answer["cycles"], day]), style="dim")
    if not answer["top"]:
        output.print(said(WORDS, "nothing", language), style="dim")
    for objective in answer["top"]:
        output.print()
        output.print(_tree(objective, answer["not_carried"], language))
    orphans = list(_orphans(answer["orphans"], language))
    if orphans:
        output.print()
        root = Tree(Styled(said(WORDS, "orphans", language), style="bold yellow"), guide_style="dim")
        for orphan in orphans:
            root.add(orphan)
        output.print(root)


def _tree(objective: dict[str, Any], not_carried: list[str], lang: Language) -> Tree:
    """Return an objective, below it what carries it, and its key results with what carries each."""
    tree = Tree(_objective(objective, not_carried, lang), guide_style="dim")
    _add_carriers(tree, objective["carried_by"], lang)
    for key_result in objective["key_results"]:
        _add_carriers(tree.add(_key_result(key_result)), key_result["carried_by"], lang)
    return tree


def _add_carriers(tree: Tree, carriers: dict[str, Any], lang: Language) -> None:
    for objective in carriers["objectives"]:
        tree.add(_tree(objective, [], lang))
    for kpi in carriers["kpis"]:
        tree.add(_kpi(kpi, lang))
    for initiative in carriers["initiatives"]:
        tree.add(_initiative(initiative, lang))


def _orphans(orphans: dict[str, Any], lang: Language) -> Iterator[RenderableType]:
    yield from (_tree(objective, [], lang) for objective in orphans["objectives"])
    yield from (_key_result(key_result) for key_result in orphans["key_results"])
    yield from (_kpi(kpi, lang) for kpi in orphans["kpis"])
    yield from (_initiative(initiative, lang) for initiative in orphans["initiatives"])


def _objective(objective: dict[str, Any], not_carried: list[str], lang: Language) -> RenderableType:
    details: list[str | Styled] = [
        Styled(objective["id"], style="cyan"),
        objective["cycle"],
        *_whose(objective, lang),
    ]
    if objective["takes_over"] is not None:
        details.append(f"{said(WORDS, 'taken over', lang)} → {objective['takes_over']}")
    if objective["shown_before"]:
        details.append(said(WORDS, "shown before", lang))
    if objective["id"] in not_carried:
        details.append(Styled(said(WORDS, "not carried", lang), style="yellow"))
    return _line(share(objective["score"]), Styled(objective["title"], style="bold"), details)


def _key_result(key_result: dict[str, Any]) -> RenderableType:
    details: list[str | Styled] = [Styled(key_result["id"], style="cyan"), _owner(key_result)]
    return _line(share(key_result["score"]), Styled(key_result["title"]), details)


def _kpi(kpi: dict[str, Any], lang: Language) -> RenderableType:
    status = kpi["status"]
    reached = "" if status["shown"] is None else f"{percent(status['shown'])} "
    details: list[str | Styled] = [
        Styled(kpi["id"], style="cyan"),
        *_whose(kpi, lang),
        f"{reached}{status[f'name_{lang}']}",
        kpi["why"] or "",
    ]
    return _line(f" {said(WORDS, 'kpi', lang)}", Styled(kpi[f"name_{lang}"]), details)


def _initiative(initiative: dict[str, Any], lang: Language) -> RenderableType:
    details: list[str | Styled] = [Styled(initiative["id"], style="cyan"), *_whose(initiative, lang)]
    if initiative["status"] == "done":
        details.append(Styled(f"✓ {said(WORDS, 'done', lang)}", style="green"))
    elif initiative["due"] is not None:
        details.append(f"~ {initiative['due']}")
    return _line(said(WORDS, "initiative", lang), Styled(initiative["title"]), details)


def _whose(placed: dict[str, Any], lang: Language) -> list[str]:
    return [placed[f"org_unit_{lang}"] or placed["org_unit"] or "", _owner(placed)]


def _owner(owned: dict[str, Any]) -> str:
    name: str = owned["owner_name"] or owned["owner"] or ""
    return name


def _line(score: str, title: Styled, details: list[str | Styled]) -> RenderableType:
    """Return the score, the title, and below it whose it is."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(score, title)
    grid.add_row("", joined(details, style="dim"))
    return grid
