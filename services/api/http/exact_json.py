"""What routers read from a request besides fields: exact JSON, Idempotency-Key, If-Match."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from events.json_input import LoneSurrogate, NamedTwice, NulCharacter, exact_json
from events.text import Language
from services.api.http.problems import Problem, invalid_header, invalid_parameter, preferred_language

KEY_LENGTH = 255
"""Characters an Idempotency-Key may have."""

_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
"""A proxy that packs an answer makes its ETag weak. Ours names a revision and no bytes, so it means the same;
the strong comparison of RFC 9110 (13.1.1) would only keep people behind such a proxy from changing goals."""


class ExactRequest(Request):
    """A request whose JSON body is read without rounding: fractions become Decimal, NaN is refused."""

    async def json(self) -> Any:
        """The body. Raises Problem 400."""
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
            return exact_json(text)
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
                f"본문의 한 객체에 {error.name[:80]!r}이(가) 두 번 있습니다. 하나만 보내십시오.",
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
        except RecursionError:
            raise Problem(
                400, "invalid_json", "The body is nested too deeply.", "본문이 너무 깊게 중첩되어 있습니다."
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
                f"There is no parameter {name[:80]!r} here{_hint(name, known)}",
                f"매개변수 {name[:80]!r}은(는) 없습니다. 쓸 수 있는 것: {', '.join(known) or '없음'}.",
            )


def _hint(name: str, known: Sequence[str]) -> str:
    for meant in get_close_matches(name[:80], known, 1):
        return f"; did you mean {meant!r}?"
    return f"; this path takes {', '.join(known)}." if known else "."


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


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
    """The Idempotency-Key, if there is one. Raises 422 when it is empty or too long."""
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        raise invalid_header(
            "Idempotency-Key",
            "idempotency_key_length",
            f"An Idempotency-Key has 1 to {KEY_LENGTH} characters.",
            f"Idempotency-Key는 1자 이상 {KEY_LENGTH}자 이하여야 합니다.",
        )
    return key


_IF_MATCH = Header(
    alias="If-Match",
    description="The ETag of the read that this change is based on; 428 when missing, 412 when stale.",
    examples=['"1843"'],
)


async def if_match(etag: Annotated[str | None, _IF_MATCH] = None) -> int:
    """The revision that the caller has read. Raises 428 without the header, 412 for no ETag of ours."""
    if etag is None:
        raise Problem(
            428,
            "if_match_missing",
            "Send If-Match with the ETag of the read that this change is based on.",
            "이 변경의 근거가 된 조회의 ETag를 If-Match 헤더로 보내십시오.",
        )
    match = _ETAG.fullmatch(etag.strip())
    if match is None:
        raise Problem(
            412,
            "etag_unknown",
            f'{etag[:80]} is not the ETag of a read; it looks like "1843".',
            f'{etag[:80]}은(는) 조회 응답의 ETag가 아닙니다. 예: "1843".',
        )
    return int(match[1])


async def optional_if_match(etag: Annotated[str | None, _IF_MATCH] = None) -> int | None:
    """The revision that the caller has read, where a change may do without. Raises 412."""
    return None if etag is None else await if_match(etag)


async def language(
    accept_language: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Language:
    """The language that the caller prefers: ko or en."""
    return preferred_language(accept_language)


Lang = Annotated[Language, Depends(language)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
IfMatch = Annotated[int, Depends(if_match)]
OptionalIfMatch = Annotated[int | None, Depends(optional_if_match)]


def etag(revision: int) -> str:
    """The ETag of a revision."""
    return f'"{revision}"'


def fingerprint(request: Request, body: BaseModel | None) -> str:
    """Hash of what is asked: method, path and the meaning of the body, however it was spaced or ordered.

    It is keyed by the Idempotency-Key, which is stored nowhere: a guess at somebody's words can't be
    confirmed by the hash.
    """
    asked = "" if body is None else body.model_dump_json(exclude_unset=True)
    whole = f"{request.method}\n{request.url.path}\n{asked}"
    key = request.headers.get("Idempotency-Key", "")
    return hmac.digest(key.encode(), whole.encode(), "sha256").hex()[:32]


def _check_media_type(request: Request) -> None:
    """A body that is there must be JSON. Raises 415."""
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
