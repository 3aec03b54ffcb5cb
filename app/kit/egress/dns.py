"""DNS lookups: A and AAAA, no search domains, no hosts file, three seconds in total."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import aiodns
import pycares

SECONDS = 3.0
#: A name may lead to what it led to a minute ago, no longer: half of it is c-ares's (it keeps answers for their TTL,
#: up to an hour, and pycares does not let us say less, so that we take a new one), half aiohttp's.
KEPT_SECONDS = 30

#: Name -> addresses. Raises DnsFailed.
Lookup = Callable[[str], Awaitable[list[str]]]

_CODES = {
    aiodns.error.ARES_ENOTFOUND: "dns_nxdomain",
    aiodns.error.ARES_ESERVFAIL: "dns_servfail",
    aiodns.error.ARES_ENODATA: "dns_empty",
    aiodns.error.ARES_ETIMEOUT: "dns_timeout",
}


class DnsFailed(OSError):
    """The name has no address. An OSError, because aiohttp wraps only those."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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
            async with asyncio.timeout(SECONDS):
                found = await asyncio.gather(self._ask(resolver, name, "A"), self._ask(resolver, name, "AAAA"))
        except TimeoutError as problem:
            raise DnsFailed("dns_timeout") from problem
        addresses = [address for part in found if not isinstance(part, DnsFailed) for address in part]
        if addresses:
            return addresses
        failures = [part for part in found if isinstance(part, DnsFailed)]
        raise next((failure for failure in failures if failure.code != "dns_empty"), DnsFailed("dns_empty"))

    async def close(self) -> None:
        """Close the resolvers and their threads."""
        while self._resolvers:
            await self._resolvers.pop().close()

    async def _fresh(self) -> aiodns.DNSResolver:
        now = time.monotonic()
        if self._resolvers and now < self._change_at:
            return self._resolvers[-1]
        self._change_at = now + self._kept_seconds
        made = aiodns.DNSResolver(nameservers=self._nameservers or None, timeout=SECONDS / 2, tries=2, domains=[])
        over, self._resolvers = self._resolvers[:-1], [*self._resolvers[-1:], made]
        for resolver in over:
            await resolver.close()
        return made

    @staticmethod
    async def _ask(resolver: aiodns.DNSResolver, name: str, kind: str) -> list[str] | DnsFailed:
        try:
            result = await resolver.query_dns(name, kind)
        except aiodns.error.DNSError as problem:
            return DnsFailed(_CODES.get(problem.args[0], "dns_failed"))
        return [
            record.data.addr
            for record in result.answer
            if isinstance(record.data, pycares.ARecordData | pycares.AAAARecordData)
        ]
