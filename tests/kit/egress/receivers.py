"""Receivers that behave in one way each, on a loopback port of their own."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
ALLOW = ["127.0.0.0/8"]

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """`requests` are the raw bytes that came in, head and body; `connections`: how many were opened."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"


@contextlib.asynccontextmanager
async def receiver(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Reads each request whole, then lets `talk` answer; the connection is kept unless `talk` closes it."""
    made = Receiver()
    open_ones: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        open_ones[task] = writer
        made.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, announced, rest = head.lower().partition(b"content-length: ")
                length = int(rest.split(b"\r\n")[0]) if announced else 0
                made.requests.append(head + await reader.readexactly(length))
                await talk(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task, writer in open_ones.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*open_ones)


def answers(text: bytes) -> Talk:
    """Says `text` and keeps the connection."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return talk


@contextlib.asynccontextmanager
async def chooses(choose: Callable[[bytes], bytes]) -> AsyncIterator[Receiver]:
    """Answers each request with what `choose` makes of its body."""
    made: list[Receiver] = []

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(choose(made[0].requests[-1].partition(b"\r\n\r\n")[2]))
        await writer.drain()

    async with receiver(talk) as there:
        made.append(there)
        yield there


def leads_to(*addresses: str) -> Callable[[str], Awaitable[list[str]]]:
    """A look-up that gives every name these addresses."""

    async def lookup(name: str) -> list[str]:
        return list(addresses)

    return lookup
