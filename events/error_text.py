"""What an exception says, for a person who has one line for it."""

from __future__ import annotations

from pydantic import ValidationError


def explained(error: BaseException) -> str:
    """In one line; of a validation the first thing that is wrong, and where it is."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    first, *more = error.errors(include_url=False, include_context=False, include_input=False)
    place = ".".join(str(part) for part in (error.title, *first["loc"]))
    return f"{place}: {first['msg']}" + (f" (and {len(more)} more)" if more else "")
