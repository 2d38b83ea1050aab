"""Pages that are written from the code are as the code is now."""

import pytest

from docs.generate import DOCS, PAGES


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_up_to_date(path: str) -> None:
    """If not: `make docs`, and commit the page."""
    assert (DOCS / path).read_text(encoding="utf-8") == PAGES[path]()
