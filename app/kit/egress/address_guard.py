"""Address checks inside aiohttp: DNS lookup, on resolving, on creating a socket, and before bytes are sent.

With an operator's proxy (smokescreen or another with CONNECT), the proxy checks addresses.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import Literal

import aiodns
import aiohttp
import pycares
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import AddrInfoType, Connection

from app.kit.egress.result import STARTS_WITHIN
from app.kit.egress.targets import Rules, is_forbidden, is_opened

DNS_SECONDS = 3.0
#: Addresses are cached for at most a minute: half of it in c-ares, half in aiohttp. c-ares caches answers for their
#: TTL, up to an hour, and pycares has no option for less; therefore the resolver is replaced.
KEPT_SECONDS = 30
#: Status codes of a proxy that refuses; smokescreen uses 407.
PROXY_REFUSED = frozenset({403, 407})
#: Name -> addresses. Raises DnsFailed.
Lookup = Callable[[str], Awaitable[list[str]]]
_DNS_CODES = {
    aiodns.error.ARES_ENOTFOUND: "dns_nxdomain",
    aiodns.error.ARES_ESERVFAIL: "dns_servfail",
    aiodns.error.ARES_ENODATA: "dns_empty",
    aiodns.error.ARES_ETIMEOUT: "dns_timeout",
}


class BlockedAddress(OSError):
    """The address must not be called. An OSError, because aiohttp wraps only those."""


class SentBefore(OSError):
    """aiohttp tried to repeat a request by itself: each request must be a separate call."""


class DnsFailed(OSError):
    """The name has no address. An OSError, because aiohttp wraps only those."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Call:
    """Timing of one request in aiohttp; times are `time.perf_counter()` seconds."""

    started: float = field(default_factory=time.perf_counter)
    dns: float | None = None
    dialled: float | None = None
    connected: float | None = None
    answered: float | None = None
    dialling: set[str] = field(default_factory=set)
    address: str | None = None
    tls: str | None = None
    heard: "Listener | None" = None


current_call: ContextVar[Call] = ContextVar("current_call")


class Listener(ResponseHandler):
    """aiohttp response parser that keeps the first bytes of a response.

    aiohttp returns nothing of a response it cannot parse completely, but a received status counts.
    """

    start = b""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. What comes before there is a parser is given to us again with it."""
        if self._parser is not None and len(self.start) < STARTS_WITHIN:
            self.start += data[: STARTS_WITHIN - len(self.start)]
        super().data_received(data)


class Guard:
    """Address rules of a session: public and opened addresses, or (`opened_only`) opened ones only."""

    def __init__(self, rules: Rules, opened_only: bool) -> None:
        self._rules = rules
        self._opened_only = opened_only
        self._refuses = lru_cache(4096)(self._judge)  # cached, because the peer of every call is checked

    def vet(self, addresses: Sequence[str]) -> None:
        """Raise BlockedAddress if there is no address or any of them is forbidden."""
        if not addresses or any(self._refuses(address) for address in addresses):
            raise BlockedAddress(f"forbidden among {list(addresses)}")

    async def addresses_of(self, host: str, lookup: Lookup) -> list[str]:
        """Checked addresses of a name. Raises BlockedAddress and DnsFailed."""
        if host == "localhost":
            found = [address for address in ("127.0.0.1", "::1") if is_opened(address, self._rules)]
        else:
            found = await lookup(host)
        self.vet(found)
        return found

    def make_socket(self, where: AddrInfoType) -> socket.socket:
        """The socket for an address; IP literals, which no resolver sees, are checked here."""
        family, kind, proto, _, place = where
        self.vet([str(place[0])])
        current_call.get().dialling.add(str(place[0]))
        return plain_socket((family, kind, proto, _, place))

    def vet_connection(self, connection: Connection) -> None:
        """Check the connected peer before any byte of the request is sent.

        A new connection must lead to an address that was checked for it; a reused connection was checked before.
        """
        call = current_call.get()
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport else None
        address = str(peer[0]) if peer else ""
        self.vet([address])
        if call.dialling and not _is_among(address, call.dialling):
            raise BlockedAddress(f"{address} answered for {sorted(call.dialling)}")
        note_connection(connection)
        call.address = address

    def _judge(self, address: str) -> bool:
        return not is_opened(address, self._rules) if self._opened_only else is_forbidden(address, self._rules)


def plain_socket(where: AddrInfoType) -> socket.socket:
    """A socket for an address that needs no further check."""
    call = current_call.get()
    call.dialled = call.dialled or time.perf_counter()
    made = socket.socket(*where[:3])
    made.setblocking(False)
    return made


def note_connection(connection: Connection) -> None:
    """Record that the request is being sent. Raises SentBefore if this call already sent it."""
    call = current_call.get()
    if call.connected is not None:
        raise SentBefore
    call.connected = time.perf_counter()
    tls = connection.transport.get_extra_info("ssl_object") if connection.transport else None
    call.tls = tls.version() if tls else None
    if isinstance(connection.protocol, Listener):
        connection.protocol.start = b""
        call.heard = connection.protocol


def _is_among(address: str, addresses: Collection[str]) -> bool:
    return address in addresses or ip_address(address) in {ip_address(each) for each in addresses}


class VettedResolver(AbstractResolver):
    """Resolver for aiohttp that returns only checked addresses."""

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
    """A session that can reach only what `guard` allows. Needs the running loop."""

    class VettedRequest(ClientRequest):
        """Checks the peer of new and reused connections alike."""

        async def send(self, conn: Connection) -> ClientResponse:
            guard.vet_connection(conn)
            return await super().send(conn)

    return session_of(VettedRequest, VettedResolver(guard, lookup), guard.make_socket, tls)


def session_of(
    request_class: type[ClientRequest],
    resolver: AbstractResolver,
    make_socket: Callable[[AddrInfoType], socket.socket],
    tls: ssl.SSLContext,
    proxy: str | None = None,
) -> aiohttp.ClientSession:
    """Common session options: DNS cache, no cookies, no decompression, no environment settings."""
    connector = aiohttp.TCPConnector(
        resolver=resolver, socket_factory=make_socket, ttl_dns_cache=KEPT_SECONDS, ssl=tls, limit=0, keepalive_timeout=4
    )
    # aiohttp has no public option for the response parser
    connector._factory = partial(Listener, loop=asyncio.get_running_loop())  # type: ignore[assignment]
    return aiohttp.ClientSession(
        connector=connector,
        request_class=request_class,
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(loop=asyncio.get_running_loop()),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=11, sock_connect=8),
    )


class ProxiedRequest(ClientRequest):
    """Records when the request is sent; only the proxy knows the final address."""

    async def send(self, conn: Connection) -> ClientResponse:
        """See ClientRequest."""
        note_connection(conn)
        return await super().send(conn)


def open_proxied_session(proxy: str, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session that connects only to the proxy. The system resolves the proxy's name, which the operator chose.

    TLS goes through to the receiver, whose certificate is verified against its name as usual.
    """
    return session_of(ProxiedRequest, aiohttp.ThreadedResolver(), plain_socket, tls, proxy)


