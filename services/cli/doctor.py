"""`goaltrail doctor`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text as Styled

from services.cli.client import Json, print_json
from services.cli.language import fail
from services.runtime.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from services.doctor.finding import Finding

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(as_json: Json = False) -> None:
    """Check servers, streams, views, clocks, disk and private files; say what to do.

    Exit code 1 if a check fails; a warning is none.

    Example: goaltrail doctor --json
    """
    from services.runtime.logging import configure_logging

    try:
        settings = load_settings("operator")
    except SettingsError as error:
        fail(error.text)
    configure_logging(settings.model_copy(update={"log_level": "error"}), "doctor")
    findings = asyncio.run(_examine(settings, Console() if not as_json else None))
    failed = any(finding.level == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(finding) for finding in findings]})
    if failed:
        raise typer.Exit(1)


async def _examine(settings: Settings, console: Console | None) -> list[Finding]:
    """Show each finding as soon as it is there."""
    from services.doctor.examine import examine  # here: other commands need no servers

    findings: list[Finding] = []
    async for finding in examine(settings):
        findings.append(finding)
        if console is not None:
            line = Styled(f"{finding.level:4}  ", style=_COLOURS[finding.level])
            line.append(finding.text, style="default")
            console.print(line, soft_wrap=True)
            if finding.cure is not None:
                console.print(Styled(f"      → {finding.cure}", style="dim"), soft_wrap=True)
    return findings
