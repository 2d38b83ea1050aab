"""Bodies in JSON, read without rounding."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from events.json_input import LoneSurrogate, NamedTwice, NulCharacter, TooComplex, check_shape, exact_json
from services.api.http.problems import Problem

MOST_VALUES = 5000
"""Values of a body; the largest that a command takes has some 1,200."""
DEEPEST = 32
"""Objects and lists in one another; no command takes more than five."""


class ExactRequest(Request):
    """A request whose JSON body is read without rounding: fractions become Decimal, NaN is refused."""

    async def json(self) -> Any:
        """Return the body. Raises Problem 400."""
        body = await self.body()
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Problem(
                400,
                "not_utf8",
                f"The body is not UTF-8: byte {error.start} does not fit.",
                f"본문이 UTF-8이 아닙니다: {error.start}번째 바이트를 읽을 수 없습니다.",
            ) from None
        try:
            check_shape(text, values=MOST_VALUES, depth=DEEPEST)
            return exact_json(text)
        except TooComplex:
            raise Problem(
                413,
                "body_too_complex",
                f"A body may hold at most {MOST_VALUES} values, in at most {DEEPEST} levels.",
                f"본문에는 값을 {MOST_VALUES}개까지, {DEEPEST}단계까지 담을 수 있습니다.",
            ) from None
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise Problem(
                400,
                "invalid_json",
                f"The body is not JSON: {error.msg} at {place}.",
                f"본문이 JSON이 아닙니다: {error.lineno}행 {error.colno}열, {error.msg}.",
            ) from None
        except NamedTwice as error:
            raise Problem(
                400,
                "named_twice",
                f"The body has {error.name[:80]!r} twice in one object: send the one that is meant.",
                f"본문의 한 객체에 {error.name[:80]!r} 항목이 두 번 있습니다. 하나만 보내십시오.",
            ) from None
        except LoneSurrogate:
            raise Problem(
                400,
                "lone_surrogate",
                "The body holds half of a character (a surrogate without the other one), which is no text.",
                "본문에 글자의 반쪽(짝이 없는 서로게이트)이 있어 텍스트로 읽을 수 없습니다.",
            ) from None
        except NulCharacter:
            raise Problem(
                400,
                "nul_character",
                "The body holds the character U+0000, which can't be stored.",
                "본문에 저장할 수 없는 문자 U+0000이 있습니다.",
            ) from None
        except ValueError as error:
            raise Problem(
                400,
                "invalid_json",
                f"The body holds a number that can't be read: {error}.",
                "본문에 읽을 수 없는 숫자가 있습니다."
                " NaN이나 Infinity가 아닌, 정수부 26자리·소수부 12자리 이내의 숫자를 보내십시오.",
            ) from None


class ExactRoute(APIRoute):
    """A route that reads its body as ExactRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def exact(request: Request) -> Response:
            if takes_body:
                _check_media_type(request)
            return await handle(ExactRequest(request.scope, request.receive))

        return exact


def _check_media_type(request: Request) -> None:
    """Refuse a body that is not JSON. Raises 415."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Problem(
            415,
            "media_type",
            f"Send JSON with Content-Type: application/json, not {media_type[:80] or 'without one'}.",
            "Content-Type: application/json 헤더와 함께 JSON을 보내십시오.",
            headers={"Accept": "application/json"},
        )
