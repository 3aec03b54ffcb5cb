"""The one way out to addresses that somebody else gave us."""

import asyncio
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial

import aiohttp
import structlog
from yarl import URL

from app.kit.egress import urls
from app.kit.egress.addresses import Network, read_networks
from app.kit.egress.answer import READ_AT_MOST, Answer, Timing, kept_body, kept_headers
from app.kit.egress.dns import Dns, DnsFailed, Lookup
from app.kit.egress.failure import code_of
from app.kit.egress.guard import BlockedAddress, Call, Guard, current_call, open_session

log = structlog.get_logger(__name__)

TOTAL_SECONDS = 15.0


class Egress:
    """Shared by a process and closed with it. Its connections are made in the loop of the first call."""

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        own_hosts: Collection[str] = (),
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`allow`: CIDRs reachable although private; `own_hosts`: names that lead back to us."""
        self.allow: tuple[Network, ...] = read_networks(allow)
        self.own_hosts = frozenset(host.lower().rstrip(".") for host in own_hosts)
        self._dns = Dns()
        self._lookup = lookup or self._dns.lookup
        self._tls = tls or _tls()
        self._target = lru_cache(4096)(partial(urls.read_url, allow=self.allow, own_hosts=self.own_hosts))
        self._vetting = asyncio.Semaphore(4)
        self._doors: dict[bool, aiohttp.ClientSession] = {}

    async def vet(self, url: str) -> str:
        """The URL as it is kept, its addresses vetted now. Raises UrlRefused.

        A name that does not resolve yet passes: whoever calls it vets again at every connect.
        """
        target = self._target(url)
        if target.literal:
            return target.url
        if self._vetting.locked():  # whoever asks holds a transaction open; connecting vets anyway
            return target.url
        try:
            async with self._vetting:
                await self._guard(target.opened_only).addresses_of(target.host, self._lookup)
        except DnsFailed:
            return target.url
        except BlockedAddress as problem:
            log.warning("egress.refused_at_save", host=target.host, detail=str(problem))
            reason = "The host name does not lead to a public address."
            raise urls.UrlRefused(reason, fields={"url": reason}) from problem
        return target.url

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float = TOTAL_SECONDS
    ) -> Answer:
        """Sends one POST, once, and reads the answer; whatever the other side does is an Answer.

        `seconds` is the deadline of all of it.
        """
        call = Call()
        current_call.set(call)
        try:
            target = self._target(url)
            async with asyncio.timeout(seconds) as deadline:
                response = await self._door(target.opened_only).post(
                    URL(target.url, encoded=True),
                    data=body,
                    headers={"accept": "*/*", **headers, "accept-encoding": "identity"},
                    skip_auto_headers=("User-Agent", "Content-Type"),
                    allow_redirects=False,
                )
        except urls.UrlRefused as problem:
            return _failed("blocked_address", problem, call)
        except (aiohttp.ClientError, OSError, ValueError) as problem:  # ValueError: what aiohttp refuses to send
            return _failed(code_of(problem, call), problem, call)
        call.answered = time.perf_counter()
        read, cut = await _read(response, deadline.when())
        return Answer(
            status=response.status,
            headers=kept_headers(response.headers.items()),
            body=kept_body(read),
            cut=cut,
            timing=_timing(call),
            address=call.address,
            tls=call.tls,
        )

    async def close(self) -> None:
        """Closes connections and the resolver."""
        for session in self._doors.values():
            await session.close()
        self._doors.clear()
        await self._dns.close()

    def _guard(self, opened_only: bool) -> Guard:
        return Guard(self.allow, opened_only)

    def _door(self, opened_only: bool) -> aiohttp.ClientSession:
        if opened_only not in self._doors:
            self._doors[opened_only] = open_session(self._guard(opened_only), self._lookup, self._tls)
        return self._doors[opened_only]


async def _read(response: aiohttp.ClientResponse, when: float | None) -> tuple[bytes, bool]:
    """What came of the body before deadline and limit, and whether it was cut. The answer stands anyway."""
    read = bytearray()
    try:
        async with asyncio.timeout_at(when):
            while len(read) < READ_AT_MOST and not response.content.at_eof():
                read += await response.content.read(READ_AT_MOST - len(read))
    except (aiohttp.ClientError, OSError):
        pass
    cut = not response.content.at_eof()
    response.close() if cut else response.release()
    return bytes(read), cut


def _failed(code: str, problem: BaseException, call: Call) -> Answer:
    detail = f"{type(problem).__name__}: {problem}"[:500]
    return Answer(error=code, detail=detail, timing=_timing(call), address=call.address, tls=call.tls)


def _timing(call: Call) -> Timing:
    return Timing(
        dns=_ms(call.dns),
        connect=_ms(call.connected - call.dialled) if call.connected and call.dialled else None,
        first_byte=_ms(call.answered - call.connected) if call.answered and call.connected else None,
        total=_ms(time.perf_counter() - call.started) or 0,
    )


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _tls() -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    return made
