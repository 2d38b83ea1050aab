"""Logging: one line per event on standard error, as JSON or as text, times in UTC, secrets masked."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import nullcontext, suppress
from functools import lru_cache, partial
from typing import Any, TextIO

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from services.runtime import clock
from services.runtime.settings import Settings

_SECRET = re.compile(
    r"pass(word|wd)|secret|token|authori[sz]ation|cookie|api_?key|master_?key|credential|signature|dsn",
    re.IGNORECASE,
)
# People's own words: they are encrypted in the ledger and must not be readable in a log.
_PERSONAL = frozenset({"reason", "note", "comment", "text", "message_body", "email"})
_URL_PASSWORD = re.compile(r"(?P<scheme>[a-z][a-z0-9+]*://[^\s:/@]*):[^\s@]+@", re.IGNORECASE)
_QUERY_SECRET = re.compile(rf"(?P<name>[?&][^\s=&]*(?:{_SECRET.pattern})[^\s=&]*)=[^\s&'\"]+", re.IGNORECASE)
# Bearer tokens have this form wherever they stand (services/access/tokens.py).
_TOKEN = re.compile(r"gt_[A-Za-z0-9_-]{32,}")
_LEVELS = logging.getLevelNamesMapping()

MASK = "***"

_service: str | None = None


def configure_logging(
    settings: Settings, service: str | None = None, *, stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging for a process; may be called again.

    `service` is added to each line as the field `service`; without one the last one given stays. `stream`
    is where lines go, by default standard error.
    """
    global _service
    _service = service or _service
    level = _LEVELS[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        _with_service,
    ]
    render: list[Processor]
    if settings.log_format == "json":
        render = [
            # Without local variables: they hold tokens and people's words.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            mask_secrets,
            structlog.processors.JSONRenderer(_json),
        ]
    else:
        colors = (stream or sys.stderr).isatty()
        # The rich formatter prints local variables, too.
        render = [
            mask_secrets,
            structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback),
            _mask_line,
        ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_colours],
            processors=[
                _whatever_comes([structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render])
            ],
        )
    )
    structlog.configure(
        processors=[_whatever_comes([*shared, *render])],
        logger_factory=partial(_Lines, handler),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream", "nats"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    # One line per request is the job of the metrics; these libraries are chatty below warnings.
    for name in ("uvicorn.access", "httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, level))


class _Lines:
    """Writes lines where a handler writes, without the records of the standard library.

    Those cost three times as much as all that is done to a line here.
    """

    def __init__(self, handler: logging.StreamHandler[TextIO], name: str = "goaltrail") -> None:
        self._handler = handler
        self.name = name

    def msg(self, line: str) -> None:
        """Write a line; a full disk or a closed stream keeps nobody from going on."""
        with self._handler.lock or nullcontext(), suppress(OSError, ValueError):
            try:
                self._handler.stream.write(line + self._handler.terminator)
            except UnicodeEncodeError:  # half a surrogate pair
                self._handler.stream.write(ascii(line) + self._handler.terminator)
            self._handler.flush()

    debug = info = warning = error = critical = exception = msg


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return a structlog processor: replaces what must not be logged, at any depth, by `***`.

    The last one before an event becomes a line, so that it sees all that the others have made, as tracebacks.
    """
    return {
        _masked_text(key): value if key == "exc_info" else _masked(key, value) for key, value in event.items()
    }


def _mask_line(_logger: WrappedLogger, _method: str, line: Any) -> str:
    """Return a structlog processor: a line with a traceback that was written together with it."""
    return _masked_text(line)


def _whatever_comes(processors: Sequence[Processor]) -> Processor:
    """Return a processor that runs others; a value that can't be shown fails nobody who logs it."""

    def process(logger: WrappedLogger, method: str, event: EventDict) -> Any:
        said = event.get("event")
        try:
            made: Any = event
            for processor in processors:
                made = processor(logger, method, made)
        except structlog.DropEvent:
            raise
        except Exception as error:
            told = _masked_text(ascii(said)[:1000])
            time, why = clock.now().isoformat(), type(error).__name__
            return _json({"event": told, "level": method, "time": time, "not_shown": why}, repr)
        return made

    return process


def _json(event: EventDict, default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a surrogate pair, or an integer of more than 64 bits
        return json.dumps(event, default=default)


@lru_cache(maxsize=1000)
def _names_secret(key: str) -> bool:
    return key.lower() in _PERSONAL or _SECRET.search(key) is not None


def _masked(key: object, value: object) -> object:
    if isinstance(key, str) and value is not None and _names_secret(key):
        return MASK
    if isinstance(value, str):
        return _masked_text(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {
            _masked_text(inner) if isinstance(inner, str) else inner: _masked(inner, content)
            for inner, content in value.items()
        }
    if isinstance(value, list | tuple | Set):
        return [_masked(None, item) for item in value]
    return _masked_text(str(value))


def _masked_text(text: str) -> str:
    # Looking for what each form must have costs a tenth of looking for the form.
    if "://" in text:
        text = _QUERY_SECRET.sub(rf"\g<name>={MASK}", _URL_PASSWORD.sub(rf"\g<scheme>:{MASK}@", text))
    return _TOKEN.sub(MASK, text) if "gt_" in text else text


def _with_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if _service is not None:
        event.setdefault("service", _service)
    return event


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn says everything twice
    return event
