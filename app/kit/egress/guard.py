"""The gate inside aiohttp: vets addresses on resolving, on making a socket, and before bytes leave."""

import asyncio
import socket
import ssl
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import AddrInfoType, Connection

from app.kit.egress.addresses import Network, is_forbidden, is_opened
from app.kit.egress.dns import Lookup


class BlockedAddress(OSError):
    """No call may go there. An OSError, because aiohttp wraps only those."""


@dataclass
class Call:
    """What is noted about one request while aiohttp makes it; marks are `time.perf_counter()` seconds."""

    started: float = field(default_factory=time.perf_counter)
    dns: float | None = None
    dialled: float | None = None
    connected: float | None = None
    answered: float | None = None
    address: str | None = None
    tls: str | None = None


current_call: ContextVar[Call] = ContextVar("current_call")


@dataclass(frozen=True)
class Guard:
    """The address rule of a door: public addresses and opened ones, or (`opened_only`) opened ones alone."""

    allow: tuple[Network, ...]
    opened_only: bool

    def vet(self, addresses: Sequence[str]) -> None:
        """Raises BlockedAddress when there is none or any of them is forbidden."""
        if not addresses or any(_refuses(self, address) for address in addresses):
            raise BlockedAddress(f"forbidden among {list(addresses)}")

    async def addresses_of(self, host: str, lookup: Lookup) -> list[str]:
        """The vetted addresses of a name. Raises BlockedAddress and DnsFailed."""
        if host == "localhost":
            found = [address for address in ("127.0.0.1", "::1") if is_opened(address, self.allow)]
        else:
            found = await lookup(host)
        self.vet(found)
        return found

    def make_socket(self, where: AddrInfoType) -> socket.socket:
        """The socket for an address to be dialled; literals, which no resolver sees, are vetted here."""
        family, kind, proto, _, place = where
        self.vet([str(place[0])])
        call = current_call.get()
        call.dialled = call.dialled or time.perf_counter()
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    def vet_connection(self, connection: Connection) -> None:
        """Looks at whom we are really connected to, before a byte of the request is written."""
        call = current_call.get()
        call.connected = time.perf_counter()
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport else None
        self.vet([str(peer[0])] if peer else [])
        call.address = str(peer[0]) if peer else None
        tls = transport.get_extra_info("ssl_object") if transport else None
        call.tls = tls.version() if tls else None


@lru_cache(4096)
def _refuses(guard: Guard, address: str) -> bool:
    """Kept, because the peer of every call is asked about."""
    return not is_opened(address, guard.allow) if guard.opened_only else is_forbidden(address, guard.allow)


class VettedResolver(AbstractResolver):
    """Resolves by our own look-up and gives aiohttp only vetted addresses."""

    def __init__(self, guard: Guard, lookup: Lookup) -> None:
        self._guard = guard
        self._lookup = lookup

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - both families are asked for
    ) -> list[ResolveResult]:
        """See AbstractResolver; a name with any forbidden address has none."""
        started = time.perf_counter()
        try:
            found = await self._guard.addresses_of(host, self._lookup)
        finally:
            current_call.get().dns = time.perf_counter() - started
        return [_result(host, address, port) for address in found]

    async def close(self) -> None:
        """Nothing of its own to close."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def open_session(guard: Guard, lookup: Lookup, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session that can reach nothing but what `guard` lets through. Needs the running loop."""

    class VettedRequest(ClientRequest):
        """Vets the peer of new and kept connections alike."""

        async def send(self, conn: Connection) -> ClientResponse:
            guard.vet_connection(conn)
            return await super().send(conn)

    connector = aiohttp.TCPConnector(
        resolver=VettedResolver(guard, lookup),
        socket_factory=guard.make_socket,
        ttl_dns_cache=60,
        ssl=tls,
        limit=0,
        keepalive_timeout=4,
    )
    return aiohttp.ClientSession(
        connector=connector,
        request_class=VettedRequest,
        cookie_jar=aiohttp.DummyCookieJar(loop=asyncio.get_running_loop()),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=11, sock_connect=8),
    )
