"""The language a command speaks, and how it ends with one line when it can't go on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from events.text import Language, Text

_chosen: Language | None = None


Lang = Annotated[
    Language | None,
    typer.Option("--lang", help="Language of what is printed.", show_default="the terminal's"),
]


def choose(lang: Language | None) -> Language:
    """Speak this language from now on, None the terminal's; return which that is."""
    global _chosen
    _chosen = lang
    return language()


def language() -> Language:
    """Return what --lang says, else ko when the terminal's locale is Korean, else en."""
    if _chosen is not None:
        return _chosen
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ko" if locale.startswith("ko") else "en"


class Failure(Exception):
    """A command can't go on; the text is one line for a person."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def fail(text: Text) -> NoReturn:
    """Print one line on stderr and exit with 1."""
    typer.echo(f"goaltrail: {' '.join(text.told(language()).split())}", err=True)
    raise typer.Exit(1)


def say(text: Text, *, err: bool = False) -> None:
    """Print a sentence."""
    typer.echo(text.told(language()), err=err)


def as_reported(by: object) -> Text:
    """Return what the API, the settings or an engine reports, in the language it came in."""
    return Text(str(by), str(by))


def postgres_failed(error: Exception) -> Text:
    """Return the first line of what PostgreSQL, or the connection to it, reports."""
    cause = getattr(error, "orig", None) or error
    return as_reported(f"PostgreSQL: {str(cause).splitlines()[0] if str(cause) else type(cause).__name__}")


def cannot_read(file: Path, error: OSError) -> Text:
    """Say that a file can't be read, and why."""
    return Text(f"{file}을(를) 읽을 수 없습니다: {error.strerror}", f"can't read {file}: {error.strerror}")
