"""What the pages use of curl, for machines that have none: `make test` needs only Python and make."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import httpx


def main(arguments: list[str]) -> int:
    """One request; the answer's body on standard output."""
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-S", "--show-error", action="store_true")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-d", "--data", "--data-binary")
    parser.add_argument("-D", "--dump-header")
    parser.add_argument("-o", "--output", default="-")
    asked = parser.parse_args(arguments)
    headers = [tuple(header.split(": ", 1)) for header in asked.header]
    method = asked.request or ("GET" if asked.data is None else "POST")
    try:
        answer = httpx.request(method, asked.url, headers=headers, content=_content(asked.data), timeout=60)
    except httpx.HTTPError as error:
        sys.stderr.write(f"curl: {error}\n")
        return 7
    if asked.dump_header is not None:
        lines = [
            f"HTTP/1.1 {answer.status_code}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        _write(asked.dump_header, "".join(f"{line}\r\n" for line in [*lines, ""]).encode())
    _write(asked.output, answer.content)
    return 0


def _write(target: str, content: bytes) -> None:
    if target == "-":
        sys.stdout.buffer.write(content)
    else:
        Path(target).write_bytes(content)


def _content(data: str | None) -> bytes | None:
    if data is None:
        return None
    return Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
