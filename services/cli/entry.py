"""Where the program begins: Ctrl-C before all of it is loaded ends it without a word."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""


def main() -> None:
    """Load the commands and run the one that is asked for."""
    try:
        from services.cli.main import app
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    app()
