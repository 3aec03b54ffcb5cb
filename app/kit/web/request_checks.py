"""Checks of a request before its route: size of the body, readable path, query and encoding, known parameters."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.errors import AppError, InvalidInput
from app.kit.i18n.message import _
from app.kit.web.problem import API

FORM_BYTES = 64 * 1024
API_BYTES = 1024 * 1024
#: Five files of 5 MB with the form, and a margin to report which file is too large.
FILES_BYTES = 30 * 1024 * 1024
#: A picture of 2 MB with the form, and a margin to report its limit.
PICTURE_BYTES = 4 * 1024 * 1024
#: A CSV of clients with far more rows than fit, so that the page can say how many do.
CSV_BYTES = 8 * 1024 * 1024
_CSV = "/desk/links/csv"
_PICTURES = frozenset({"/api/v1/agency/logo/file", "/api/v1/own-platforms/pictures", "/desk/brand"})
_WITH_FILES = re.compile(r"^(/l/[^/]+/questions|/desk/platforms/own/[^/]+)$")


def by_path(path: str) -> int:
    """1 MiB for the API, 64 KiB for forms, more for the addresses that take files."""
    if _WITH_FILES.match(path):
        return FILES_BYTES
    if path in _PICTURES:
        return PICTURE_BYTES
    if path == _CSV:
        return CSV_BYTES
    return API_BYTES if path.startswith("/api/") else FORM_BYTES


class BodyTooLarge(AppError):
    """The body exceeds the limit of this path."""

    status = 413
    code = "body_too_large"
    message = _("That is more than fits here, so it was not read.")
    advice = _("Go back and shorten what you typed or pasted, or choose smaller files. What was saved before is kept.")


class Compressed(AppError):
    """The body is compressed, which Keyturn does not support."""

    status = 415
    code = "compressed_body"
    detail = "The body is compressed."
    hint = "Send it as it is, without the header `Content-Encoding`."


class UnknownParameter(InvalidInput):
    """A query parameter that the operation does not have."""

    code = "unknown_parameter"


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


def _too_large(path: str, allowed: int) -> BodyTooLarge:
    if not path.startswith(API):
        return BodyTooLarge()
    return BodyTooLarge(hint=f"This address takes at most {allowed // 1024} KiB: send less at a time.")


class WellFormed:
    """ASGI middleware. PostgreSQL cannot store NUL in text, so no path contains one; bodies must be uncompressed."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, AppError], Response]) -> None:
        self.app, self.refuse = app, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer malformed requests; pass on the rest. A path with NUL is *not found*."""
        if scope["type"] == "http" and "\x00" in scope["path"]:
            scope = {**scope, "path": scope["path"].replace("\x00", "\ufffd")}
        refusal = _malformed(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await self.refuse(Request(scope), refusal)(scope, receive, send)


def _malformed(scope: Scope) -> AppError | None:
    query = scope.get("query_string", b"")
    if b"%00" in query or b"\x00" in query:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        broken = [name.replace("\x00", "")[:100] for name, value in pairs if "\x00" in name + value]
        return InvalidInput(fields=dict.fromkeys(broken[:20], "Leave out the character NUL."))
    encoding = Headers(scope=scope).get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    return Compressed(f"The body is compressed (Content-Encoding: {encoding[:40]}).")


class PrefixedRoute(APIRoute):
    """A route that compares the fixed beginning of its path before its pattern: almost all others differ there."""

    def __init__(self, path: str, *args: Any, **options: Any) -> None:
        super().__init__(path, *args, **options)
        self._beginning = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell if the route serves this path and method."""
        return super().matches(scope) if scope["path"].startswith(self._beginning) else (Match.NONE, {})


async def only_known(request: Request) -> None:
    """Dependency of routers: refuse unknown query parameters; they may be misspelled. Raises UnknownParameter."""
    if not request.query_params:
        return
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = sorted(set(parameter_names(route.dependant)))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        takes = f"This address takes: {', '.join(known)}." if known else "This address takes none."
        raise UnknownParameter(
            f"There is no parameter {unknown[0][:100]!r} here.",
            hint=f"Check its spelling, or leave it out. {takes}",
            fields={name[:100]: "There is no such parameter." for name in unknown[:20]},
        )


def parameter_names(dependant: Dependant) -> Iterator[str]:
    """Names of the query parameters of a route, with those of its dependencies."""
    for each in dependant.query_params:
        kind = each.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield each.alias
    for inner in dependant.dependencies:
        yield from parameter_names(inner)
