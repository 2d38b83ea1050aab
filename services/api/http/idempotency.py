"""The Idempotency-Key of a request, and what was asked with it."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from services.api.http.problems import invalid_header

KEY_LENGTH = 255
"""Characters an Idempotency-Key may have."""


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Makes the request safe to repeat: the same key and body get the first answer.",
            examples=["5f0c8f5e-target-q2"],
        ),
    ] = None,
) -> str | None:
    """Return the Idempotency-Key, if there is one. Raises 422 when it is empty or too long."""
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        raise invalid_header(
            "Idempotency-Key",
            "idempotency_key_length",
            f"An Idempotency-Key has 1 to {KEY_LENGTH} characters.",
            f"Idempotency-Key는 1자 이상 {KEY_LENGTH}자 이하여야 합니다.",
        )
    return key


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


def fingerprint(request: Request, body: BaseModel | None) -> str:
    """Hash of what is asked: method, path and the meaning of the body, however it was spaced or ordered.

    It is keyed by the Idempotency-Key, which is stored nowhere: a guess at somebody's words can't be
    confirmed by the hash.
    """
    asked = "" if body is None else body.model_dump_json(exclude_unset=True)
    whole = f"{request.method}\n{request.url.path}\n{asked}"
    key = request.headers.get("Idempotency-Key", "")
    return hmac.digest(key.encode(), whole.encode(), "sha256").hex()[:32]
