"""URLs among the settings, looked at before anything connects: they may hold a password.

A library that is given a wrong one fails in its own way, often with a part of the URL in its words. So what
no library could work with is told here, by the form that is wanted and never by what was written.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic_core import PydanticCustomError

from events.text import Text

_HOST = re.compile(r"[\w.-]+|[0-9a-fA-F:.]+(?:%[\w.-]+)?")


class UrlForm(NamedTuple):
    """What a URL may look like."""

    wanted: Text
    schemes: tuple[str, ...]
    path: str = r"/?"
    """Pattern of the path."""
    login: bool = False
    """Whether user and password may stand in it, and parameters behind it."""

    def one(self, url: str) -> str:
        """Return a URL without blanks around it. Raises PydanticCustomError."""
        if not self.fits(url.strip()):
            raise PydanticCustomError("url", "{en}", {"en": self.wanted.en, "ko": self.wanted.ko})
        return url.strip()

    def several(self, urls: str) -> str:
        """Return URLs with commas between. Raises PydanticCustomError."""
        return ",".join([self.one(url) for url in urls.split(",") if url.strip()] or [self.one("")])

    def fits(self, url: str) -> bool:
        """Return whether a URL has this form."""
        if not url.isprintable() or " " in url:  # urlsplit would drop tabs and line ends
            return False
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            host.encode("idna")
        except ValueError:
            return False
        return (
            parts.scheme in self.schemes
            and url.startswith(f"{parts.scheme}://")
            and _HOST.fullmatch(host) is not None
            and port != 0
            and re.fullmatch(self.path, parts.path) is not None
            and self._has_login_where_it_may(parts)
        )

    def _has_login_where_it_may(self, parts: SplitResult) -> bool:
        if parts.fragment or parts.netloc.count("@") > self.login:
            return False
        return self.login or not parts.query


NATS = UrlForm(
    Text(
        "nats://host:port 형식이어야 하며 여러 개는 쉼표로 구분합니다."
        " 사용자와 비밀번호는 GOALTRAIL_NATS_USER와 GOALTRAIL_NATS_PASSWORD에 지정하십시오",
        "write nats://host:port, several with commas between; user and password stand in"
        " GOALTRAIL_NATS_USER and GOALTRAIL_NATS_PASSWORD",
    ),
    ("nats", "tls"),
)
MONITOR = UrlForm(
    Text(
        "http://host:port 형식이어야 하며 여러 개는 쉼표로 구분합니다",
        "write http://host:port, several with commas between",
    ),
    ("http", "https"),
)
API = UrlForm(
    Text(
        "http://host:port 형식이어야 하며 사용자와 비밀번호는 넣을 수 없습니다",
        "write http://host:port, without user and password",
    ),
    ("http", "https"),
    path=r"[^@]*",
)
DATABASE = UrlForm(
    Text(
        "postgresql://user:password@host:port/database 형식이어야 합니다. 비밀번호의 /, @, : 같은 기호는"
        " %2F, %40, %3A처럼 쓰거나, 비밀번호를 GOALTRAIL_DATABASE_PASSWORD에 지정하십시오",
        "write postgresql://user:password@host:port/database; in the password write /, @, : and the like as"
        " %2F, %40, %3A, or put it into GOALTRAIL_DATABASE_PASSWORD",
    ),
    ("postgresql", "postgres"),
    path=r"/[^/@]+",
    login=True,
)
