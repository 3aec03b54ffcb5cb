"""Egress client, the only way to call addresses that agencies enter; error codes of calls without a response."""

import asyncio
import errno
import functools
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial

import aiohttp
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from app.kit.egress import address_guard, targets
from app.kit.egress.address_guard import (
    BlockedAddress,
    Call,
    Dns,
    DnsFailed,
    Guard,
    Lookup,
    SentBefore,
    current_call,
    open_proxied_session,
    open_session,
)
from app.kit.egress.result import READ_AT_MOST, HttpResult, Timing, heard_of, kept_body, kept_headers
from app.kit.egress.targets import Rules, read_networks

log = structlog.get_logger(__name__)
TOTAL_SECONDS = 15.0
#: CONNECT is excluded: it would open a tunnel.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_BY_ERRNO = {
    errno.ECONNREFUSED: "connect_refused",
    errno.ECONNRESET: "connect_reset",
    errno.EPIPE: "connect_reset",
    errno.EHOSTUNREACH: "connect_unreachable",
    errno.ENETUNREACH: "connect_unreachable",
    errno.EADDRNOTAVAIL: "connect_unreachable",
    errno.ETIMEDOUT: "timeout_connect",
}
#: The first match, in this order.
_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientProxyConnectionError, "connect_proxy"),
    (aiohttp.ClientConnectorCertificateError, "tls_certificate"),
    (aiohttp.ClientSSLError, "tls_handshake"),
    (aiohttp.ServerDisconnectedError, "connect_closed"),
    (aiohttp.ClientResponseError, "protocol"),
    (aiohttp.ClientPayloadError, "protocol"),
)


