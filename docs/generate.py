"""Writes the pages of docs/ that follow from the code: `make docs`, or `python -m docs.generate`.

A page is a function that returns Markdown; a new one is named in PAGES. A test compares them with the files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docs.pages.advice import advice_reference
from docs.pages.commands import commands_reference
from docs.pages.events import events_reference
from docs.pages.metrics import metrics_reference
from docs.pages.paths import paths_reference
from docs.pages.problems import problems_reference
from docs.pages.readings import readings_reference
from docs.pages.views import views_reference
from services.runtime.settings_reference import settings_reference

DOCS = Path(__file__).parent

PAGES: dict[str, Callable[[], str]] = {
    "reference/advice.md": advice_reference,
    "reference/cli.md": commands_reference,
    "reference/events.md": events_reference,
    "reference/http-paths.md": paths_reference,
    "reference/metrics.md": metrics_reference,
    "reference/problems.md": problems_reference,
    "reference/readings.md": readings_reference,
    "reference/settings.md": settings_reference,
    "reference/views.md": views_reference,
}
"""By path below docs/."""


def main() -> None:
    """Write every page."""
    for path, page in PAGES.items():
        target = DOCS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
