"""`goaltrail import`: readings from a file, with a receipt for each row."""

from __future__ import annotations

import io
import time
from collections import Counter
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from events.text import Language, Text
from services.cli.client import Client, Json, TokenFile, Url, connect, print_json
from services.cli.formatting import console, said
from services.cli.importing.mapping import load_mapping
from services.cli.importing.sending import Receipt, Sender, batches, sent_ahead
from services.cli.importing.sources import Refused, Row, Source, open_source
from services.cli.language import Failure, Lang, choose, fail
from services.intake.formats import parse_item
from services.intake.items import read_items
from services.intake.receipts import STATUSES
from services.intake.rejections import Rejected

REFUSED = frozenset({"rejected", "conflict"})
"""Statuses that a person has to look at."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

WORDS: dict[str, Text] = {
    "importing": Text("가져오는 중", "importing"),
    "waiting": Text("기다리는 중: {why}", "waiting: {why}"),
    "accepted": Text("기록됨", "accepted"),
    "duplicate": Text("이미 있음", "duplicate"),
    "superseded": Text("더 새로운 값이 있음", "superseded"),
    "conflict": Text("내용이 다름, 확인 필요", "conflict: a person decides"),
    "rejected": Text("받지 않음", "rejected"),
    "not counted": Text("매핑에서 제외", "left out by the mapping"),
    "would be sent": Text("보낼 수 있음", "would be sent"),
    "rows": Text("건", "rows"),
    "speed": Text(
        "{rows:,}행을 {seconds:.1f}초에 처리했습니다(초당 {rate:,.0f}행).",
        "{rows:,} rows in {seconds:.1f} s ({rate:,.0f} rows/s).",
    ),
    "refused": Text("받지 못한 행과 이유: {path}", "What was not taken, and why: {path}"),
    "interrupted": Text(
        "중단했습니다. 같은 명령을 다시 실행하면 이어서 처리하고, 이미 기록된 행은 바뀌지 않습니다.",
        "Interrupted. Run the same command again to go on; what is stored already stays as it is.",
    ),
    "dry run": Text("아무것도 보내지 않았습니다.", "Nothing was sent."),
}


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSONL or JSON, in UTF-8.")],
    feed: Annotated[str, typer.Option("--feed", help="The feed that the readings come from.")],
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", help="YAML file: which column is which field, and which rows count."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check the file; send nothing.")
    ] = False,
    lang: Lang = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Send the readings in a file; each row gets a receipt.

    Without a mapping the columns are named as the fields: kpi, source_id, value
    (or numerator and denominator), observed_at or period, unit, source_version,
    dimensions.<name>. Running it again changes nothing. Rows that were not taken
    are written beside the file with the reason, and then the exit code is 1.

    Example: goaltrail import sales.csv --feed erp --mapping sales.yaml
    """
    language = choose(lang)
    try:
        with open_source(file, load_mapping(mapping) if mapping else None) as source:
            run = Import(source, feed, language)
            if dry_run:
                run.check()
            else:
                client = connect(url, token_file)
                run.send(client, quiet=as_json)
    except Failure as error:
        fail(error.text)
    if as_json:
        print_json(run.summary())
    else:
        run.tell()
    if run.interrupted:
        raise typer.Exit(INTERRUPTED)
    if (problem := source.fit.problem()) is not None:
        fail(Text(f"{file}: {problem.ko}", f"{file}: {problem.en}"))
    if any(run.counts[status] for status in REFUSED):
        raise typer.Exit(1)


