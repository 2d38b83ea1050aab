"""Links between pages lead somewhere, and every page can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])

_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)


def links(page: Path) -> list[tuple[Path, str]]:
    """File and anchor of each link to a file of ours; the page itself for a link within it."""
    found = []
    for link in _LINK.finditer(_CODE.sub("", page.read_text(encoding="utf-8"))):
        target, _, anchor = link["target"].partition("#")
        if not re.match(r"[a-z]+:", target):
            found.append(((page.parent / target).resolve() if target else page, anchor))
    return found


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = (heading["title"].replace("`", "") for heading in _HEADING.finditer(text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file or heading of the repository finds it."""
    broken = [
        f"{target}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target))
    ]
    assert broken == []


def test_every_page_can_be_found() -> None:
    """From the README, by following links."""
    found, pending = set(), [REPOSITORY / "README.md"]
    while pending:
        page = pending.pop()
        if page not in found and page.suffix == ".md" and page.exists():
            found.add(page)
            pending += [target for target, _ in links(page)]
    assert [str(page) for page in PAGES if page not in found] == []


def test_names_of_files_in_the_source_are_those_of_files() -> None:
    """A comment or docstring that sends its reader to a file is changed with the name of that file."""
    files = [
        file
        for room in ("services", "events", "projections", "docs", "benchmarks", "tests")
        for file in (REPOSITORY / room).rglob("*.py")
    ]
    names = {file.name for file in files}
    gone = [
        f"{file.relative_to(REPOSITORY)}: {name}"
        for file in files
        if file.relative_to(REPOSITORY).parts[0] != "tests"
        for name in re.findall(r"(?<![\w{}*])[a-z_]+\.py\b", file.read_text(encoding="utf-8"))
        if name not in names
    ]
    assert gone == []
