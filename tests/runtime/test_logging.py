"""Logging: machine-readable lines, UTC, and nothing that must stay private."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
import structlog

from services.runtime.logging import configure_logging
from services.runtime.settings import Settings


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was logged, as objects."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_one_json_object_with_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    """With level, logger, service and the fields of the call; Korean stays readable."""
    configure_logging(Settings(), "api")
    structlog.get_logger("goals").info("목표 변경", position=7)
    [line] = lines(capsys)
    assert str(line.pop("time")).endswith("Z")
    assert line == {"event": "목표 변경", "position": 7, "level": "info", "logger": "goals", "service": "api"}


def test_secrets_and_peoples_words_are_masked_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    """By the name of the field, and passwords inside URLs by their place."""
    configure_logging(Settings())
    structlog.get_logger().warning(
        "tried",
        password="hush",
        reason="hush",
        request={"headers": [{"Authorization": "hush"}], "path": "/v1/goals"},
        error="no route to postgresql://goaltrail_api:hush@db:5432/goaltrail",
    )
    [line] = lines(capsys)
    assert "hush" not in json.dumps(line)
    assert line["request"] == {"headers": [{"Authorization": "***"}], "path": "/v1/goals"}
    assert line["error"] == "no route to postgresql://goaltrail_api:***@db:5432/goaltrail"


def test_a_bearer_token_is_masked_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    """Its fixed form is known, so not even a message that quotes it gives it away."""
    configure_logging(Settings())
    structlog.get_logger().warning("tried", error=f"who is gt_main_0123456789abcdef_{'x' * 43}?")
    [line] = lines(capsys)
    assert line["error"] == "who is ***?"


def test_libraries_log_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """The standard library's loggers come out as the same lines, with tracebacks inside the object."""
    configure_logging(Settings())
    try:
        raise OSError("nats://app:hush@127.0.0.1:4222 refused")
    except OSError:
        extra = {"password": "hush", "color_message": "lost"}
        logging.getLogger("nats").exception("lost %s", "connection", extra=extra)
    [line] = lines(capsys)
    assert "color_message" not in line
    assert line["event"] == "lost connection"
    assert "OSError" in json.dumps(line["exception"])
    assert "hush" not in json.dumps(line)


def test_the_level_is_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    """`warning` hides info."""
    configure_logging(Settings(log_level="warning"))
    structlog.get_logger().info("quiet")
    logging.getLogger("uvicorn").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_what_no_json_can_hold_is_logged_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Half a surrogate pair, an integer of any size, bytes: the line comes out."""
    configure_logging(Settings())
    structlog.get_logger().warning("odd", half="\ud800", large=2**70, raw=b"x")
    [line] = lines(capsys)
    assert (line["half"], line["large"], line["raw"]) == ("\ud800", 2**70, "b'x'")


TOKEN = f"gt_main_0123456789abcdef_{'x' * 43}"
URL = "postgresql://goaltrail_api:hush@db:5432/goaltrail"


class Odd:
    """A value that says of itself what must not be logged."""

    def __init__(self, said: str) -> None:
        self.said = said

    def __repr__(self) -> str:
        return self.said


class Unsayable:
    """A value that can't be shown."""

    def __repr__(self) -> str:
        raise ZeroDivisionError


PLACES: dict[str, Callable[[str], dict[str, object]]] = {
    "text": lambda secret: {"error": f"no {secret} there"},
    "exception": lambda secret: {"error": OSError(secret)},
    "object": lambda secret: {"error": Odd(secret)},
    "bytes": lambda secret: {"raw": secret.encode()},
    "set": lambda secret: {"all": {secret}},
    "list of objects": lambda secret: {"all": [{"one": Odd(secret)}]},
    "name": lambda secret: {secret: 1},
    "name inside": lambda secret: {"all": {secret: 1}},
}
SECRETS = {
    "token": (TOKEN, "x" * 43),
    "URL": (URL, "hush"),
    "URL with a slash": ("nats://u:hu/hush@127.0.0.1:4222", "hush"),
    "query": ("https://erp.example/api?user=u&api_key=hush&page=2", "hush"),
}


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_at_every_place(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "console"], place: str, secret: str
) -> None:
    """In both forms, by our loggers and by those of libraries."""
    configure_logging(Settings(log_format=form))
    text, hidden = SECRETS[secret]
    fields = PLACES[place](text)
    structlog.get_logger().warning("tried", **fields)
    logging.getLogger("nats").warning("tried %s", fields)
    said = capsys.readouterr().err
    assert said.count("tried") == 2
    assert hidden not in said
    assert "***" in said


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_traceback_tells_no_secret(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "console"], secret: str
) -> None:
    """It is made after the fields, or together with the line."""
    configure_logging(Settings(log_format=form))
    text, hidden = SECRETS[secret]
    try:
        raise OSError(f"{text} refused")
    except OSError:
        structlog.get_logger().exception("failed")
        logging.getLogger("nats").exception("failed")
    said = capsys.readouterr().err
    assert said.count("OSError") >= 2
    assert hidden not in said


CYCLE: dict[str, object] = {}
CYCLE["itself"] = CYCLE


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (("odd",), {"value": Unsayable()}),
        (("odd",), {"value": CYCLE}),
        (("odd",), {"half": "\ud800"}),
        (("odd \ud800",), {}),
    ],
    ids=["no text", "cycle", "half a pair", "half a pair in the event"],
)
def test_what_cannot_be_shown_fails_nobody(
    capsys: pytest.CaptureFixture[str],
    form: Literal["json", "console"],
    words: tuple[object, ...],
    fields: dict[str, object],
) -> None:
    """The line comes out, with what can be shown of it."""
    configure_logging(Settings(log_format=form))
    structlog.get_logger().warning(*words, **fields)
    [line] = capsys.readouterr().err.splitlines()
    assert "odd" in line
