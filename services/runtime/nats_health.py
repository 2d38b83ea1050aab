"""What nats-server's monitoring page tells of its disk.

After a write that failed for want of space the server keeps the stream closed until it is started again, also
when there is space again. It answers everything but writes meanwhile, and those not at all.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request

_FULL = re.compile(r"no space left on device|quota exceeded", re.IGNORECASE)
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The page is on loopback or in a private network: no proxy of the environment is asked."""


def closed_by_full_disk(monitor_url: str, *, seconds: float = 1.0) -> str | None:
    """Return the server's words on a stream that it closed because its disk was full; None if none is."""
    try:
        with _OPENER.open(f"{monitor_url}/healthz", timeout=seconds):
            return None
    except urllib.error.HTTPError as error:
        said = error.read(4096).decode(errors="replace")
        return said if _FULL.search(said) else None
    except (urllib.error.URLError, OSError):
        return None  # that it is away is told elsewhere