class Egress:
    """Shared by a process and closed with it. Connections belong to the loop of the first call."""

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        deny: Sequence[str] = (),
        nat64: bool = False,
        own_hosts: Collection[str] = (),
        proxy: str | None = None,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`allow`: private CIDRs that may be called; `deny`: CIDRs never called; `own_hosts`: Keyturn's host names.

        With `proxy` (`http://host:port`) every call goes through it: addresses are checked in `vet` only, and the proxy
        is responsible when connecting.
        """
        self._rules = Rules(read_networks(allow), read_networks(deny), nat64)
        self._proxy = proxy
        self._guards = {opened_only: Guard(self._rules, opened_only) for opened_only in (False, True)}
        own_hosts = frozenset(host.lower().rstrip(".") for host in own_hosts)
        self._dns = Dns()
        self._lookup = lookup or self._dns.lookup
        self._tls = tls or tls_context()
        self._target = lru_cache(4096)(partial(targets.read_url, rules=self._rules, own_hosts=own_hosts))
        self._vetting = asyncio.Semaphore(4)
        self._doors: dict[bool, aiohttp.ClientSession] = {}

    async def vet(self, url: str) -> str:
        """The normalized URL, after a check of its addresses. Raises UrlRefused.

        A name that does not resolve yet passes: every connection checks again.
        """
        target = self._target(url)
        if target.literal:
            return target.url
        if self._vetting.locked():  # the caller holds a transaction open; connecting checks anyway
            return target.url
        try:
            async with self._vetting:
                await self._guards[target.opened_only].addresses_of(target.host, self._lookup)
        except DnsFailed:
            return target.url
        except BlockedAddress as problem:
            log.warning("egress.refused_at_save", host=target.host, detail=str(problem))
            reason = "The host name does not lead to a public address."
            raise targets.UrlRefused(reason, fields={"url": reason}) from problem
        return target.url

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float = TOTAL_SECONDS
    ) -> HttpResult:
        """Send one POST; see `call`."""
        return (await self._send("POST", url, headers, body, seconds))[0]

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float = TOTAL_SECONDS,
    ) -> HttpResult:
        """Send one request, once, and read the response; any behaviour of the receiver is an HttpResult.

        `method` is one of METHODS, else ValueError; `seconds` is the deadline of the whole call.
        """
        return (await self._send(method, url, headers, body, seconds))[0]

    async def fetch(self, url: str, *, accept: str, at_most: int, seconds: float) -> tuple[HttpResult, bytes]:
        """Get a small file and return its bytes beside the result.

        `HttpResult.cut`: it has more than `at_most` bytes, or did not arrive completely in time.
        """
        return await self._send("GET", url, {"accept": accept}, None, seconds, at_most)

    async def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        at_most: int = READ_AT_MOST,
    ) -> tuple[HttpResult, bytes]:
        if method not in METHODS:
            raise ValueError(f"{method} is not called")
        call = Call()
        current_call.set(call)
        try:
            target = self._target(url)
            async with asyncio.timeout(seconds) as deadline:
                response = await self._door(target.opened_only).request(
                    method,
                    URL(target.url, encoded=True),
                    data=body,
                    headers={"accept": "*/*", **headers, "accept-encoding": "identity"},
                    skip_auto_headers=("User-Agent", "Content-Type"),
                    allow_redirects=False,
                )
        except targets.UrlRefused as problem:
            return _failed("blocked_address", problem, call), b""
        except (aiohttp.ClientError, OSError, ValueError) as problem:  # ValueError: what aiohttp refuses to send
            return _heard(call) or _failed(error_code(problem, call), problem, call), b""
        call.answered = time.perf_counter()
        read, cut = await _read(response, deadline.when(), at_most)
        answer = HttpResult(
            status=response.status,
            headers=kept_headers(response.headers.items()),
            body=kept_body(read),
            cut=cut,
            timing=_timing(call),
            address=call.address,
            tls=call.tls,
        )
        return answer, read

    async def close(self) -> None:
        """Close connections and the resolver."""
        for session in self._doors.values():
            await session.close()
        self._doors.clear()
        await self._dns.close()

    def _door(self, opened_only: bool) -> aiohttp.ClientSession:
        door = self._doors.get(opened_only)
        if door is None:
            door = self._doors[opened_only] = (
                open_proxied_session(self._proxy, self._tls)
                if self._proxy
                else open_session(self._guards[opened_only], self._lookup, self._tls)
            )
        return door


async def _read(response: aiohttp.ClientResponse, when: float | None, at_most: int) -> tuple[bytes, bool]:
    """The body received before deadline and limit, and whether it was cut. The response counts in any case."""
    read = bytearray()
    whole = False
    try:
        async with asyncio.timeout_at(when):
            while len(read) < at_most and not response.content.at_eof():
                read += await response.content.read(at_most - len(read))
        whole = response.content.at_eof()
    except (aiohttp.ClientError, OSError, HttpProcessingError):
        pass
    finally:  # also on cancellation: a connection with half a body must not be reused
        response.release() if whole else response.close()
    return bytes(read), not whole


def _heard(call: Call) -> HttpResult | None:
    """The response if only its start could be parsed and it has a status: the receiver has decided."""
    status, headers = heard_of(call.heard.start if call.heard is not None else b"")
    if status is None:
        return None
    return HttpResult(
        status=status, headers=headers, cut=True, timing=_timing(call), address=call.address, tls=call.tls
    )  # fmt: skip


def _failed(code: str, problem: BaseException, call: Call) -> HttpResult:
    # aiohttp puts the whole URL in the message; a webhook's URL may be secret
    said = problem.message if isinstance(problem, aiohttp.ClientResponseError) else str(problem)
    detail = f"{type(problem).__name__}: {said}"[:500]
    return HttpResult(error=code, detail=detail, timing=_timing(call), address=call.address, tls=call.tls)


def _timing(call: Call) -> Timing:
    return Timing(
        dns=_ms(call.dns),
        connect=_ms(call.connected - call.dialled) if call.connected and call.dialled else None,
        first_byte=_ms(call.answered - call.connected) if call.answered and call.connected else None,
        total=_ms(time.perf_counter() - call.started) or 0,
    )


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


@functools.cache
def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """A context that trusts the system's authorities and those in `ca_file` (PEM). Raises OSError for an invalid file.

    Cached per process, because loading takes 60 ms. Callers must not modify it.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    if ca_file:
        made.load_verify_locations(cafile=ca_file)
    return made


def error_code(problem: BaseException, call: Call) -> str:
    """The code, as listed in `HttpResult.error`; `call` says how far the request got."""
    cause = problem.os_error if isinstance(problem, aiohttp.ClientConnectorError) else problem
    if isinstance(problem.__cause__, BlockedAddress | SentBefore):  # raised while sending
        cause = problem.__cause__
    if isinstance(cause, BlockedAddress):
        return "blocked_address"
    if isinstance(cause, SentBefore):
        return "connect_closed"
    if isinstance(cause, DnsFailed):
        return cause.code
    if isinstance(problem, aiohttp.ClientHttpProxyError):
        return _proxy_code(problem.status)
    if isinstance(problem, TimeoutError):
        return _timeout_code(call)
    code = next((code for kind, code in _BY_KIND if isinstance(problem, kind)), None)
    if code is None and isinstance(cause, ConnectionResetError) and cause.errno is None:
        return "tls_handshake"  # asyncio raises it without a number if the peer disconnects during the handshake
    if code is None and isinstance(cause, OSError):
        code = _BY_ERRNO.get(cause.errno or 0)
    return code or "connect_failed"


def _timeout_code(call: Call) -> str:
    if call.connected:
        return "timeout_answer"
    return "timeout_connect" if call.dialled else "dns_timeout"


def _proxy_code(status: int) -> str:
    if status in address_guard.PROXY_REFUSED:
        return "blocked_address"
    return "timeout_connect" if status == 504 else "connect_failed"
