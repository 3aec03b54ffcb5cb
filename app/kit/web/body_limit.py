"""Limits on the size of request bodies, with or without an announced length."""

import re
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.errors import AppError
from app.kit.web.problem import API

FORM_BYTES = 64 * 1024
API_BYTES = 1024 * 1024
#: Five files of 5 MB with the form, and enough beyond that to say which file is too large.
FILES_BYTES = 30 * 1024 * 1024
#: A logo of 2 MB with the form, and some beyond that to say how large it may be.
LOGO_BYTES = 4 * 1024 * 1024
_LOGO = "/api/v1/agency/logo/file"
_WITH_FILES = re.compile(r"^/l/[^/]+/questions$")


class BodyTooLarge(AppError):
    """The body exceeds the limit of this path."""

    status = 413
    code = "body_too_large"
    detail = "That is more than fits here, so it was not read."
    hint = "Go back and shorten what you typed or pasted, or choose smaller files. What was saved before is kept."


class BodyLimit:
    """ASGI middleware. `allowed` returns the limit of a path in bytes; `refuse` answers in the caller's format."""

    def __init__(
        self, app: ASGIApp, allowed: Callable[[str], int], refuse: Callable[[Request, AppError], Response]
    ) -> None:
        self.app, self.allowed, self.refuse = app, allowed, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 here; the application's response to a body it could not read is dropped."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        allowed = self.allowed(scope["path"])
        counted = _Counted(receive, send, allowed)
        if not counted.is_announced_too_long(Headers(scope=scope)):
            try:
                await self.app(scope, counted.receive, counted.send)
            except Exception:
                if not counted.must_refuse:
                    raise
        if counted.must_refuse:
            await self.refuse(Request(scope), _too_large(scope["path"], allowed))(scope, receive, send)


def _too_large(path: str, allowed: int) -> BodyTooLarge:
    if not path.startswith(API):
        return BodyTooLarge()
    return BodyTooLarge(hint=f"This address takes at most {allowed // 1024} KiB: send less at a time.")


class _Counted:
    """The body of one request, counted as it arrives."""

    def __init__(self, receive: Receive, send: Send, allowed: int) -> None:
        self._receive, self._send, self._left = receive, send, allowed
        self._answered = False
        self.too_long = False

    @property
    def must_refuse(self) -> bool:
        """True if this middleware has to answer."""
        return self.too_long and not self._answered

    def is_announced_too_long(self, headers: Headers) -> bool:
        """True if Content-Length already exceeds the limit."""
        length = headers.get("content-length", "")
        self.too_long = length.isdecimal() and int(length) > self._left
        return self.too_long

    async def receive(self) -> Message:
        """The next part of the body, or its end once the limit is exceeded."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_long = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Pass the response on, unless it answers a body that was cut."""
        if self.too_long and not self._answered:
            return
        self._answered = True
        await self._send(message)


def by_path(path: str) -> int:
    """1 MiB for the API, 64 KiB for forms, more for the two addresses that take files."""
    if _WITH_FILES.match(path):
        return FILES_BYTES
    if path == _LOGO:
        return LOGO_BYTES
    return API_BYTES if path.startswith("/api/") else FORM_BYTES
