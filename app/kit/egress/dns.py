"""Looking a name up ourselves: A and AAAA, no search domains, no hosts file, three seconds in all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aiodns
import pycares

SECONDS = 3.0

#: Name -> addresses. Raises DnsFailed.
Lookup = Callable[[str], Awaitable[list[str]]]

_CODES = {
    aiodns.error.ARES_ENOTFOUND: "dns_nxdomain",
    aiodns.error.ARES_ESERVFAIL: "dns_servfail",
    aiodns.error.ARES_ENODATA: "dns_empty",
    aiodns.error.ARES_ETIMEOUT: "dns_timeout",
}


class DnsFailed(OSError):
    """The name led to no address. An OSError, because aiohttp wraps only those."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Dns:
    """One resolver of this process, made at the first look-up so that it belongs to the running loop."""

    def __init__(self, nameservers: Sequence[str] = ()) -> None:
        self._nameservers = list(nameservers)
        self._resolver: aiodns.DNSResolver | None = None

    async def lookup(self, name: str) -> list[str]:
        """All addresses of a name; of two families one may fail. Raises DnsFailed."""
        if self._resolver is None:
            self._resolver = aiodns.DNSResolver(
                nameservers=self._nameservers or None, timeout=SECONDS / 2, tries=2, domains=[]
            )
        try:
            async with asyncio.timeout(SECONDS):
                found = await asyncio.gather(
                    self._ask(self._resolver, name, "A"), self._ask(self._resolver, name, "AAAA")
                )
        except TimeoutError as problem:
            raise DnsFailed("dns_timeout") from problem
        addresses = [address for part in found if not isinstance(part, DnsFailed) for address in part]
        if addresses:
            return addresses
        failures = [part for part in found if isinstance(part, DnsFailed)]
        raise next((failure for failure in failures if failure.code != "dns_empty"), DnsFailed("dns_empty"))

    async def close(self) -> None:
        """Ends the resolver and its thread."""
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

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
