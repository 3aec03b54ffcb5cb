"""Half-sent requests: each ends by itself, and none keeps the next visitor out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.kit.web import http_server
from app.kit.web.http_server import ServerLimits

GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
SLOW = b"POST / HTTP/1.1\r\nHost: x\r\n"
LONGEST = 30


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    await PlainTextResponse(str(len(await request.body())))(scope, receive, send)


class Port(list[asyncio.StreamWriter]):
    """A server to which raw requests are sent."""

    number = 0

    async def sent(self, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which this was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        self.append(writer)
        writer.write(data)
        return reader, writer


@asynccontextmanager
async def serving(limits: ServerLimits) -> AsyncIterator[Port]:
    """A server with these limits."""
    port = Port()
    async with http_server.served(_app, "127.0.0.1", 0, limits) as (_, port.number):
        yield port
        for writer in port:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Bytes received until the server ended the connection."""
    async with asyncio.timeout(LONGEST):
        with contextlib.suppress(ConnectionError):
            return await reader.read()
    return b""


async def test_a_request_that_never_arrives_whole_ends_by_itself() -> None:
    async with serving(ServerLimits(head_seconds=0.2, body_seconds=0.2)) as port:
        for half in (b"", b"G", GET[:-2], b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"):
            reader, _ = await port.sent(half)
            assert b"200" not in await ended(reader), half


async def test_a_body_may_be_slow_but_not_as_slow_as_it_likes() -> None:
    """A byte now and then keeps nothing open."""
    async with serving(ServerLimits(body_seconds=0.3, bytes_per_second=100_000)) as port:
        reader, writer = await port.sent(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n")
        gone = asyncio.ensure_future(ended(reader))
        while not gone.done():
            writer.write(b"x")
            await asyncio.sleep(0.05)
        assert b"200" not in await gone
    async with serving(ServerLimits(body_seconds=0.2, bytes_per_second=1)) as port:
        reader, writer = await port.sent(SLOW + b"Connection: close\r\nContent-Length: 40\r\n\r\n")
        for _ in range(4):
            writer.write(b"x" * 10)
            await asyncio.sleep(0.2)
        assert (await ended(reader)).endswith(b"40")


async def test_the_longest_wait_gives_way_to_the_next_visitor() -> None:
    async with serving(ServerLimits(connections=20)) as port:
        half = [await port.sent(GET[:-2]) for _ in range(60)]
        for _ in range(3):
            reader, writer = await port.sent(GET.replace(b"test\r\n", b"test\r\nConnection: close\r\n"))
            assert b"200 OK" in await ended(reader)
        reader, writer = half[-1]
        writer.write(b"\r\n")
        async with asyncio.timeout(LONGEST):
            assert b"200 OK" in await reader.readuntil(b"\r\n")
        assert await ended(half[0][0]) == b""


async def test_connections_are_kept_and_pipelined_as_before() -> None:
    async with serving(ServerLimits(head_seconds=30)) as port:
        reader, writer = await port.sent(GET)
        for _ in range(3):
            async with asyncio.timeout(LONGEST):
                assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
                await reader.readuntil(b"0")
            writer.write(GET)


def test_the_bound_leaves_files_for_the_database() -> None:
    found = http_server.process_limits()
    assert 16 <= found.connections <= 4096
