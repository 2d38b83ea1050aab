"""The OpenAPI 3.1 document: what FastAPI makes, with problem documents, headers and an example everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from services.api.http.examples import RESPONSES
from services.api.http.gate import GUARDED
from services.api.http.openapi_responses import problems
from services.api.readings.readings import NDJSON

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In the language of Accept-Language."},
        "code": {"type": "string", "description": "Stable; for programs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string"},
                    "header": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Steps that are allowed now.",
        },
    },
}

_HEADERS = {
    "Goaltrail-Position": {
        "description": "The ledger position of the answer; send it as Goaltrail-Min-Position.",
        "schema": {"type": "integer"},
    },
    "ETag": {"description": "For If-Match of the next change.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` on the answer to a repeated request.",
        "schema": {"type": "string"},
    },
    "Goaltrail-Recorded-At": {
        "description": "When the newest event in this answer's views was recorded.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "Age": {
        "description": "Seconds; only while NATS is away: the answer may be this old.",
        "schema": {"type": "integer"},
    },
}


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Let the application serve the document of some routes."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, routes)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    answer = prepared(document)

    async def openapi(_request: Request) -> Response:
        return await answer()

    app.add_route("/openapi.json", openapi, include_in_schema=False)


def prepared(make: Callable[[], object]) -> Callable[[], Awaitable[Response]]:
    """Return what answers with a large document, which is made once, in a thread: nobody waits meanwhile."""
    made: list[bytes] = []

    async def answer() -> Response:
        if not made:
            made.append(await asyncio.to_thread(lambda: orjson.dumps(make())))
        return Response(made[0], media_type="application/json")

    return answer


def _document(app: FastAPI, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        description=app.description,
        routes=routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
    )
    schemas = document["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "Token of a person or a feed."}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith(GUARDED):
                operation["security"] = [{"token": []}]
                operation["responses"] |= _by_status(429, *([408] if "requestBody" in operation else []))
            for status, response in operation["responses"].items():
                if status.startswith("2"):
                    _complete(method.upper(), path, response, schemas)
                elif "HTTPValidationError" in str(response.get("content")):
                    operation["responses"][status] = problems(422)[422]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["paths"] = dict(sorted(document["paths"].items()))
    return document


def _by_status(*statuses: int) -> dict[str, Any]:
    return {str(status): response for status, response in problems(*statuses).items()}


def _complete(method: str, path: str, response: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add the example and the headers of an answer that is no problem."""
    if path.startswith("/v1/"):
        read = method == "GET"
        names = ["Goaltrail-Position"]
        names += ["Goaltrail-Recorded-At", "Age"] if read else ["Idempotent-Replayed"]
        if not read or path.endswith("}"):
            names.append("ETag")
        response.setdefault("headers", {}).update({name: _HEADERS[name] for name in names})
    for media_type, content in response.get("content", {}).items():
        if "example" in content or "examples" in content:
            continue
        reference = content.get("schema", {}).get("$ref", "")
        examples = schemas.get(reference.rpartition("/")[2], {}).get("examples")
        if (method, path) in RESPONSES and media_type != NDJSON:
            content["example"] = RESPONSES[method, path]
        elif examples:
            content["example"] = examples[0]
