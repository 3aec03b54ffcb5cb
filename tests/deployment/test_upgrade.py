"""Upgrade of an installation in use: data of the first release, with links that are open, to this version."""

import asyncio
import re

import httpx2
from alembic import command
from sqlalchemy import text

from app import migrate
from app.audit import sealer
from app.audit.verification import Verifier
from app.kit.database import CROSS_TENANT, Sessions, make_engine
from app.kit.encryption import Keyring
from simulator import seed
from tests.api import belongings
from tests.client_portal.walk import Walk
from tests.house import House
from tests.links.presets.test_api import MINE
from tests.world import World

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%' ORDER BY 1"
#: Tables without a row here.
UNFILLED = frozenset({
    "agency_logos", "buyer_access", "buyer_lists", "device_codes", "intake_answers", "platform_apps",
    "platform_identities", "public_link_uses", "readiness_answers", "webhook_attempts",
})  # fmt: skip


_PARTITION = re.compile(r"_(default|\d{4}_\d\d)$")


async def counted(url: str) -> dict[str, int]:
    """Rows of each table."""
    engine = make_engine(url, kept=False)
    async with engine.connect() as connection:
        names = (await connection.execute(text(TABLES))).scalars().all()
        found = {
            name: (
                await connection.execute(text(f"SELECT count(*) FROM {name}"), execution_options=CROSS_TENANT)
            ).scalar_one()
            for name in names
        }
    await engine.dispose()
    return found


async def test_links_sessions_and_deliveries_go_on(
    house: House, browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring,
    database_url: str, world: World,
) -> None:  # fmt: skip
    await house.share(world.north, seed.LUNE_UK)
    await belongings.of(sessions, keyring, world.south)
    walk = Walk(browser, world.south)
    await walk.start()
    await walk.answer("lane", "account")
    assert (await api.post("/presets", json=MINE, headers={"Idempotency-Key": "once"})).status_code == 201
    key = (await api.get("/me")).json()
    await asyncio.to_thread(command.downgrade, migrate.config(database_url), "0001")
    first = await counted(database_url)
    await asyncio.to_thread(migrate.upgrade, database_url)
    after = await counted(database_url)
    tasks = first.pop("webhook_tasks")  # later migrations add periodic ones
    assert {name: after[name] for name in first} == first
    assert after["webhook_tasks"] >= tasks
    assert {name for name, rows in first.items() if not rows and not _PARTITION.search(name)} <= UNFILLED
    assert (await api.get("/me")).json() == key
    assert (await walk.see("review")).status_code in (200, 303)
    await walk.answer("assets")
    await house.work()
    assert await house.statuses(world.north) == [("verified", None)]
    deliveries = await browser.get(
        "/api/v1/webhooks/deliveries", headers={"Authorization": f"Bearer {world.south.key}"}
    )
    assert deliveries.json()["data"], "it is still to be sent"
    await sealer.seal_all(sessions, keyring)
    sealed = await Verifier(sessions, keyring, world.north.agency_id).run()
    assert (sealed.deviation, sealed.records > 0) == (None, True)
