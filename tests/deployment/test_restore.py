"""A restored installation: on another server, and without its key ring."""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app import installation, migrate
from app.cli.main import cli
from app.kit import keyring_check
from app.kit.database import Sessions
from app.kit.embedded_postgres import binaries
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import Keyring, new_key
from app.settings import Settings
from app.tables import metadata
from tests import world as worlds
from tests.conftest import running
from tests.deployment import conftest as programs
from tests.webhooks import scenes
from tests.world import World


def test_every_sealed_column_is_known() -> None:
    found = {f"{table.name}.{column.name}" for table, column in keyring_check.columns(metadata)}
    assert found >= {
        "links.token_encrypted",
        "connections.token_encrypted",
        "webhook_secrets.secret_encrypted",
        "intake_files.content_encrypted",
    }
    for table, _ in keyring_check.columns(metadata):
        assert {"agency_id", "id"} <= set(table.columns.keys())


async def test_with_its_key_ring_all_is_well(engine: AsyncEngine, settings: Settings) -> None:
    async with engine.connect() as connection:
        assert await keyring_check.unreadable(connection, metadata, worlds.keyring()) == []
    (line,) = [each for each in await installation.database(settings) if each.what == "key ring"]
    assert (line.well, line.words) == (True, "opens what is stored")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (new_key(), "lacks the key test1, which opens links.token_encrypted"),
        ("test1:" + "QkJC" * 10 + "QkI=", "does not decrypt links.token_encrypted: a key has another value"),
    ],
)
async def test_without_it_the_doctor_names_the_key(settings: Settings, keys: str, said: str) -> None:
    lines = await installation.database(settings.model_copy(update={"secret_keys": keys}))
    (line,) = [each for each in lines if each.what == "key ring"]
    assert not line.well
    assert said in line.words


async def test_without_it_the_api_names_the_key(settings: Settings, sessions: Sessions, world: World) -> None:
    chosen = settings.model_copy(update={"secret_keys": new_key()})
    headers = {"Authorization": f"Bearer {world.north.key}"}
    async with running(chosen, sessions) as app:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=worlds.PUBLIC_URL, headers=headers) as api:
            answer = await api.get(f"/api/v1/links/{world.north.link_id}/address")
    assert (answer.status_code, answer.json()["code"]) == (503, "key_ring_incomplete")
    assert "the key test1 is missing in KEYTURN_SECRET_KEYS" in answer.json()["detail"]


async def test_without_it_a_test_delivery_is_refused_and_leaves_nothing_waiting(
    settings: Settings, sessions: Sessions, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, worlds.keyring(), world.north.agency_id, "https://127.0.0.1/")
    chosen = settings.model_copy(update={"secret_keys": new_key()})
    headers = {"Authorization": f"Bearer {world.north.key}"}
    async with running(chosen, sessions) as app:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=worlds.PUBLIC_URL, headers=headers) as api:
            answer = await api.post(
                f"/api/v1/webhooks/endpoints/{endpoint.id}/test", json={"event_type": "access.verified"}
            )
    assert (answer.status_code, answer.json()["code"]) == (503, "key_ring_incomplete")
    assert "the key test1 is missing in KEYTURN_SECRET_KEYS" in answer.json()["detail"]
    assert await scenes.deliveries(sessions, world.north.agency_id) == []


def test_a_key_that_is_put_back_opens_beside_the_new_one() -> None:
    sealed = worlds.keyring().encrypt("kept", bound_to="x")
    assert Keyring.from_text(f"{new_key()},{worlds.KEYS}").decrypt(sealed, bound_to="x") == "kept"


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """An empty database on a server that is new, and so counts its transactions from low."""
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-restored-") as data,
        EmbeddedPostgres(Path(data), durable=False) as server,
    ):
        server.ensure_database("restored")
        yield server.dsn("restored")


def _tool(name: str, *arguments: str) -> None:
    program = binaries.find_binaries().prefix / "bin" / name
    subprocess.run([str(program), *arguments], check=True, capture_output=True)


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def _run(url: str, statement: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def test_a_dump_restored_on_another_server_hides_no_event_and_keeps_every_place(
    folder: Path, database_url: str, elsewhere: str, world: World
) -> None:
    """By the commands of docs/backup.md; a CRM goes on from the place it held before."""
    many = "DO $$ BEGIN FOR i IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    asyncio.run(_run(database_url, many))
    headers = {"Authorization": f"Bearer {world.north.key}"}
    with programs.web(folder, database_url) as address:
        api = httpx2.Client(base_url=f"{address}/api/v1", headers=headers, timeout=60, trust_env=False)
        with api:
            made = api.post("/clients", json={"name": "Before"}).json()["id"]
            before = api.get("/events", params={"after": "", "limit": 200}).json()
    assert before["data"][-1]["subject"]["id"] == made
    env = {"KEYTURN_SECRET_KEYS": worlds.KEYS, "KEYTURN_PUBLIC_URL": "https://localhost"}
    saved = CliRunner().invoke(cli, ["backup", f"{folder}/keyturn.dump"], env={**env, "DATABASE_URL": database_url})
    assert saved.exit_code == 0, saved.stderr
    _tool("pg_restore", "--no-owner", f"--dbname={_libpq(elsewhere)}", f"{folder}/keyturn.dump")
    env = {**env, "DATABASE_URL": elsewhere}
    warned = CliRunner().invoke(cli, ["doctor"], env=env)
    assert (warned.exit_code, "Run `keyturn migrate`" in warned.stdout) == (1, True), warned.stdout
    migrate.upgrade(elsewhere)
    well = CliRunner().invoke(cli, ["doctor"], env=env)
    assert well.exit_code == 0, well.stdout
    with programs.web(folder, elsewhere) as address:
        api = httpx2.Client(base_url=f"{address}/api/v1", headers=headers, timeout=60, trust_env=False)
        with api:
            again = api.get("/events", params={"after": "", "limit": 200}).json()
            assert [each["id"] for each in again["data"]] == [each["id"] for each in before["data"]]
            later = api.post("/clients", json={"name": "After"}).json()["id"]
            followed = api.get("/events", params={"after": before["next_cursor"], "wait": 20}).json()
            assert [each["subject"]["id"] for each in followed["data"]] == [later]
            assert api.get("/events").json()["data"][0]["subject"]["id"] == later


def test_without_it_web_and_worker_start_and_say_so(folder: Path, database_url: str) -> None:
    keys = new_key()
    env = {"DATABASE_URL": database_url, "KEYTURN_PUBLIC_URL": "https://localhost", "KEYTURN_SECRET_KEYS": keys}
    worker = [sys.executable, "-m", "app.worker"]
    with (
        programs.web(folder, database_url, KEYTURN_SECRET_KEYS=keys) as address,
        programs.running("worker", worker, folder=folder, env=env) as working,
    ):
        assert httpx2.get(f"{address}/readyz", trust_env=False, timeout=60).status_code == 200
        programs.until(lambda: "worker.started" in (folder / "worker.log").read_text(), working)
    for name in ("web", "worker"):
        [line] = re.findall(".*key_ring.incomplete.*", (folder / f"{name}.log").read_text())
        assert "KEYTURN_SECRET_KEYS lacks the key test1, which opens links.token_encrypted" in line
