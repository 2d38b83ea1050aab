"""Errors as RFC 9457 problem documents with a stable `code`, in Korean or English by Accept-Language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from events.text import Language, Text, counted
from services.api.http.validation_texts import korean

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 2
"""Seconds a client is asked to wait when an engine is away."""

TITLES: dict[int, Text] = {
    400: Text("요청을 읽을 수 없습니다", "The request can't be read"),
    401: Text("인증되지 않았습니다", "Not signed in"),
    403: Text("허용되지 않습니다", "Not allowed"),
    404: Text("찾을 수 없습니다", "Not found"),
    405: Text("허용되지 않는 메서드입니다", "Method not allowed"),
    406: Text("제공할 수 없는 형식입니다", "Not acceptable"),
    408: Text("요청이 제때 오지 않았습니다", "The request came too slowly"),
    409: Text("지금은 할 수 없는 단계입니다", "Not allowed now"),
    410: Text("더 이상 없습니다", "Gone"),
    412: Text("읽은 뒤에 변경되었습니다", "Changed since it was read"),
    413: Text("너무 큽니다", "Too large"),
    415: Text("알 수 없는 미디어 형식입니다", "Unknown media type"),
    422: Text("올바르지 않은 값입니다", "Invalid"),
    428: Text("If-Match가 없습니다", "If-Match is missing"),
    429: Text("요청이 너무 많습니다", "Too many requests"),
    431: Text("헤더가 너무 큽니다", "Header too large"),
    500: Text("내부 오류", "Internal error"),
    503: Text("지금은 이용할 수 없습니다", "Not available now"),
    507: Text("저장 공간이 부족합니다", "No room to store anything"),
}

_SECOND_PERSON = Text("다른 사람이 해야 합니다", "It takes a second person")
_TITLES_OF_CODES: dict[str, Text] = {
    "role_not_allowed": Text("이 역할에는 허용되지 않습니다", "Not allowed for this role"),
    "own_line": _SECOND_PERSON,
    "own_request": _SECOND_PERSON,
}
"""Where a code says more than its status."""

MOST_ERRORS = 20
"""Fields that an answer names. Nobody mends hundreds by hand, and each costs ten times what it came as."""
_LONGEST_PART = 80
"""Characters of a name in a pointer."""


class FieldError(NamedTuple):
    """What is wrong with one field. `place` is (`pointer` | `parameter` | `header`, where)."""

    place: tuple[str, str]
    code: str
    text: Text


class Problem(HTTPException):
    """An error answer. `en` and `ko` are one sentence each for a person; `code` is for programs."""

    def __init__(
        self,
        status: int,
        code: str,
        en: str,
        ko: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(status, code, dict(headers or {}))
        self.code = code
        self.text = Text(ko, en)
        self.errors = list(errors)
        self.members = members
        """Further members of the document, such as `allowed`."""

    def document(self, language: Language) -> dict[str, Any]:
        """Return the problem document in one language."""
        document: dict[str, Any] = {
            "type": f"urn:goaltrail:problem:{self.code}",
            "title": self._title().told(language),
            "status": self.status_code,
            "detail": self.text.told(language),
            "code": self.code,
            **self.members,
        }
        if self.errors:
            document["errors"] = [
                {
                    error.place[0]: error.place[1],
                    "code": error.code,
                    "detail": error.text.told(language),
                }
                for error in self.errors
            ]
        return document

    def _title(self) -> Text:
        return _TITLES_OF_CODES.get(self.code) or TITLES.get(self.status_code, Text("오류", "Error"))

    def response(self, accept_language: str | None) -> Response:
        """Return the answer to send."""
        language = preferred_language(accept_language)
        headers = {**(self.headers or {}), "Content-Language": language}
        return Response(orjson.dumps(self.document(language)), self.status_code, headers, MEDIA_TYPE)


def storage_full() -> Problem:
    """507: the ledger's disk is full."""
    return Problem(
        507,
        "storage_full",
        "The disk of the ledger is full, so nothing more can be stored. Once there is room, repeat the"
        " request; what was stored already is not stored again.",
        "원장을 저장하는 디스크가 가득 차서 더 기록할 수 없습니다. 공간이 생기면 다시 요청하십시오."
        " 이미 기록된 것은 다시 기록되지 않습니다.",
        headers={"Retry-After": "10"},
    )


def unavailable(code: str, en: str, ko: str, retry_after: float = RETRY_AFTER) -> Problem:
    """503 with Retry-After."""
    return Problem(503, code, en, ko, headers={"Retry-After": str(max(1, round(retry_after)))})


def invalid_parameter(name: str, code: str, en: str, ko: str) -> Problem:
    """422 about one query parameter."""
    return Problem(422, code, en, ko, errors=[FieldError(("parameter", name), code, Text(ko, en))])


def invalid_header(name: str, code: str, en: str, ko: str) -> Problem:
    """422 about one header."""
    return Problem(422, code, en, ko, errors=[FieldError(("header", name), code, Text(ko, en))])


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Return what pydantic found, as one problem: 400 for broken JSON, else 422 with a JSON pointer per
    field.
    """
    if any(error["type"] == "json_invalid" for error in errors):
        why = str(errors[0].get("ctx", {}).get("error", errors[0]["msg"]))
        return Problem(
            400, "invalid_json", f"The body is not JSON: {why}.", f"본문이 JSON이 아닙니다: {why}."
        )
    fields = [
        FieldError(_place(error["loc"]), str(error["type"]), Text(korean(error), _sentence(error)))
        for error in errors[:MOST_ERRORS]
    ]
    are = "are" if len(errors) > 1 else "is"
    return Problem(
        422,
        "invalid",
        f"{counted(len(errors), 'value')} {are} not valid: {fields[0].text.en}",
        f"올바르지 않은 값이 {len(errors)}개 있습니다: {fields[0].text.ko}",
        errors=fields,
    )


def pointer(path: Sequence[str | int]) -> str:
    """Return a JSON pointer (RFC 6901) as the URI fragment that RFC 9457 uses: `#/key_results/0/target`."""
    return "#" + "".join("/" + _part(part) for part in path)


def _part(part: str | int) -> str:
    return str(part)[:_LONGEST_PART].replace("~", "~0").replace("/", "~1")


def preferred_language(accept_language: str | None) -> Language:
    """ko or en by RFC 9110 quality values; en when neither is named."""
    best: tuple[float, Language] = (0.0, "en")
    for item in (accept_language or "")[:200].split(","):
        tag, _, parameters = item.strip().partition(";")
        primary = tag.split("-")[0].lower()
        name, _, weight = parameters.strip().partition("=")
        try:
            quality = float(weight) if name == "q" else 1.0
        except ValueError:
            continue
        if primary == "ko" and quality > best[0]:
            best = (quality, "ko")
        elif primary in ("en", "*") and quality > best[0]:
            best = (quality, "en")
    return best[1]


def _place(location: Sequence[str | int]) -> tuple[str, str]:
    first, rest = location[0], location[1:]
    if first == "body":
        # A broken tagged union names the tag too; people send fields, so only those are shown.
        return "pointer", pointer(rest)
    if first == "header":
        return "header", "-".join(part.capitalize() for part in str(rest[0]).replace("_", "-").split("-"))
    return "parameter", str(rest[0]) if rest else ""


def _sentence(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].upper() + message[1:]
