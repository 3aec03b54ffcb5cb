"""Requests that no route can read, refused before routing."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.kit.errors import AppError, InvalidInput


class Compressed(AppError):
    """The body is compressed, which Keyturn does not support."""

    status = 415
    code = "compressed_body"
    detail = "The body is compressed."
    hint = "Send it as it is, without the header `Content-Encoding`."


class WellFormed:
    """ASGI middleware. PostgreSQL cannot store NUL in text, so no path contains one; bodies must be uncompressed."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Request, AppError], Response]) -> None:
        self.app, self.refuse = app, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer malformed requests; pass on the rest. A path with NUL is *not found*."""
        if scope["type"] == "http" and "\x00" in scope["path"]:
            scope = {**scope, "path": scope["path"].replace("\x00", "\ufffd")}
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await self.refuse(Request(scope), refusal)(scope, receive, send)


def _refusal(scope: Scope) -> AppError | None:
    query = scope.get("query_string", b"")
    if b"%00" in query or b"\x00" in query:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        broken = [name.replace("\x00", "")[:100] for name, value in pairs if "\x00" in name + value]
        return InvalidInput(fields=dict.fromkeys(broken[:20], "Leave out the character NUL."))
    encoding = Headers(scope=scope).get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    return Compressed(f"The body is compressed (Content-Encoding: {encoding[:40]}).")
