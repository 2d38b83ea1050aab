"""The commands in a page, and what the page says they print.

Every ```sh block of a page runs, in order, in one shell. A ```text or ```json block right behind one is what
it prints; `…` stands for any text there. Comments before a block say what is different about it:

    <!-- not run: why -->    it needs something that a test does not have
    <!-- fails -->           its last command ends with an error, as the page says
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(
    r"(?P<comment><!--[^\n]*-->\n)?(?P<indent> *)```sh\n(?P<code>.*?)\n *```\n"
    r"(?:\n* *```(?:text|json)\n(?P<output>.*?)\n *```\n)?",
    re.DOTALL,
)


class Snippet(NamedTuple):
    """One block of commands."""

    line: int
    """Of its first command in the page, from 1."""
    code: str
    output: str | None
    """What the page says it prints; None if it says nothing."""
    fails: bool


def snippets(page: Path) -> list[Snippet]:
    """The blocks of a page that run."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in _BLOCK.finditer(text):
        comment = block["comment"] or ""
        if comment.startswith("<!-- not run"):
            continue
        indent = re.compile(f"^{block['indent']}", re.MULTILINE)
        output = block["output"]
        found.append(
            Snippet(
                text.count("\n", 0, block.start("code")) + 1,
                indent.sub("", block["code"]),
                None if output is None else indent.sub("", output),
                comment.startswith("<!-- fails"),
            )
        )
    return found


def printed_as_said(said: str, printed: str) -> bool:
    """Whether the output is what the page says, blanks at the ends of lines aside."""
    pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", _tidy(said)))
    return re.fullmatch(pattern, _tidy(printed), re.DOTALL) is not None


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
