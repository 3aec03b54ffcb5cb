"""The resolver against a name server of our own."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import cast

import pytest

from app.kit.egress.dns import Dns, DnsFailed

SERVFAIL, NXDOMAIN = 2, 3
A, CNAME, AAAA = 1, 5, 28

ZONE: dict[tuple[str, int], list[str] | int] = {
    ("two.example", A): ["93.184.216.34"],
    ("two.example", AAAA): ["2606:4700::1"],
    ("four.example", A): ["93.184.216.34", "10.0.0.1"],
    ("half.example", A): ["93.184.216.34"],
    ("half.example", AAAA): SERVFAIL,
    ("broken.example", A): SERVFAIL,
    ("broken.example", AAAA): SERVFAIL,
    ("empty.example", A): [],
    ("empty.example", AAAA): [],
    ("alias.example", A): ["=two.example", "93.184.216.34"],
    ("alias.example", AAAA): [],
    ("crm", A): ["172.18.0.5"],
    ("crm", AAAA): [],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from ZONE; a name that is not there does not exist, and `silent.example` gets no answer."""

    def __init__(self) -> None:
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
        found = ZONE.get((name, kind), NXDOMAIN)
        records = b"" if isinstance(found, int) else b"".join(_record(kind, value) for value in found)
        code, count = (found, 0) if isinstance(found, int) else (0, len(found))
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, count, 0, 0)
        self.transport.sendto(head + data[12 : place + 5] + records, addr)


def _record(kind: int, value: str) -> bytes:
    if value.startswith("="):
        target = b"".join(bytes([len(label)]) + label.encode() for label in value[1:].split(".")) + b"\0"
        return b"\xc0\x0c" + struct.pack("!HHIH", CNAME, 1, 60, len(target)) + target
    packed = ip_address(value).packed
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(packed)) + packed


@contextlib.asynccontextmanager
async def name_server() -> AsyncIterator[tuple[Dns, NameServer]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    dns = Dns([f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"])
    try:
        yield dns, server
    finally:
        await dns.close()
        transport.close()


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("two.example", {"93.184.216.34", "2606:4700::1"}),
        ("four.example", {"93.184.216.34", "10.0.0.1"}),
        ("half.example", {"93.184.216.34"}),
        ("alias.example", {"93.184.216.34"}),
        ("crm", {"172.18.0.5"}),
    ],
)
async def test_all_addresses_of_a_name(name: str, addresses: set[str]) -> None:
    async with name_server() as (dns, _):
        assert set(await dns.lookup(name)) == addresses


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nobody.example", "dns_nxdomain"),
        ("broken.example", "dns_servfail"),
        ("empty.example", "dns_empty"),
    ],
)
async def test_why_a_name_leads_nowhere(name: str, code: str) -> None:
    async with name_server() as (dns, _):
        with pytest.raises(DnsFailed) as failure:
            await dns.lookup(name)
    assert failure.value.code == code


async def test_a_silent_name_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kit.egress.dns.SECONDS", 0.2)
    async with name_server() as (dns, _):
        with pytest.raises(DnsFailed) as failure:
            await dns.lookup("silent.example")
    assert failure.value.code == "dns_timeout"


async def test_no_search_domain_is_added() -> None:
    async with name_server() as (dns, server):
        with pytest.raises(DnsFailed):
            await dns.lookup("single")
    assert set(server.asked) == {"single"}
