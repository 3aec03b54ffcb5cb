"""Names that lead elsewhere from one moment to the next, in a dispatcher that asks a real name server.

A worker process takes its name servers from the system, so that the dispatcher runs in this one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import select

from app.kit.database import Sessions
from app.kit.egress.address_guard import Dns
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from app.webhooks.models import Attempt
from tests.faults.deliveries import stage
from tests.kit.egress.receivers import OK, Receiver, answers, receiver
from tests.kit.egress.servers.name_server import NXDOMAIN, SERVFAIL, A, Found, name_server
from tests.webhooks import scenes
from tests.world import PUBLIC_URL, World

EVENTS = 2
LONGEST = 120
#: The operator opened one address of loopback; its neighbour is as private as any.
OPENED, PRIVATE, PUBLIC = "127.0.0.1", "127.0.0.2", "93.184.216.34"
ALLOW = [f"{OPENED}/32"]

#: What each name leads to, question by question; the last for ever.
ZONE: dict[str, list[Found]] = {
    "well.example": [[OPENED]],
    "turns.example": [[OPENED], [PRIVATE]],
    "turns-from-public.example": [[PUBLIC], [PRIVATE]],
    "mixed.example": [[OPENED, PRIVATE]],
    "flaps.example": [[OPENED], NXDOMAIN, NXDOMAIN, [OPENED]],
    "fails.example": [SERVFAIL],
    "silent.example": [],
}
CODES = {
    "well.example": {"http_200"},
    "turns.example": {"blocked_address"},
    "turns-from-public.example": {"blocked_address"},
    "mixed.example": {"blocked_address"},
    "flaps.example": {"dns_nxdomain", "http_200"},
    "fails.example": {"dns_servfail"},
    "silent.example": {"dns_timeout"},
}
ARRIVING = {"well.example", "flaps.example"}


@dataclass
class Names:
    """Answers the questions for each name in turn."""

    asked: dict[str, int] = field(default_factory=dict)

    def __call__(self, name: str, kind: int) -> Found:
        """What to say to a question."""
        if kind != A:
            return NXDOMAIN if self._now(name) == NXDOMAIN else []
        found = self._now(name)
        self.asked[name] = self.asked.get(name, 0) + 1
        return found

    def _now(self, name: str) -> Found:
        left = ZONE[name]
        return left[min(self.asked.get(name, 0), len(left) - 1)]


@contextlib.asynccontextmanager
async def neighbour(port: int) -> AsyncIterator[list[bytes]]:
    """What comes to the private address, at the port that is called."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, PRIVATE, port)
    try:
        yield came
    finally:
        server.close()


async def test_names_that_change(sessions: Sessions, keyring: Keyring, world: World) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as there, neighbour(there.port) as came, name_server(Names()) as (dns, server):
        endpoints, secrets = await _saved(sessions, keyring, agency_id, dns, there)
        later = Dns([f"127.0.0.1:{server.transport.get_extra_info('sockname')[1]}"])  # that of the worker: it asks anew
        egress = Egress(lookup=later.lookup, allow=ALLOW)
        for _ in range(EVENTS):
            await scenes.happen(sessions, agency_id)
        tools = WebhookContext(sessions, keyring, egress, PUBLIC_URL, worker="test:1")
        await scenes.fan_all_out(tools)
        await _work(tools, sessions, agency_id, endpoints)
        await egress.close()
        await later.close()
        counted = stage.arrived(there, secrets)
    assert came == []
    arriving = {endpoint_id for endpoint_id, name in endpoints.items() if name in ARRIVING}
    assert {endpoint_id for endpoint_id, _ in counted} == arriving
    assert (len(counted), set(counted.values())) == (EVENTS * len(arriving), {1})
    await _all_told(sessions, agency_id, endpoints)


async def _saved(
    sessions: Sessions, keyring: Keyring, agency_id: str, dns: Dns, there: Receiver
) -> tuple[dict[str, str], dict[str, str]]:
    """Endpoints by id, with the name of each; their addresses were vetted as the API does it, but for the mixed one."""
    endpoints, secrets = {}, {}
    egress = Egress(lookup=dns.lookup, allow=ALLOW)
    for name in ZONE:
        place = f"https://{name}:8443/in" if "public" in name else f"http://{name}:{there.port}/in"
        url = place if name == "mixed.example" else await egress.vet(place)
        endpoint, secret = await scenes.make_endpoint(
            sessions, keyring, agency_id, url, retry_policy=[1] * 6, timeout_ms=5000, concurrency=1
        )
        endpoints[endpoint.id], secrets[endpoint.id] = name, secret
    await egress.close()
    return endpoints, secrets


async def _work(tools: WebhookContext, sessions: Sessions, agency_id: str, endpoints: dict[str, str]) -> None:
    """Sends until what can arrive has arrived, and each of the others was tried."""
    stop = asyncio.Event()
    working = asyncio.create_task(scenes.send_all(tools, stop))
    async with asyncio.timeout(LONGEST):
        while not await _enough(sessions, agency_id, endpoints):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        stop.set()
        await working


async def _enough(sessions: Sessions, agency_id: str, endpoints: dict[str, str]) -> bool:
    rows = await scenes.deliveries(sessions, agency_id)
    return all(
        row.status == "succeeded" if endpoints[row.endpoint_id] in ARRIVING else row.attempt_count for row in rows
    )


async def _all_told(sessions: Sessions, agency_id: str, endpoints: dict[str, str]) -> None:
    """Every delivery is there, with the attempts it says it made, each with a code of its name."""
    rows = await scenes.deliveries(sessions, agency_id)
    assert len(rows) == EVENTS * len(endpoints)
    async with sessions() as session:
        attempts = (await session.scalars(select(Attempt).where(Attempt.agency_id == agency_id))).all()
    for row in rows:
        codes = [each.code for each in attempts if each.delivery_id == row.id]
        assert len(codes) == row.attempt_count >= 1
        assert set(codes) <= CODES[endpoints[row.endpoint_id]]
        assert row.status in ("succeeded", "retrying", "exhausted")
        assert row.last_code in codes
    of_flaps = [row for row in rows if endpoints[row.endpoint_id] == "flaps.example"]
    flapped = sum(row.attempt_count for row in of_flaps) - EVENTS
    assert 0 < flapped <= ZONE["flaps.example"].count(NXDOMAIN)  # fewer where a question had to be asked again
    _no_address_told([each for each in attempts if each.code == "blocked_address"])


def _no_address_told(blocked: list[Attempt]) -> None:
    assert blocked
    for each in blocked:
        assert each.address is None
        assert "127." not in each.explanation
        assert (each.status, each.headers, each.body) == (None, {}, "")
