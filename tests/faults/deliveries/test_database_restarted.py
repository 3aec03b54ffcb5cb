"""PostgreSQL restarted while deliveries are under way."""

import asyncio
import tempfile
from pathlib import Path

from app import migrate
from app.kit.database import make_engine, make_sessions
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import Keyring
from app.settings import Settings
from tests import world as worlds
from tests.faults.deliveries import stage
from tests.forked import Forks
from tests.kit.egress.receivers import OK, Receiver, receiver

RESTARTS = 3


async def test_a_restart_loses_nothing(forks: Forks, settings: Settings, keyring: Keyring, tiktok_server: str) -> None:
    """What was in flight may be sent again, because what came of it could not be written down in time."""
    assert tiktok_server

    async def talk(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        writer.write(OK)

    with tempfile.TemporaryDirectory(prefix="keyturn-restart-") as data:
        server = EmbeddedPostgres(Path(data))
        server.start()
        try:
            server.ensure_database("keyturn")
            url = server.dsn("keyturn")
            await asyncio.to_thread(migrate.upgrade, url)
            engine = make_engine(url)
            sessions = make_sessions(engine)
            agency_id = (await worlds.make(sessions)).north.agency_id
            async with receiver(talk) as there:
                secrets = await stage.make(sessions, keyring, agency_id, there, events=200, timeout_ms=3000)
                async with stage.workers(forks, settings.model_copy(update={"database_url": url})):
                    for number in range(1, RESTARTS + 1):
                        await _came(there, 100 * number)
                        server.stop()
                        server.start()
                    await stage.until_all_arrived(sessions, agency_id)
                counted = stage.arrived(there, secrets)
            assert set(counted) == await stage.accepted(sessions, agency_id)
            assert len(counted) == 200 * len(secrets)
            assert max(counted.values()) <= 1 + RESTARTS
            await engine.dispose()
        finally:
            server.stop()


async def _came(there: Receiver, number: int) -> None:
    async with asyncio.timeout(60):
        while len(there.requests) < number:  # noqa: ASYNC110 - another process sends
            await asyncio.sleep(0.01)