class Dns:
    """Resolver of this process, created at the first lookup so that it belongs to the running loop.

    Replaced every `kept_seconds`; the previous one is closed at the next replacement, when its queries are finished.
    """

    def __init__(self, nameservers: Sequence[str] = (), kept_seconds: float = KEPT_SECONDS) -> None:
        self._nameservers = list(nameservers)
        self._kept_seconds = kept_seconds
        self._change_at = 0.0
        self._resolvers: list[aiodns.DNSResolver] = []

    async def lookup(self, name: str) -> list[str]:
        """All addresses of a name; one of the two families may fail. Raises DnsFailed."""
        resolver = await self._fresh()
        try:
            async with asyncio.timeout(DNS_SECONDS):
                found = await asyncio.gather(self._ask(resolver, name, "A"), self._ask(resolver, name, "AAAA"))
        except TimeoutError as problem:
            raise DnsFailed("dns_timeout") from problem
        addresses = [address for part in found if not isinstance(part, DnsFailed) for address in part]
        if addresses:
            return addresses
        failures = [part for part in found if isinstance(part, DnsFailed)]
        raise next((failure for failure in failures if failure.code != "dns_empty"), DnsFailed("dns_empty"))

    async def records(self, name: str, kind: Literal["CNAME", "TXT"]) -> list[str]:
        """Values of the records of a name, aliases without the dot at the end. Raises DnsFailed."""
        try:
            async with asyncio.timeout(DNS_SECONDS):
                result = await (await self._fresh()).query_dns(name, kind)
        except TimeoutError as problem:
            raise DnsFailed("dns_timeout") from problem
        except aiodns.error.DNSError as problem:
            raise _failed(problem) from problem
        aliases = [
            each.data.cname.lower().removesuffix(".")
            for each in result.answer
            if isinstance(each.data, pycares.CNAMERecordData)
        ]
        words = [
            each.data.data.decode("ascii", "replace")
            for each in result.answer
            if isinstance(each.data, pycares.TXTRecordData)
        ]
        return words if kind == "TXT" else aliases

    async def close(self) -> None:
        """Close the resolvers and their threads."""
        while self._resolvers:
            await self._resolvers.pop().close()

    async def _fresh(self) -> aiodns.DNSResolver:
        now = time.monotonic()
        if self._resolvers and now < self._change_at:
            return self._resolvers[-1]
        self._change_at = now + self._kept_seconds
        made = aiodns.DNSResolver(nameservers=self._nameservers or None, timeout=DNS_SECONDS / 2, tries=2, domains=[])
        over, self._resolvers = self._resolvers[:-1], [*self._resolvers[-1:], made]
        for resolver in over:
            await resolver.close()
        return made

    @staticmethod
    async def _ask(resolver: aiodns.DNSResolver, name: str, kind: str) -> list[str] | DnsFailed:
        try:
            result = await resolver.query_dns(name, kind)
        except aiodns.error.DNSError as problem:
            return _failed(problem)
        return [
            record.data.addr
            for record in result.answer
            if isinstance(record.data, pycares.ARecordData | pycares.AAAARecordData)
        ]


def _failed(problem: aiodns.error.DNSError) -> DnsFailed:
    return DnsFailed(_DNS_CODES.get(problem.args[0], "dns_failed"))
