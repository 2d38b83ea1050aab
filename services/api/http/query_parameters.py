"""Query parameters and ids in paths: one that a path does not have is refused, and so is a NUL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant

from events.text import Text
from services.api.http.problems import invalid_parameter


async def plain_parameters(request: Request) -> None:
    """Refuse parameters of the path and the query that no operation can work with. Raises 422."""
    _refuse_nul(request)
    _refuse_unknown(request)


def _refuse_nul(request: Request) -> None:
    """Refuse U+0000, which PostgreSQL stores in no text: a body with it is refused, too (`exact_json`)."""
    for name, text in (*request.path_params.items(), *request.query_params.multi_items()):
        if "\0" in str(text):
            raise invalid_parameter(
                name[:80],
                "nul_character",
                "A parameter holds the character U+0000, which is in nothing that is stored.",
                "매개변수에 저장될 수 없는 문자 U+0000이 있습니다.",
            )


def _refuse_unknown(request: Request) -> None:
    """Refuse a query parameter that the path has not: `as_off` would give today's figures."""
    if not request.scope["query_string"]:
        return
    known = list(dict.fromkeys(_query_names(request.scope["route"].dependant)))
    for name in request.query_params:
        if name not in known:
            raise invalid_parameter(
                name[:80],
                "parameter_unknown",
                f"There is no parameter {name[:80]!r} here{_hint(name, known).en}",
                f"{name[:80]!r} 매개변수는 없습니다. {_hint(name, known).ko}",
            )


def _hint(name: str, known: Sequence[str]) -> Text:
    for meant in get_close_matches(name[:80], known, 1):
        return Text(f"{meant!r} 매개변수를 쓰려고 하셨습니까?", f"; did you mean {meant!r}?")
    takes = ", ".join(known)
    return Text(f"쓸 수 있는 것: {takes or '없음'}.", f"; this path takes {takes}." if known else ".")


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)
