"""The reference of the command line, from the Typer application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from services.cli.main import app

HEAD = """# Commands

Written by `make docs` from `services/cli/`. `goaltrail COMMAND --help` says the same.

Commands with `--url` and `--token-file` talk to the HTTP API. The others are for operators and talk to NATS
and PostgreSQL themselves: they read the settings that `goaltrail up` wrote below its data directory
(`GOALTRAIL_DATA`, by default `./data`), or [`GOALTRAIL_…` variables](settings.md).

`--json` prints one JSON document. An error is one line on standard error and an exit code that is not 0.
Answers and errors are in Korean when the terminal's locale is, else in English (`--lang` chooses). In English
only are help, what is wrong with an option, the lines of `up` and `doctor`, logs, and what settings, NATS,
PostgreSQL or the operating system report.
"""


def commands_reference() -> str:
    """Every command with its usage, options and example."""
    parts = [HEAD]
    for name, command in _commands(get_command(app), "goaltrail"):
        parts.append(_page(name, command))
    return "".join(parts)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands of a group and of the groups in it, in the order of `--help`."""
    context = typer.Context(command, info_name=name)
    for child_name in command.list_commands(context):
        child = command.get_command(context, child_name)
        if hasattr(child, "list_commands"):
            yield from _commands(child, f"{name} {child_name}")
        else:
            yield f"{name} {child_name}", child


def _page(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=name)
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    told, _, example = command.help.partition("\n\nExample: ")
    parts = [f"\n## {name}\n\n{told}\n\n```text\n{usage}\n```\n"]
    records = [record for param in command.params if (record := param.get_help_record(context))]
    if records:
        parts.append("\n| argument or option | meaning |\n|---|---|\n")
        parts += [f"| `{_cell(option)}` | {_cell(meaning)} |\n" for option, meaning in records]
    if example:
        parts.append(f"\nExample: `{example}`\n")
    return "".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
