"""`goaltrail rebuild`: a projection built anew beside the live one. For operators: it needs the engines."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text as Styled

from events.text import Text
from services.cli.client import Json, print_json
from services.cli.language import fail, language, say
from services.cli.operator import operator_settings, run_for_operator
from services.runtime import loop
from services.runtime.settings import Settings

CONNECT_SECONDS = 5.0
"""How long NATS may take to answer."""


class Rebuilt(NamedTuple):
    """What came out of the rebuild of one projection."""

    projection: str
    build: int
    events: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds if self.seconds else 0.0

    def document(self, workspace: str) -> dict[str, Any]:
        """For `--json`."""
        return {
            "workspace": workspace,
            "projection": self.projection,
            "build": self.build,
            "events": self.events,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate),
        }


def no_projection(name: str, known: Iterable[str]) -> Text:
    """Say that there is no such projection, and which there are."""
    *names, last = known
    return Text(
        f"프로젝션 {name!r}이(가) 없습니다. 있는 것: {', '.join([*names, last])}",
        f"there is no projection {name!r}: take {', '.join(names)} or {last}",
    )


def rebuild(
    projection: Annotated[str, typer.Argument(help="state, audit or all.")],
    workspace: Annotated[
        str | None, typer.Option(help="Whose views.", show_default="GOALTRAIL_WORKSPACE or main")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build a projection anew from the ledger beside the live one, then switch to it.

    Reads and new events go on meanwhile. When it is interrupted the live build
    stays as it is.

    Example: goaltrail rebuild state
    """
    settings = operator_settings("rebuild", "projector")
    chosen = workspace or settings.workspace
    done = _run(settings, chosen, projection, quiet=as_json)
    if as_json:
        print_json({"data": [one.document(chosen) for one in done]})
        return
    for one in done:
        say(
            Text(
                f"{chosen}의 {one.projection}: 빌드 {one.build}을(를) 쓰기 시작했습니다."
                f" 이벤트 {one.events:,}건, {one.seconds:.1f}초(초당 {one.rate:,.0f}건)",
                f"{one.projection} of {chosen}: build {one.build} is live, "
                f"{one.events:,} events in {one.seconds:.1f} s ({one.rate:,.0f}/s)",
            )
        )


def _run(settings: Settings, workspace: str, projection: str, *, quiet: bool) -> list[Rebuilt]:
    # Here: other commands need neither NATS nor PostgreSQL.
    from projections.groups import GROUPS

    names = list(GROUPS) if projection == "all" else [projection]
    if not set(names) <= GROUPS.keys():
        fail(no_projection(projection, [*GROUPS, "all"]))
    work = _rebuild(settings, workspace, names, quiet=quiet)
    try:
        return run_for_operator(settings, work, role="projector", runner=loop.run)
    except KeyboardInterrupt:
        fail(Text("중단했습니다. 쓰고 있던 빌드는 그대로입니다", "interrupted; the live build is as it was"))


async def _rebuild(settings: Settings, workspace: str, names: list[str], *, quiet: bool) -> list[Rebuilt]:
    from projections.groups import GROUPS
    from services.ledger import Ledger
    from services.projector.builds import prepare_control, projector_engine
    from services.projector.rebuild import rebuild
    from services.runtime.garbage import collect_rarely

    collect_rarely()
    engine = projector_engine(settings)
    done = []
    try:
        async with await Ledger.connect(
            settings, name="goaltrail-rebuild", timeout=CONNECT_SECONDS
        ) as ledger:
            head = await ledger.head(workspace)
            await prepare_control(engine)
            with _progress(quiet=quiet) as progress:
                for name in names:
                    task = progress.add_task(name, total=head)
                    started = time.monotonic()

                    def report(position: int, last: int, task: Any = task) -> None:
                        progress.update(task, completed=position, total=last)

                    build = await rebuild(engine, ledger, workspace, GROUPS[name], report)
                    events = int(progress.tasks[task].completed)
                    done.append(Rebuilt(name, build.number, events, time.monotonic() - started))
    finally:
        await engine.dispose()
    return done


class _Rate(ProgressColumn):
    """Events done and how many a second."""

    def render(self, task: Task) -> Styled:
        """One task's text."""
        speed = task.finished_speed or task.speed
        rate = f"{speed:,.0f}/s" if speed else "–/s"
        done, total = f"{task.completed:,.0f}", f"{task.total or 0:,.0f}"
        told = Text(f"이벤트 {total}건 중 {done}건", f"{done} of {total} events").told(language())
        return Styled(f"{told}  {rate}")


def _progress(*, quiet: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
