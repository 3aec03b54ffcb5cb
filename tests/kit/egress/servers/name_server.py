"""A name server on loopback that says what a test wants said."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from typing import cast

from app.kit.egress.address_guard import Dns

SERVFAIL, NXDOMAIN = 2, 3
A, CNAME, TXT, AAAA = 1, 5, 16, 28

#: Values of a name by kind (`=` before a value: a CNAME to it; text for TXT), or the code of a failure.
Found = list[str] | int
Zone = Callable[[str, int], Found]


class NameServer(asyncio.DatagramProtocol):
    """Answers as `zone` says; `silent.example` gets no answer."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        labels, place = [], 12
        while data[place]:
            labels.append(data[place + 1 : place + 1 + data[place]].decode())
            place += 1 + data[place]
        name = ".".join(labels).lower()
        kind = struct.unpack("!H", data[place + 1 : place + 3])[0]
        self.asked.append(name)
        if name == "silent.example":
            return
        found = self.zone(name, kind)
        records = b"" if isinstance(found, int) else b"".join(_record(kind, value) for value in found)
        code, count = (found, 0) if isinstance(found, int) else (0, len(found))
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, count, 0, 0)
        self.transport.sendto(head + data[12 : place + 5] + records, addr)


def _record(kind: int, value: str) -> bytes:
    if kind == TXT:
        said = value.encode()
        return b"\xc0\x0c" + struct.pack("!HHIHB", TXT, 1, 60, len(said) + 1, len(said)) + said
    if value.startswith("="):
        target = b"".join(bytes([len(label)]) + label.encode() for label in value[1:].split(".")) + b"\0"
        return b"\xc0\x0c" + struct.pack("!HHIH", CNAME, 1, 60, len(target)) + target
    packed = ip_address(value).packed
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(packed)) + packed


@contextlib.asynccontextmanager
async def name_server(zone: Zone, kept_seconds: float = 60) -> AsyncIterator[tuple[Dns, NameServer]]:
    """A resolver that asks such a server, and the server."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(zone), local_addr=("127.0.0.1", 0))
    dns = Dns([f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"], kept_seconds)
    try:
        yield dns, server
    finally:
        await dns.close()
        transport.close()


def in_turn(*answers: Found) -> Zone:
    """One answer after the other to questions for A, the last for ever; nothing to those for AAAA."""
    left = list(answers)

    def zone(name: str, kind: int) -> Found:
        if kind != A:
            return []
        return left.pop(0) if len(left) > 1 else left[0]

    return zone
