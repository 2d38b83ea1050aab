"""The reference of HTTP paths, from the OpenAPI document."""

from __future__ import annotations

from services.api.app import TAGS, application

HEAD = """# HTTP paths

Written by `make docs` from the OpenAPI document, which the API serves at `/openapi.json` with schemas and
an example for every operation. What all operations have in common is in [http.md](http.md).
"""


def paths_reference() -> str:
    """A table of operations for each tag."""
    document = application().openapi()
    parts = [HEAD]
    for tag in TAGS:
        parts.append(f"\n## {tag['name']}\n\n{tag['description']}\n\n| | path | does |\n|---|---|---|\n")
        parts += [
            f"| {method.upper()} | `{path}` | {operation['summary']} |\n"
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if tag["name"] in operation["tags"]
        ]
    return "".join(parts)
