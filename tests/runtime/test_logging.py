"""Logging: machine-readable lines, UTC, and nothing that must stay private."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

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
