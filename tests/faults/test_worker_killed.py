"""The worker killed around the share call, each time anew: all is verified in the end, nothing shared twice."""

import asyncio
import os

import pytest
from sqlalchemy import func, select

from app.access import handshakes
from app.access.connections import service as connections
from app.access.connections.models import Connection
from app.access.grants.models import Grant
from app.events.models import Event
from app.kit import ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.i18n.locales import ENGLISH
from app.links import service as link_service
from app.links.models import AccessRequest
from app.links.pasted_ids import SelectedAsset
from app.platforms.resources import DiscoveredAsset, DiscoveredAssets, PlatformAccount
from app.settings import Settings
from app.tenants.clients import service as clients
from simulator import seed
from tests.faults.mortal import AFTER, BEFORE, RECORDED
from tests.forked import Forks
from tests.tiktok import TikTokWorld
from tests.world import TESTS, Corner, World

#: `make test-faults`: twenty.
TIMES = 4 * int(os.environ.get("KEYTURN_TEST_KILLS", "1"))


@pytest.mark.parametrize("mode", [BEFORE, AFTER, RECORDED])
async def test_killed_around_the_share(
    mode: str, forks: Forks, settings: Settings, sessions: Sessions, keyring: Keyring, tiktok: TikTokWorld, world: World
) -> None:
    await tiktok.switch(read_lag=3)  # longer than a lease: a look after the restart does not show the write yet
    for account in seed.BIG_ACCOUNTS[:TIMES]:
        await _client_who_agreed(sessions, keyring, tiktok, world.north, account)
    await _agency_token(sessions, keyring, tiktok, world.north)
    env = _env(settings)
    code, said = await forks.run("tests.faults.mortal", mode, str(TIMES), env=env)
    assert (code, said.strip().splitlines()[-1]) == (0, f"killed {TIMES}"), said[-3000:]
    worker = await forks.start("app.cli", "worker", env=env)
    try:
        async with asyncio.timeout(300):
            while await _states(sessions, world.north) != {"verified": TIMES}:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
    finally:
        worker.terminate()
        await worker.wait()
    calls = await tiktok.calls()
    assert calls["second_shares"] == 0
    assert calls["shares"] == TIMES
    assert await _grants(sessions, world.north) == sorted(seed.BIG_ACCOUNTS[:TIMES])
    assert await _told(sessions, world.north, "access.verified") == TIMES
    assert await _told(sessions, world.north, "link.completed") == TIMES


async def _client_who_agreed(
    sessions: Sessions, keyring: Keyring, tiktok: TikTokWorld, north: Corner, account: str
) -> None:
    async with sessions.begin() as session:
        client, _ = await clients.create_client(session, north.agency_id, actor=TESTS, name=f"Big {account}")
        made, _ = await link_service.create_link(
            session, north.agency_id, client_id=client.id, preset="run-campaigns", keyring=keyring, actor=TESTS
        )
        found = DiscoveredAssets(
            "Bea Big",
            (PlatformAccount(seed.BIG_RETAIL, "Big Retail"),),
            (DiscoveredAsset("ad_account", seed.BIG_RETAIL, account, account),),
        )
        session.add(
            await _connection(keyring, tiktok, north, seed.BIG_BEA, found, client_id=client.id, link_id=made.link.id)
        )
        await session.flush()
        made.choose_lane("tiktok", "connected")
        made.choose_account("tiktok", seed.BIG_RETAIL, "Big Retail")
        made.choose_assets("tiktok", "ad_account", [SelectedAsset(account)])
        made.give_consent("Bea Big", ["as shown"], locale=ENGLISH)
        await made.save(session)
        await handshakes.start_for_link(session, made)


async def _agency_token(sessions: Sessions, keyring: Keyring, tiktok: TikTokWorld, north: Corner) -> None:
    async with sessions.begin() as session:
        session.add(await _connection(keyring, tiktok, north, seed.NORA_NORTH, DiscoveredAssets("Nora North", (), ())))


async def _connection(
    keyring: Keyring, tiktok: TikTokWorld, north: Corner, person: str, found: DiscoveredAssets, **whose: str
) -> Connection:
    connection_id = ids.new("connection")
    place = connections.token_place(north.agency_id, connection_id)
    return Connection(
        agency_id=north.agency_id, id=connection_id, platform="tiktok", side="client" if whose else "agency",
        app_id=seed.FULL_APP,
        scopes=["1"], person=found.person, found=connections.discovered_columns(found),
        token_encrypted=keyring.encrypt(await tiktok.token(person), bound_to=place), **whose,
    )  # fmt: skip


def _env(settings: Settings) -> dict[str, str]:
    given = settings.model_dump(exclude_none=True)
    named = {
        (name.upper() if name.startswith(("tiktok", "database")) else f"KEYTURN_{name.upper()}"): str(value)
        for name, value in given.items()
    }
    return {**os.environ, **named, "KEYTURN_LEASE_SECONDS": "2", "KEYTURN_SETTLE_SECONDS": "5"}


async def _states(sessions: Sessions, north: Corner) -> dict[str, int]:
    rows = select(AccessRequest.status, func.count()).where(
        AccessRequest.agency_id == north.agency_id, AccessRequest.link_id != north.link_id
    )
    async with sessions() as session:
        return dict((await session.execute(rows.group_by(AccessRequest.status))).all())


async def _grants(sessions: Sessions, north: Corner) -> list[str]:
    async with sessions() as session:
        return sorted((await session.scalars(select(Grant.asset_id).where(Grant.agency_id == north.agency_id))).all())


async def _told(sessions: Sessions, north: Corner, kind: str) -> int:
    rows = select(func.count()).where(Event.agency_id == north.agency_id, Event.type == kind)
    async with sessions() as session:
        return (await session.execute(rows)).scalar_one()
