"""A visitor's address behind proxies, and the proxies trusted to name it."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from app.kit.web.public_address import Proxies
from app.kit.web.web_address import read_proxies

TRUSTED = read_proxies(["127.0.0.1", "::1", "172.30.89.0/24", "10.1.2.3/8"])


async def _who(scope: Scope, receive: Receive, send: Send) -> None:
    client = Request(scope).client
    await PlainTextResponse(client.host if client else "nobody")(scope, receive, send)


async def seen(peer: str, headers: Mapping[str, str], app: Any = None) -> str:
    """The visitor's address as the application sees it."""
    transport = httpx2.ASGITransport(app or Proxies(_who, TRUSTED), client=(peer, 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        return (await http.get("/", headers=headers)).text


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("172.30.89.1", "203.0.113.7", "203.0.113.7"),
        ("::ffff:172.30.89.1", "203.0.113.7", "203.0.113.7"),
        ("10.200.0.1", "203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.200.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("203.0.113.99", "1.1.1.1", "203.0.113.99"),
        ("172.30.90.1", "1.1.1.1", "172.30.90.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
async def test_the_nearest_address_that_no_trusted_proxy_has_is_the_visitor(
    peer: str, forwarded: str, visitor: str
) -> None:
    assert await seen(peer, {"X-Forwarded-For": forwarded}) == visitor


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"])
async def test_a_stranger_that_forwards_is_said_once(header: str) -> None:
    app = Proxies(_who, TRUSTED)
    with capture_logs() as lines:
        for peer in ("203.0.113.99", "203.0.113.99", "127.0.0.1", "198.51.100.1"):
            await seen(peer, {header: "for=1.1.1.1"}, app)
        for number in range(200):
            await seen(f"198.51.100.{number}", {header: "https"}, app)
        await seen("203.0.113.50", {}, app)
    told = [line["peer"] for line in lines if line["event"] == "proxy.untrusted"]
    assert told[:2] == ["203.0.113.99", "198.51.100.1"]
    assert len(told) == len(set(told)) <= 8
    assert all("KEYTURN_TRUSTED_PROXIES" in line["hint"] for line in lines)
