"""Request ids and request logs."""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit import ids, logs
from app.kit.actor import KEYTURN, Origin, acting_as

log = structlog.get_logger(__name__)

_HIDDEN = "…"
#: Path segments that may be logged: short ones, words joined by hyphens or dots, numbers, ids.
_SHORT = 12
_PLAIN = re.compile(r"[A-Za-z0-9._-]*")
_WORDS = re.compile(r"(?=.{0,40}$)[a-z0-9]{1,20}(?:[.-][a-z0-9]{1,20})*")
_ID = re.compile(r"[a-z]{2,20}_[0-9a-z]{26}")


class RequestLog:
    """ASGI middleware. Logs the path without secrets, and never the query: it contains codes and handles."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Assign the request its id, here and in the header `X-Request-Id`. Its actor is not known yet."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = ids.new("req")
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.monotonic(), 500
        agent = Headers(scope=scope).get("user-agent", "")
        origin = Origin(request_id, (scope.get("client") or ("",))[0], agent)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            with acting_as(KEYTURN, origin):
                await self.app(scope, receive, answer)
        finally:
            log.info(
                "request", method=scope["method"], path=redacted(scope["path"]), status=status,
                ms=round((time.monotonic() - started) * 1000), agent=logs.without_secrets(agent[:120]),
            )  # fmt: skip
            structlog.contextvars.unbind_contextvars("request_id")


def redacted(path: str) -> str:
    """The path for the log: every segment that is not plainly harmless is hidden.

    Uses an allow list rather than a search for secrets: a path may be cut, doubled or encoded in any way.
    """
    return "/".join(part if _may_be_logged(part) else _HIDDEN for part in path[:2000].split("/"))


def _may_be_logged(part: str) -> bool:
    if len(part) <= _SHORT:
        return _PLAIN.fullmatch(part) is not None
    return _WORDS.fullmatch(part) is not None or _ID.fullmatch(part) is not None
