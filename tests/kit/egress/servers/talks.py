"""What hostile receivers say, and how they end."""

import asyncio
import socket
import struct

from tests.kit.egress.receivers import Talk

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
#: Longer than any test waits.
LONG = 600


def drips(head: bytes, *, every: float = 0.05) -> Talk:
    """Says `head`, then a byte every so many seconds, for ever."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(every)

    return talk


def endless(head: bytes, piece: bytes) -> Talk:
    """Says `head`, then `piece` as fast as it is taken, for ever."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()

    return talk


def then_hangs(text: bytes) -> Talk:
    """Says `text` and no more, and keeps the connection."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        await asyncio.sleep(LONG)

    return talk


def then_resets(text: bytes) -> Talk:
    """Says `text`, then cuts the connection with RST."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        await asyncio.sleep(0.05)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return talk


def then_closes(text: bytes) -> Talk:
    """Says `text` and closes."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        writer.close()

    return talk


def in_pieces(*pieces: bytes) -> Talk:
    """Says them one after the other, so that they are read one by one."""

    async def talk(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.1)

    return talk
