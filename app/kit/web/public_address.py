"""The installation's public address: trusted proxies, path prefix, HEAD, common headers."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import quote

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.kit.web import headers

log = structlog.get_logger(__name__)

_FORWARDED = {b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"}
#: Number of untrusted addresses that are logged, each once.
_NAMED = 8
_COOKIE_PATH = re.compile(r"(;\s*path=)(/[^;]*)", re.IGNORECASE)
#: Followed by an id of another system, slashes included.
_VERBATIM = "/by-external-id/"
#: GET has a side effect here, exactly once; HEAD must not.
_ONCE = re.compile(r"/callbacks/.*|.*/return")


class Proxies:
    """ASGI middleware: the visitor's address as reported by a trusted proxy; headers of others are ignored."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self.app = app
        self._through_proxy = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type]  # its own ASGI types
        self._trusted = self._through_proxy.trusted_hosts
        self._named: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log once per untrusted address that its headers were ignored."""
        if scope["type"] != "http" or not scope.get("client"):
            await self.app(scope, receive, send)
            return
        host, port = scope["client"]
        peer = _unmapped(host)
        scope["client"] = (peer, port)
        if peer not in self._trusted:
            self._tell(peer, scope)
            await self.app(scope, receive, send)
            return
        await self._through_proxy(scope, receive, send)  # type: ignore[arg-type]

    def _tell(self, peer: str, scope: Scope) -> None:
        if peer in self._named or len(self._named) == _NAMED or _FORWARDED.isdisjoint(dict(scope["headers"])):
            return
        self._named.add(peer)
        log.warning(
            "proxy.untrusted", peer=peer,
            hint="Forwarded headers from here are not believed. If it is your reverse proxy, name it in "
            "KEYTURN_TRUSTED_PROXIES; until then all its visitors count as one.",
        )  # fmt: skip


def _unmapped(host: str) -> str:
    """The IPv4 form of an IPv4-mapped address, which a dual-stack socket reports."""
    try:
        mapped = ipaddress.IPv6Address(host).ipv4_mapped
    except ValueError:
        return host
    return str(mapped) if mapped else host


class Mounted:
    """ASGI middleware: serves the application as if it were at the root of its host.

    `prefix` is the path of the public address. Requests include it, except health checks and requests from proxies that
    remove it. Doubled and trailing slashes are ignored, except in an id of another system. Redirects and cookies get
    the prefix; nothing in them comes from the request's host or scheme. HEAD is GET without its body.
    """

    def __init__(self, app: ASGIApp, prefix: str, secure: bool) -> None:
        self.app, self._prefix, self._secure = app, prefix, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the internal path, and the response back with the public one."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, is_head = self._inside(scope["path"]), scope["method"] == "HEAD"
        method = "GET" if is_head else scope["method"]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._finish(MutableHeaders(scope=message), path)
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if is_head and _ONCE.fullmatch(path):
            await Response()(scope, receive, answer)
            return
        await self.app({**scope, "path": path, "raw_path": quote(path).encode(), "method": method}, receive, answer)

    def _inside(self, path: str) -> str:
        path, named, external_id = path.partition(_VERBATIM)
        path = re.sub("/{2,}", "/", path)
        if self._prefix and f"{path}/".startswith(f"{self._prefix}/"):
            path = path[len(self._prefix) :]
        return path.rstrip("/") + named + external_id or "/"

    def _finish(self, sent: MutableHeaders, path: str) -> None:
        for name, value in headers.everywhere(secure=self._secure, kept=path.startswith("/static/")).items():
            sent.setdefault(name, value)
        location = sent.get("location", "")
        if location.startswith("/"):
            sent["location"] = f"{self._prefix}/{location.lstrip('/')}"
        if self._prefix:
            sent.raw[:] = [(name, self._cookie(value) if name == b"set-cookie" else value) for name, value in sent.raw]

    def _cookie(self, value: bytes) -> bytes:
        return _COOKIE_PATH.sub(rf"\1{self._prefix}\2", value.decode("latin-1")).encode("latin-1")
