"""What every request gets: an id in its answer and its log lines, and one line when it is answered."""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit import ids

log = structlog.get_logger(__name__)

#: Addresses in which a secret stands: `/{agency}/{client}/{token}…`, `/connect/{token}`.
_SECRET_PATHS = (
    (re.compile(r"^(/connect/)(?!return$)[^/]+"), r"\1…"),
    (re.compile(r"^(/[a-z0-9-]+/[a-z0-9-]+/)[A-Za-z0-9_-]{40,}"), r"\1…"),
)


class RequestLog:
    """ASGI middleware. The path is logged without secrets, the query never: it carries codes and handles."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Gives the request its id, here and in the header `X-Request-Id`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = ids.new("req")
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.monotonic(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            log.info(
                "request", method=scope["method"], path=redacted(scope["path"]), status=status,
                ms=round((time.monotonic() - started) * 1000), agent=Headers(scope=scope).get("user-agent", "")[:120],
            )  # fmt: skip
            structlog.contextvars.unbind_contextvars("request_id")


def redacted(path: str) -> str:
    """The path as it may stand in a log."""
    for pattern, shown in _SECRET_PATHS:
        path = pattern.sub(shown, path)
    return path
