"""The commands of README, tutorial and how-to pages work word for word, and print what the pages say."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.up.processes import free_port
from tests.docs.snippets import Snippet, printed_as_said, snippets
from tests.up import REPOSITORY, Running

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "docs" / "tutorial.md",
    *sorted((REPOSITORY / "docs" / "how-to").glob("*.md")),
]
PORT = "8642"
"""The port in the pages; the test uses a free one."""
PROBLEM = "urn:goaltrail:problem:"
SECONDS = 120
"""Far more than a page needs: the machine may be busy with other tests."""


@dataclass(frozen=True)
class Site:
    """A running Goaltrail and a directory that looks like the repository of somebody who started it."""

    directory: Path
    running: Running

    def run(self, page: list[Snippet]) -> list[tuple[Snippet, str]]:
        """Run a page's snippets in one shell; what each of them printed. Ends after the first that fails."""
        script = "".join(_steps(number, snippet) for number, snippet in enumerate(page))
        done = subprocess.run(
            ["bash", "-c", script.replace(f":{PORT}", f":{self.running.port}")],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        text = done.stdout.decode().replace(f":{self.running.port}", f":{PORT}")
        outputs = text.split(f"{_MARK}\n")[1:]
        failed = [(page[len(outputs) - 1], outputs[-1])] if done.returncode else []
        for snippet, output in failed:
            pytest.fail(f"line {snippet.line} ended with {done.returncode}:\n{snippet.code}\n---\n{output}")
        return list(zip(page, outputs, strict=True))

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GOALTRAIL_")}
        return kept | {
            "COLUMNS": "100",
            "HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{self.directory / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
        }


_MARK = "\x1e"


def _steps(number: int, snippet: Snippet) -> str:
    # `set -e` inside: a person would stop at the first error, too.
    code = f"if ( set -e\n{snippet.code}\n); then exit 99; fi" if snippet.fails else f"{snippet.code}"
    return f"printf '{_MARK}\\n'\nset -e\n{code}\n"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all pages: each of them brings its own goals and KPIs."""
    directory = tmp_path_factory.mktemp("site")
    port = free_port()
    for name in ("examples", "docs", "deploy"):
        if (REPOSITORY / name).exists():
            shutil.copytree(REPOSITORY / name, directory / name)
    for script in directory.glob("examples/*.sh"):
        script.write_text(script.read_text().replace(f":{PORT}", f":{port}"))
    _make_venv(directory / ".venv" / "bin")
    with Running(directory / "data", port) as running:
        yield Site(directory, running)


def _make_venv(programs: Path) -> None:
    """What a person activates: the programs of the environment that runs the tests."""
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    _program(programs / "python", f'exec "{sys.executable}" "$@"')
    if shutil.which("curl") is None:
        _program(programs / "curl", f'exec "{sys.executable}" "{REPOSITORY}/tests/docs/curl.py" "$@"')
    installed = Path(sysconfig.get_path("scripts")) / "goaltrail"
    if installed.exists():
        (programs / "goaltrail").symlink_to(installed)
    else:
        _program(programs / "goaltrail", f'exec "{sys.executable}" -m services.cli.main "$@"')


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_page_does_what_it_says(site: Site, page: Path) -> None:
    """Its commands succeed, and where it shows an output that is what they print."""
    for snippet, printed in site.run(snippets(page)):
        if snippet.output is None:
            # curl is content with any answer.
            assert PROBLEM not in printed, f"line {snippet.line}: {snippet.code}\n---\n{printed}"
        else:
            assert printed_as_said(snippet.output, printed), (
                f"line {snippet.line}: {snippet.code}\n--- says\n{snippet.output}\n--- printed\n{printed}"
            )
