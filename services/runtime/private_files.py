"""Files and directories that only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file in one step: readers see the old text or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def private_directory(path: Path) -> Path:
    """Make a directory 0700, whatever the umask; the modes of its parents stay as they are."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path
