"""`goaltrail resolve`: freeze the targets of relative goals whose base periods are over, at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from events.text import Text
from services.cli.client import Client, Json, TokenFile, Url, connect, print_json, problem_line
from services.cli.formatting import pages, said
from services.cli.goalposts import outdated_bases
from services.cli.language import Lang, choose

WORDS: dict[str, Text] = {
    "resolved": Text("새로 확정 {count}건", "{count} resolved"),
    "same": Text("새로 확정할 것 없음", "nothing new"),
    "nothing": Text("확정할 상대 목표가 없습니다", "no relative goals to resolve"),
}


def resolve(
    cycle: Annotated[
        str | None, typer.Option(help="Only this cycle.", show_default="those that are not closed")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why a base that was corrected since is adopted; else it is not.")
    ] = None,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Resolve relative goals (+15% on last month) whose base is known by now.

    Of active objectives: those without a target yet, and those with a base of
    its own for each period. The API does so by itself as days begin; this does
    it at once. Again changes nothing.

    Example: goaltrail resolve --cycle 2026-q1
    """
    language = choose(lang)
    client = connect(url, token_file)
    done = [
        _resolve(client, key_result, reason)
        for key_result in _due(client, cycle, corrected=reason is not None)
    ]
    if as_json:
        print_json({"data": done})
    elif not done:
        typer.echo(said(WORDS, "nothing", language))
    for one in [] if as_json else done:
        word = "resolved" if one["resolved"] else "same"
        told = one["problem"] or said(WORDS, word, language, count=one["resolved"])
        typer.echo(f"{one['key_result']}: {told}")
    if any(one["failed"] for one in done):
        raise typer.Exit(1)


def _due(client: Client, cycle: str | None, *, corrected: bool) -> Iterator[str]:
    """Key results that may have something to resolve; with `corrected` also those whose base has changed."""
    still_open = {one["id"] for one in pages(client, "/v1/cycles") if one["status"] != "closed"}
    for objective in pages(client, "/v1/objectives", cycle=cycle, status="active"):
        for key_result in objective["key_results"] if objective["cycle"] in still_open else ():
            relative = key_result["measure"]["relative"]
            if key_result["status"] == "dropped" or relative is None:
                continue
            known = relative["resolve"] != "each_period" and not key_result["unresolved"]
            if not known or (corrected and outdated_bases(key_result)):
                yield key_result["id"]


def _resolve(client: Client, key_result: str, reason: str | None) -> dict[str, Any]:
    """Resolve one; what is refused does not stop the others. A base that is not known yet is no failure."""
    body = {} if reason is None else {"reason": reason}
    response = client.http.post(f"/v1/key-results/{key_result}/resolve", json=body)
    if response.is_success:
        events = len(response.json()["event_ids"])
        return {"key_result": key_result, "resolved": events, "problem": None, "failed": False}
    problem = problem_line(response)
    unknown = response.json().get("code") == "base_unknown"
    return {"key_result": key_result, "resolved": 0, "problem": problem, "failed": not unknown}
