"""The reference of HTTP paths, from the OpenAPI document."""

from __future__ import annotations

from typing import Any

from services.api.app import TAGS, application

HEAD = """# HTTP paths

Written by `make docs` from the OpenAPI document, which the API serves at `/openapi.json` with schemas and
an example for every operation. The last column says whether a change needs
[`If-Match`](http.md#writes). What all operations have in common is in [http.md](http.md).
"""


def paths_reference() -> str:
    """A table of operations for each tag."""
    document = application().openapi()
    parts = [HEAD]
    for tag in TAGS:
        parts.append(
            f"\n## {tag['name']}\n\n{tag['description']}\n\n| | path | does | If-Match |\n|---|---|---|---|\n"
        )
        parts += [
            f"| {method.upper()} | `{path}` | {operation['summary']} | {_if_match(operation)} |\n"
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if tag["name"] in operation["tags"]
        ]
    return "".join(parts)


def _if_match(operation: dict[str, Any]) -> str:
    """Return whether it takes If-Match: without one that it needs it answers 428."""
    if all(parameter["name"] != "If-Match" for parameter in operation.get("parameters", [])):
        return ""
    return "needed" if "428" in operation["responses"] else "optional"
