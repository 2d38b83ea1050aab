"""What a server hands to the application, for tests that play the server."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope


def post_scope(path: str, headers: Mapping[str, str]) -> Scope:
    """The scope of a POST."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "root_path": "",
    }
