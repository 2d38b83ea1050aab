"""The reference of problem codes, from the places in the code that raise them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent

HEAD = """# Problem codes

Written by `make docs` from `events/` and `services/`.

Errors over HTTP are problem documents ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

```json
{
  "type": "urn:goaltrail:problem:cycle_closed",
  "title": "Not allowed now",
  "status": 409,
  "detail": "the cycle 2025-q2 is closed, so its goals change no more",
  "code": "cycle_closed",
  "allowed": ["reopen_cycle"]
}
```

Programs look at `code`, which stays; `title` and `detail` are for people, in Korean or English by
`Accept-Language`. `errors[]` says which `pointer` of the body, `parameter` or `header` it is about. `allowed`
names the steps that are possible instead. A 503 has `Retry-After` in seconds.

The code `invalid` (422) sums up what is wrong with single fields; each of its `errors[]` has a code of its
own: one of this page, or one of [pydantic's](https://docs.pydantic.dev/latest/errors/validation_errors/) such
as `missing`. Codes of single readings in a receipt are in [readings.md](readings.md).

| status | code | what it says |
|---|---|---|
"""


class _Raiser(NamedTuple):
    """Where a call has its code and its English sentence, and the status that it means."""

    code: int
    sentence: int
    status: int | None = None
    """None: the first argument."""


_RAISERS = {
    "Problem": _Raiser(1, 2),
    "Unreadable": _Raiser(0, 1, 400),
    "_unauthenticated": _Raiser(0, 1, 401),
    "Refused": _Raiser(0, 1, 409),
    "broken": _Raiser(0, 1, 422),
    "_broken": _Raiser(0, 1, 422),
    "invalid_header": _Raiser(1, 2, 422),
    "invalid_parameter": _Raiser(1, 2, 422),
    "unavailable": _Raiser(0, 1, 503),
}
_KINDS = {"conflict": 409, "invalid": 422, "not_found": 404, "forbidden": 403}


def problems_reference() -> str:
    """Every code with its status and what it says in English."""
    sentences: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for status, code, sentence in sorted(_found()):
        if sentence not in sentences[status, code]:
            sentences[status, code].append(sentence)
    rows = [
        f"| {status} | `{code}` | {' · '.join(said)} |\n"
        for (status, code), said in sorted(sentences.items())
    ]
    return HEAD + "".join(rows)


def _found() -> Iterator[tuple[int, str, str]]:
    for layer in ("events", "services"):
        for path in sorted((ROOT / layer).rglob("*.py")):
            if path.is_relative_to(ROOT / "services" / "cli"):
                continue  # what is wrong with a command is told at the terminal
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in _RAISERS
                ):
                    yield from _problem(node, _RAISERS[node.func.id])


def _problem(call: ast.Call, raiser: _Raiser) -> Iterator[tuple[int, str, str]]:
    """(status, code, sentence) of a call, unless it hands on what another call said."""
    if len(call.args) <= raiser.sentence:
        return
    code, sentence = _text(call.args[raiser.code]), _text(call.args[raiser.sentence])
    status = raiser.status
    first = call.args[0]
    if status is None and isinstance(first, ast.Constant):
        status = int(str(first.value))
    kind = next((word.value for word in call.keywords if word.arg == "kind"), None)
    if isinstance(kind, ast.Constant):
        status = _KINDS[str(kind.value)]
    if status is not None and code is not None and sentence is not None:
        yield status, code, " ".join(sentence.split()).replace("|", "\\|")


def _text(node: ast.expr) -> str | None:
    """A text as it stands in the code, `…` for what is filled in; None for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in values)
        case _:
            return None
