"""Logging: one line per entry, JSON for machines or plain text for a terminal."""

import asyncio
import atexit
import io
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import structlog
from pydantic_core import to_json
from structlog.typing import EventDict, Processor

#: Our secrets and those of platforms: API keys, webhook secrets, 256 random bits in base64 or hex.
_SECRET = re.compile(
    r"\b(?:kt_[a-z]+_|whsec_)[\w+/=-]+"
    r"|(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{40,}"
    r"|(?<![0-9A-Za-z])[0-9a-f]{32,}(?![0-9A-Za-z])"
)
#: PostgreSQL quotes rows and keys in the details of an error.
_DETAIL = re.compile(r"^(DETAIL: ).*$", re.MULTILINE)


class _Gathered(io.TextIOBase):
    """Writes all lines of one turn of the event loop at once; outside of a loop, each immediately."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: list[str] = []
        atexit.register(self.flush_all)

    def write(self, text: str) -> int:
        """Accept a line."""
        self._lines.append(text)
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_soon(self.flush_all)
            except RuntimeError:
                self.flush_all()
        return len(text)

    def flush(self) -> None:
        """Called after every line; schedules a write."""

    def flush_all(self) -> None:
        """Write everything."""
        lines, self._lines = self._lines, []
        self._out.write("".join(lines))
        self._out.flush()


def _dumps(value: Any, **_: Any) -> str:
    return to_json(value, fallback=repr).decode()


def _stamped(_: Any, __: str, event: EventDict) -> EventDict:
    event["timestamp"] = f"{datetime.now(UTC).isoformat()[:-6]}Z"
    return event


def without_secrets(text: str) -> str:
    """Untrusted text, with secrets removed, for the log."""
    return _SECRET.sub("…", _DETAIL.sub(r"\1…", text))


def _redacted(_: Any, __: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = without_secrets(event["exception"])
    return event


def many(event: str, each: Iterable[Mapping[str, Any]]) -> None:
    """Log one info line for each entry, all with the current time: for thousands of lines a second.

    Bypasses the processors between, which would add nothing.
    """
    settings = structlog.get_config()
    render, out = settings["processors"][-1], settings["logger_factory"]()
    said = _stamped(None, "info", {"event": event, "level": "info"})
    rendered = []
    for line in each:
        try:
            rendered.append(render(out, "info", {**line, **said}))
        except structlog.DropEvent:  # tests that capture log lines drop them here
            continue
    if rendered:
        out.msg("\n".join(rendered))


def set_up(*, json: bool) -> None:
    """Configure logging of this process, including libraries."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _stamped,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redacted,
    ]
    last: Processor = structlog.processors.JSONRenderer(_dumps) if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(  # our lines go straight out: a worker writes thousands a second
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Gathered(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("uvicorn.access", "httpx2", "httpcore2", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
