"""The problem documents that operations may answer with, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from services.api.http.problems import MEDIA_TYPE, TITLES

_EXAMPLES: dict[int, tuple[str, str]] = {
    400: ("invalid_json", "The body is not JSON: Expecting ',' delimiter."),
    401: ("token_invalid", "The token is unknown, revoked or expired."),
    403: ("role_not_allowed", "The role viewer does not allow this."),
    404: ("not_found", "There is no objective 'growth'."),
    408: ("request_too_slow", "The request did not come in time; send it again."),
    409: ("cycle_closed", "the cycle 2026-q1 is closed, so its goals change no more"),
    412: ("stale", "It was changed since you read it. Read it again."),
    413: ("body_too_large", "The body is too large."),
    415: ("media_type", "This media type is not known here."),
    422: ("invalid", "1 value is not valid: Field required"),
    428: ("if_match_missing", "Send If-Match with the ETag of the read."),
    429: ("too_many_requests", "Too many requests come from this token or address."),
    503: ("views_unavailable", "The views are not available now."),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route: a problem document with an example for each status."""
    return {status: _described(status) for status in statuses}


def _described(status: int) -> dict[str, Any]:
    code, detail = _EXAMPLES[status]
    title = TITLES[status].en
    example: dict[str, Any] = {
        "type": f"urn:goaltrail:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if status == 422:
        example["errors"] = [{"pointer": "#/target", "code": "missing", "detail": "Field required"}]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


READ = problems(401, 403, 404, 422, 503)
CREATE = problems(400, 401, 403, 409, 413, 422, 503)
CHANGE = problems(400, 401, 403, 404, 409, 412, 413, 422, 428, 503)
STEP = problems(400, 401, 403, 404, 409, 412, 413, 422, 503)
