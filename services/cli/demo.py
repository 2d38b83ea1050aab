"""`goaltrail demo`: the demo company, loaded through the public API."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from events.text import Language, Text
from services.cli.client import Client, Json, TokenFile, Url, connect, print_json
from services.cli.demo_tour import TOUR, Stop, as_others, tour
from services.cli.formatting import console, said
from services.cli.language import choose, fail

if TYPE_CHECKING:
    from services.demo.load import Loaded

CATCH_UP_SECONDS = 60.0
"""How long the views of a new workspace may take to be there, and later to show the last event."""

WORDS: dict[str, Text] = {
    "loading": Text("데모 회사 불러오기", "loading the demo company"),
    "catching up": Text("조회 화면이 따라오는 중", "views are catching up"),
    "loaded": Text(
        "데모 회사를 불러왔습니다: 변경 {changes:,}건, 실적 {readings:,}건.",
        "The demo company is loaded: {changes:,} changes and {readings:,} readings.",
    ),
    "completed": Text(
        "데모 회사를 마저 불러왔습니다: 새 변경 {changes:,}건, 새 실적 {readings:,}건.",
        "The rest of the demo company is loaded: {changes:,} changes and {readings:,} readings are new.",
    ),
    "there": Text(
        "데모 회사가 이미 있어 바뀐 것이 없습니다.",
        "The demo company was there already: nothing changed.",
    ),
    "when": Text(
        "2025년의 이야기이지만 기록 시각은 모두 방금입니다(기록 시각은 서버만 정합니다).",
        "Its story is of 2025, yet all of it was recorded just now: only the server says when.",
    ),
}


def demo(
    lang: Annotated[
        Language | None,
        typer.Option(
            help="Language of its texts and of what is printed.",
            show_default="the terminal's",
        ),
    ] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Load the demo company: targets move, readings are corrected, quarters end.

    Its days are in 2025: when something was so in the business is up to who
    reports it. When it was recorded is up to the server, and that is now. So
    --as-of travels through the company's year, and --known-at does not.

    Running it again changes nothing; after an interruption it goes on where it
    stopped. It needs an administrator's token: its people do what they do in
    their own names.

    Example: goaltrail demo --lang ko
    """
    language = choose(lang)
    client = connect(url, token_file)
    _wait_for_views(client, 0)
    language = _loaded_language(client, lang) or language
    loaded = _load(client, language, quiet=as_json)
    if as_json:
        print_json(
            {
                "changes": loaded.changes,
                "changes_before": loaded.changes_before,
                "readings": loaded.readings,
                "readings_before": loaded.readings_before,
                "position": loaded.position,
                "tour": [stop.command for stop in TOUR],
                "as_others": [stop.command for stop in as_others(client)],
            }
        )
        return
    _tell(loaded, as_others(client), language)


def _loaded_language(client: Client, lang: Language | None) -> Language | None:
    """Return the language the company was loaded in before, if it was.

    Ends the command if `lang` is another.
    """
    from services.demo.company import load_company  # here: other commands start without it

    sample = load_company().cycles[0]
    there = {cycle["id"]: cycle["name"] for cycle in client.get("/v1/cycles", limit=1000)["data"]}
    name = there.get(sample.id)
    if name is None:
        return None
    if name not in (sample.name.ko, sample.name.en):
        fail(
            Text(
                f"이 워크스페이스에는 이미 다른 사이클 {sample.id}이(가) 있습니다."
                " 데모는 빈 워크스페이스에 불러오십시오",
                f"this workspace has a cycle {sample.id} of its own; load the demo into an empty workspace",
            )
        )
    before: Language = "ko" if name == sample.name.ko else "en"
    if lang is not None and lang != before:
        fail(
            Text(
                f"데모 회사를 이미 --lang {before} 옵션으로 불러왔습니다."
                f" --lang {lang} 옵션으로 불러오려면 빈 워크스페이스를 쓰십시오",
                f"the demo company is here with --lang {before}; for --lang {lang} take an empty workspace",
            )
        )
    return before


def _load(client: Client, language: Language, *, quiet: bool) -> Loaded:
    from services.demo.company import load_company
    from services.demo.load import Loader, NotTaken, size
    from services.demo.plan import plan

    requests = plan(load_company(), language)

    screen = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=quiet or not screen.is_terminal,
    )
    with progress:
        task = progress.add_task(said(WORDS, "loading", language), total=sum(map(size, requests)))
        try:
            loaded = Loader(client.request).load(requests, lambda n: progress.advance(task, n))
        except NotTaken as error:
            fail(Text(f"받지 않은 실적이 있습니다: {error}", f"a reading was not taken: {error}"))
        progress.update(task, description=said(WORDS, "catching up", language))
        _wait_for_views(client, loaded.position)
    return loaded


def _wait_for_views(client: Client, position: int) -> None:
    """Wait until reads show everything; views that take longer than that are left to catch up alone."""
    until = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < until:
        try:
            answer = client.http.get("/v1/workspace", headers={"Goaltrail-Min-Position": str(position)})
        except httpx.HTTPError:
            return  # whoever reads next says what is wrong
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return
        time.sleep(0.2)


def _tell(loaded: Loaded, others: Sequence[Stop], lang: Language) -> None:
    if not loaded.anything_new:
        told = "there"
    elif loaded.changes_before or loaded.readings_before:
        told = "completed"
    else:
        told = "loaded"
    output = console()
    output.print(
        said(
            WORDS,
            told,
            lang,
            changes=loaded.changes,
            readings=loaded.readings,
        )
    )
    output.print(said(WORDS, "when", lang), style="dim")
    output.print()
    for part in tour(others, lang):
        # A command that is longer than the terminal is wide stays one line: it can be copied.
        output.print(part, soft_wrap=True)
