"""What the fault tests of deliveries share: events for endpoints, workers as processes, and what came in the end."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from standardwebhooks import Webhook

from app.events import catalog
from app.events.recorder import EventDraft, record_all
from app.events.schema import AccessData
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.settings import Settings
from app.webhooks.models import Attempt, Delivery
from tests.forked import Forked, Forks
from tests.kit.egress.receivers import Receiver
from tests.webhooks import scenes
from tests.webhooks.scenes import fan_out
from tests.world import TESTS

#: No test waits longer, however busy the machine is.
LONGEST = 120


async def make(
    sessions: Sessions,
    keyring: Keyring,
    agency_id: str,
    there: Receiver,
    *,
    events: int,
    endpoints: int = 4,
    timeout_ms: int = 15_000,
) -> dict[str, str]:
    """Endpoints, and events that are all due; the endpoints' secrets.

    Whoever waits for leases to run out gives a short time-out, which must not end attempts on a busy machine.
    """
    secrets = {}
    for number in range(endpoints):
        url = f"{there.url}/{number}"
        endpoint, secret = await scenes.make_endpoint(
            sessions, keyring, agency_id, url, timeout_ms=timeout_ms, concurrency=20
        )
        secrets[endpoint.id] = secret
    await happen(sessions, agency_id, events)
    while await fan_out(sessions, keyring):
        pass
    return secrets


async def happen(sessions: Sessions, agency_id: str, events: int) -> None:
    """So many events that are not fanned out yet."""
    async with sessions.begin() as session:
        happened = [
            EventDraft(catalog.ACCESS_VERIFIED, f"link_{number}", TESTS, AccessData.known()) for number in range(events)
        ]
        await record_all(session, happened, agency_id=agency_id)


def env(settings: Settings) -> dict[str, str]:
    """The environment of a process of this test's installation."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "KEYTURN_SECRET_KEYS": settings.secret_keys,
        "KEYTURN_PUBLIC_URL": settings.public_url,
        "KEYTURN_EGRESS_ALLOW": "127.0.0.0/8",
    }


@asynccontextmanager
async def workers(forks: Forks, settings: Settings, number: int = 1) -> AsyncIterator[list[Forked]]:
    """Real workers, ended in the end."""
    started = [await forks.start("app.cli", "worker", env=env(settings)) for _ in range(number)]
    try:
        yield started
    finally:
        for each in started:
            each.terminate()
        for each in started:
            await each.wait()


async def until_all_arrived(sessions: Sessions, agency_id: str, *, number: int = 1) -> None:
    """Waits until there are so many deliveries and every one is over; all of them must have succeeded."""
    async with asyncio.timeout(LONGEST):
        while True:
            statuses = await _states(sessions, agency_id)
            if sum(statuses.values()) >= number and set(statuses) <= {"succeeded", "exhausted", "cancelled", "skipped"}:
                break
            await asyncio.sleep(0.2)
    assert set(statuses) == {"succeeded"}


async def _states(sessions: Sessions, agency_id: str) -> dict[str, int]:
    query = select(Delivery.status, func.count()).where(Delivery.agency_id == agency_id).group_by(Delivery.status)
    async with sessions() as session:
        return dict((await session.execute(query)).all())


async def accepted(sessions: Sessions, agency_id: str) -> set[tuple[str, str]]:
    """(endpoint, event) of everything that was to be delivered."""
    query = select(Delivery.endpoint_id, Delivery.event_id).where(Delivery.agency_id == agency_id)
    async with sessions() as session:
        return {(row[0], row[1]) for row in await session.execute(query)}


async def recorded(sessions: Sessions, agency_id: str) -> int:
    """How many attempts were written down."""
    query = select(func.count()).select_from(Attempt).where(Attempt.agency_id == agency_id)
    async with sessions() as session:
        return (await session.execute(query)).scalar_one()


def arrived(there: Receiver, secrets: dict[str, str]) -> Counter[tuple[str, str]]:
    """How often each (endpoint, event) came; every single one's signature is good."""
    counted: Counter[tuple[str, str]] = Counter()
    for request in there.requests:
        headers, body = read(request)
        endpoint_id = headers["x-keyturn-endpoint-id"]
        Webhook(secrets[endpoint_id]).verify(body, headers)
        counted[endpoint_id, headers["webhook-id"]] += 1
    return counted


def read(request: bytes) -> tuple[dict[str, str], str]:
    """Headers, their names in lower case, and body of what a receiver got."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return {name.lower(): value for name, value in lines}, body.decode()
