"""How user commands talk to the API: where it is, who calls, and errors as one clear line.

client = connect(url, token_file)
goals = client.get("/v1/objectives", cycle="2026-q1")
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import typer

from events.text import Text
from services.cli.language import as_reported, cannot_read, fail, language
from services.runtime import urls
from services.runtime.settings import Settings, SettingsError, load_settings

Url = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="GOALTRAIL_URL", help="Address of the API.", show_default="the one `up` started"
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file", help="File with your token; else GOALTRAIL_TOKEN, else ./data/secrets/admin.token."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]

REQUEST_TIMEOUT = 60.0
"""Seconds for one answer."""


def print_json(value: Any) -> None:
    """Print a value as one JSON document, UTF-8 as it is."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def connect(url: str | None = None, token_file: Path | None = None) -> Client:
    """Return a client for a command's `--url` and `--token-file`.

    Ends the command when there is no token, or no API can be at the URL.
    """
    if url is not None and not urls.API.fits(url):
        fail(Text(f"--url: {urls.API.wanted.ko}", f"--url: {urls.API.wanted.en}"))
    try:
        settings = load_settings("api")
        return Client(url or settings.api_base_url, find_token(settings, token_file))
    except SettingsError as error:
        fail(error.text)


def find_token(settings: Settings, token_file: Path | None) -> str:
    """Return the token from the file, else GOALTRAIL_TOKEN, else what `up` wrote.

    Ends the command when there is none.
    """
    said = os.environ.get("GOALTRAIL_TOKEN", "").strip() if token_file is None else ""
    place = "GOALTRAIL_TOKEN"
    if not said:
        file = token_file or settings.data / "secrets" / "admin.token"
        if token_file is None and not file.exists():
            fail(
                Text(
                    f"토큰 파일이 없습니다: {file}. --token-file을 쓰거나 GOALTRAIL_TOKEN을 설정하십시오",
                    f"no token: there is no {file}; use --token-file or set GOALTRAIL_TOKEN",
                )
            )
        said, place = _token_in(file), str(file)
    if not said.isascii() or not said.isprintable():
        fail(
            Text(
                f"{place}의 내용은 토큰이 아닙니다. 토큰에는 영문자, 숫자, -, _만 들어갑니다",
                f"what stands in {place} is no token: a token has letters, digits, - and _ only",
            )
        )
    return said


def _token_in(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace").strip()
    except OSError as error:
        fail(cannot_read(file, error))


class Client:
    """Requests with the caller's token. Every failure ends the command with one line and exit code 1."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.http = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(REQUEST_TIMEOUT, connect=5.0),
            # No idle connection is left behind when a command ends; on loopback a new one costs nothing.
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Authorization": f"Bearer {token}", "Accept-Language": language()},
        )

    def get(self, path: str, **params: Any) -> Any:
        """Return the answer's JSON; parameters that are None are left out."""
        return self.request("GET", path, params=params).json()

    def post(self, path: str, body: Any, *, headers: dict[str, str] | None = None) -> Any:
        """Send JSON and return the answer's JSON."""
        return self.request("POST", path, json=body, headers=headers).json()

    def delete(self, path: str) -> None:
        """Delete; the answer has no content."""
        self.request("DELETE", path)

    def request(
        self, method: str, path: str, *, params: dict[str, Any] | None = None, **content: Any
    ) -> httpx.Response:
        """One request; `content` is httpx's content, json or headers."""
        sent = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = self.http.request(method, path, params=sent, **content)
        except httpx.ConnectError:
            fail(nobody_answers(self.url))
        except httpx.TimeoutException:
            fail(Text(f"{self.url}이(가) 제때 응답하지 않았습니다", f"{self.url} did not answer in time"))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            fail(as_reported(f"{self.url}: {error}"))
        if response.is_error:
            fail(_no_time(response, sent) or as_reported(problem_line(response)))
        return response


TIMES = ("from", "to", "as_of", "known_at")
"""The parameters of reads that are days or times; the option of a command has the same name."""


def option(parameter: str) -> str:
    """Return what a person types for a parameter of a read."""
    return f"--{parameter.replace('_', '-')}" if parameter in TIMES else parameter


def no_day(parameter: str, value: str) -> Text:
    """Say that what was given for a parameter of a read is no day."""
    return Text(
        f"{option(parameter)} {value!r}은(는) 올바른 날짜가 아닙니다(예: 2025-03-31)",
        f"{option(parameter)} {value!r} is no day such as 2025-03-31",
    )


def _no_time(response: httpx.Response, sent: dict[str, Any]) -> Text | None:
    """Say which parameter is no day and no time, where the API refused it; None if none is."""
    if response.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
        return None
    for name in TIMES:
        try:
            datetime.fromisoformat(str(sent.get(name, "2025-03-31")))
        except ValueError:
            return no_day(name, str(sent[name]))
    return None


def problem_line(response: httpx.Response) -> str:
    """Return a problem document as one line: what, where, and the code to look up."""
    try:
        document = response.json()
        text = document.get("detail") or document["title"]
    except (ValueError, KeyError, TypeError, AttributeError):
        status = f"{response.status_code} {response.reason_phrase}"
        return Text(f"API가 {status}(으)로 응답했습니다", f"the API answered {status}").told(language())
    errors = [error for error in document.get("errors") or [] if isinstance(error, dict)]
    places = [f"{_place(error)}: {error.get('detail')}" for error in errors]
    for error in errors:
        if error.get("parameter") in ("as_of", "known_at"):  # not “from” or “to”, which are English words
            text = str(text).replace(error["parameter"], option(error["parameter"]))
    code = document.get("code")
    if code == "invalid" and len(places) == 1:
        text = ""  # it only counts and repeats
    elif len(places) == 1:
        places = []  # the text already says it all
    return " ".join(
        part
        for part in (str(text), "; ".join(place for place in places[:5]), f"[{code}]" if code else "")
        if part
    )


def _place(error: dict[str, Any]) -> object:
    """Return where a value is wrong, as whoever typed the command knows it."""
    return error.get("pointer") or option(error.get("parameter") or "") or error.get("header")


def nobody_answers(url: str) -> Text:
    """Say that the API is not there."""
    return Text(
        f"{url}에서 응답이 없습니다. `make up`으로 시작하십시오",
        f"Nothing answers at {url}: start it with `make up`",
    )
