"""Put the text of an exception into one line for a person."""

from __future__ import annotations

from pydantic import ValidationError


def explained(error: BaseException) -> str:
    """Return what an exception says in one line; of a validation the first error, and where it is."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    first, *more = error.errors(include_url=False, include_context=False, include_input=False)
    place = ".".join(str(part) for part in (error.title, *first["loc"]))
    return f"{place}: {first['msg']}" + (f" (and {len(more)} more)" if more else "")
