"""The language that an answer is in: Korean or English, by Accept-Language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from events.text import Language
from services.api.http.problems import preferred_language


async def language(
    accept_language: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Language:
    """Return the language that the caller prefers: ko or en."""
    return preferred_language(accept_language)


Lang = Annotated[Language, Depends(language)]
