"""Query parameters: one that a path does not have is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant

from events.text import Text
from services.api.http.problems import invalid_parameter


async def known_parameters(request: Request) -> None:
    """Refuse a query parameter that the path has not: `as_off` would give today's figures. Raises 422."""
    if not request.scope["query_string"]:
        return
    known = list(dict.fromkeys(_query_names(request.scope["route"].dependant)))
    for name in request.query_params:
        if name not in known:
            raise invalid_parameter(
                name[:80],
                "parameter_unknown",
                f"There is no parameter {name[:80]!r} here{_hint(name, known).en}",
                f"매개변수 {name[:80]!r}은(는) 없습니다. {_hint(name, known).ko}",
            )


def _hint(name: str, known: Sequence[str]) -> Text:
    for meant in get_close_matches(name[:80], known, 1):
        return Text(f"{meant!r}을(를) 쓰려고 하셨습니까?", f"; did you mean {meant!r}?")
    takes = ", ".join(known)
    return Text(f"쓸 수 있는 것: {takes or '없음'}.", f"; this path takes {takes}." if known else ".")


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)