class Import:
    """One import of one file."""

    def __init__(self, source: Source, feed: str, language: Language) -> None:
        self.source = source
        self.feed = feed
        self.language = language
        self.counts: Counter[str] = Counter()
        self.interrupted = False
        self.dry = False
        self._refused = _RefusedFile(source)
        self._position = 0
        self._started = time.monotonic()
        self._seconds = 0.0

    def send(self, client: Client, *, quiet: bool) -> None:
        """Send everything, or as much as Ctrl-C lets."""
        screen = Console(stderr=True)
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]:,}"),
            TimeRemainingColumn(),
            console=screen,
            transient=True,
            disable=quiet or not screen.is_terminal,
        )
        importing = said(WORDS, "importing", self.language)
        task = progress.add_task(importing, total=self.source.size, rows=0)

        def waiting(why: str) -> None:
            told = said(WORDS, "waiting", self.language, why=why)
            progress.update(task, description=told)

        sender = Sender(client, self.feed, waiting)
        with ExitStack() as stack:
            stack.enter_context(progress)
            stack.callback(self._refused.close)
            try:
                for rows, receipts in sent_ahead(sender, self.source.rows()):
                    self._take(rows, receipts)
                    progress.update(
                        task, completed=self.source.read, rows=self.counts.total(), description=importing
                    )
            except KeyboardInterrupt:
                self.interrupted = True
        self._position = sender.position
        self._seconds = time.monotonic() - self._started

    def check(self) -> None:
        """Read the whole file and check each row as far as that goes without the catalogue."""
        self.dry = True
        try:
            for rows in batches(self.source.rows()):
                items = read_items([parse_item(row.item) for row in rows if isinstance(row.item, bytes)])
                self._take(rows, [_checked(item, self.language) for item in items])
        finally:
            self._refused.close()
        self._seconds = time.monotonic() - self._started

    def _take(self, rows: list[Row], receipts: list[Receipt]) -> None:
        """Count, and keep what was not taken."""
        answers = iter(receipts)
        refused = []
        for row in rows:
            if row.item is None:
                self.counts["not counted"] += 1
                continue
            receipt = _rejected(row.item, self.language) if isinstance(row.item, Rejected) else next(answers)
            status = receipt["status"]
            self.counts[status] += 1
            if status in REFUSED:
                refused.append(Refused(row, status, receipt.get("code") or status, receipt["reason"]))
        self._refused.write(refused)

    def summary(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "file": str(self.source.path),
            "feed": self.feed,
            "counts": {status: self.counts[status] for status in self._statuses()},
            "rejected_file": str(self._refused.path) if self._refused.written else None,
            "position": self._position,
            "seconds": round(self._seconds, 3),
            "interrupted": self.interrupted,
        }

    def tell(self) -> None:
        """For a person."""
        output = console()
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right")
        for status in self._statuses():
            number = self.counts[status]
            if number or status == "accepted":
                style = "red" if status in REFUSED else "" if number else "dim"
                table.add_row(f"{number:,}", said(WORDS, status, self.language), style=style)
        output.print(table)
        rows = self.counts.total()
        rate = rows / self._seconds if self._seconds else 0.0
        told = said(WORDS, "speed", self.language, rows=rows, seconds=self._seconds, rate=rate)
        output.print(told, style="dim")
        if self._refused.written:
            output.print(said(WORDS, "refused", self.language, path=self._refused.path))
        if self.dry:
            output.print(said(WORDS, "dry run", self.language))
        if self.interrupted:
            output.print(said(WORDS, "interrupted", self.language), style="yellow")

    def _statuses(self) -> list[str]:
        answered = ["would be sent", "rejected"] if self.dry else list(STATUSES)
        return [*answered, "not counted"]


class _RefusedFile:
    """The file beside the imported one with the rows that were not taken; there is none if all were.

    A file of that name is somebody's: it may be the one of an earlier run that is being put right. So each
    run writes one of its own, in the current directory where there is no writing beside the imported file.
    """

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.written = False
        self._source = source
        self._file: io.TextIOWrapper | None = None

    def write(self, refused: list[Refused]) -> None:
        """Add rows. Raises Failure if there is no place for them."""
        if not refused:
            return
        if self._file is None:
            self._file = self._create()
            self._source.begin_refused(self._file)
        self._source.write_refused(self._file, refused)
        self.written = True

    def close(self) -> None:
        """No more rows."""
        if self._file is not None:
            self._file.close()

    def _create(self) -> io.TextIOWrapper:
        name, ending = self._source.refused_name
        for directory in (self._source.path.parent, Path.cwd()):
            for number in count(1):
                self.path = directory / f"{name}{'' if number == 1 else f'-{number}'}{ending}"
                try:
                    # A cell that is no UTF-8 is written as it was read.
                    return self.path.open("x", encoding="utf-8", errors="surrogateescape", newline="")
                except FileExistsError:
                    continue
                except OSError:
                    break
        raise Failure(
            Text(
                f"받지 못한 행을 쓸 곳이 없습니다. {self.path.parent}에 쓸 수 있게 하거나"
                " 다른 폴더에서 실행하십시오",
                "there is no place for the rows that were not taken: make"
                f" {self.path.parent} writable, or run the command in another folder",
            )
        )


def _rejected(rejected: Rejected, language: Language) -> Receipt:
    return {"status": "rejected", "code": rejected.code, "reason": rejected.reason(language)}


def _checked(item: Any, language: Language) -> Receipt:
    return _rejected(item, language) if isinstance(item, Rejected) else {"status": "would be sent"}
