"""`keyturn restore`: whole, refused, into an embedded PostgreSQL, and without the key that is lost."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url, select

from app.access.connections.models import Connection
from app.cli import restore
from app.cli.main import cli
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import Keyring, new_key
from app.settings import Settings
from simulator import seed
from simulator.seed import MAISON_LUNE
from tests.databases import connect
from tests.house import House
from tests.world import KEYS, PUBLIC_URL, World

NAME = "restored"


def keyturn(url: str, *words: str, keys: str = KEYS) -> Result:
    env = {"DATABASE_URL": url, "KEYTURN_SECRET_KEYS": keys, "KEYTURN_PUBLIC_URL": PUBLIC_URL}
    return CliRunner().invoke(cli, words, env=env)


def ask(server: EmbeddedPostgres, name: str, *statements: str) -> object:
    """The first value of the last statement."""

    async def run() -> object:
        connection: asyncpg.Connection = await connect(server, name)
        try:
            return [await connection.fetchval(each) for each in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def empty(server: EmbeddedPostgres) -> Iterator[str]:
    """Address of a database without tables."""
    server.ensure_database(NAME)
    yield server.dsn(NAME)
    ask(server, "postgres", f"DROP DATABASE {NAME} WITH (FORCE)")


def test_nothing_is_changed_until_all_is_checked_then_it_is_whole(
    server: EmbeddedPostgres, database_url: str, empty: str, world: World, tmp_path: Path
) -> None:
    file, newer, cut, odd = (tmp_path / f"{name}.dump" for name in ("keyturn", "newer", "cut", "odd"))
    assert keyturn(database_url, "backup", str(file)).exit_code == 0
    cut.write_bytes(file.read_bytes()[:-3000])
    source = str(make_url(database_url).database)
    ask(
        server,
        source,
        f"CREATE TABLE odd (n integer CHECK (current_database() = '{source}'))",
        "INSERT INTO odd VALUES (1)",
    )
    assert keyturn(database_url, "backup", str(odd)).exit_code == 0
    ask(server, source, "UPDATE alembic_version SET version_num = '9999'")
    assert keyturn(database_url, "backup", str(newer)).exit_code == 0
    refused = {
        (str(file),): (new_key(), "lacks the key test1, which opens links.token_encrypted"),
        (str(newer),): (KEYS, "was written by a newer version of Keyturn (its tables are at 9999)"),
        (__file__,): (KEYS, "cannot be read"),
        (str(cut), "--key-is-lost"): (KEYS, "cannot be read to its end"),
        (str(odd),): (KEYS, "violates check constraint"),
    }
    for words, (keys, said) in refused.items():
        answer = keyturn(empty, "restore", *words, keys=keys)
        assert (answer.exit_code, said in answer.output) == (1, True), answer.output
        assert ask(server, NAME, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0

    done = keyturn(empty, "restore", str(file))
    assert done.exit_code == 0, done.output
    ask(server, NAME, "SELECT 1")
    assert "opens what is stored" in keyturn(empty, "doctor").stdout
    assert ask(server, NAME, "SELECT count(*) FROM pg_namespace WHERE nspname = 'before_restore'") == 0

    again = keyturn(empty, "restore", str(file))
    assert (again.exit_code, "The database is not empty" in again.output) == (1, True), again.output
    ask(server, NAME, "UPDATE agencies SET name = 'Changed'")
    with_half = keyturn(empty, "restore", str(odd), "--replace")
    assert with_half.exit_code == 1
    assert ask(server, NAME, "SELECT count(*) FROM agencies WHERE name = 'Changed'") == 2, "as it was before"
    replaced = keyturn(empty, "restore", str(file), "--replace")
    assert replaced.exit_code == 0, replaced.output
    assert ask(server, NAME, "SELECT count(*) FROM agencies WHERE name = 'North Agency'") == 1

    lost = keyturn(empty, "restore", str(file), "--replace", "--key-is-lost", keys=new_key())
    assert lost.exit_code == 0, lost.output
    assert "Addresses of links still work, but cannot be shown again" in lost.stdout


def test_from_a_server_to_an_embedded_postgres_and_back_with_the_same_key_ring(
    database_url: str, empty: str, world: World, folder: Path
) -> None:
    there, back, data = folder / "there.dump", folder / "back.dump", folder / "data"
    assert keyturn(database_url, "backup", str(there)).exit_code == 0
    home = {
        "DATABASE_URL": None,
        "KEYTURN_DATA_DIR": None,
        "KEYTURN_SECRET_KEYS": KEYS,
        "KEYTURN_PUBLIC_URL": PUBLIC_URL,
    }
    words = ["restore", str(there), "--data-dir", str(data)]
    moved = CliRunner().invoke(cli, words, env=home)
    assert moved.exit_code == 0, moved.output
    with EmbeddedPostgres(data) as own:
        assert ask(own, "keyturn", "SELECT count(*) FROM agencies") == 2
        assert keyturn(own.dsn("keyturn"), "backup", str(back)).exit_code == 0
    assert keyturn(empty, "restore", str(back)).exit_code == 0
    assert "opens what is stored" in keyturn(empty, "doctor").stdout
    assert world.north.slug == "north"


async def test_without_the_lost_key_tokens_are_dead_and_everything_goes_on_after_connecting_again(
    house: House, settings: Settings, world: World
) -> None:
    await house.share(world.north, seed.LUNE_EU)
    assert await house.statuses(world.north) == [("verified", None)]
    keys = new_key()
    lines = await restore.give_up_connections(settings.model_copy(update={"secret_keys": keys}))
    assert [line.partition(": ")[0] for line in lines] == ["North Agency connects tiktok again, within two days"]
    assert f"{PUBLIC_URL}/connect/" in lines[0]
    again = replace(house, tools=replace(house.tools, keyring=Keyring.from_text(keys)))
    async with house.tools.sessions() as session:
        rows = select(Connection.status, Connection.due_at).where(Connection.agency_id == world.north.agency_id)
        assert {tuple(row) for row in await session.execute(rows)} == {("dead", None), ("revoked", None)}
    assert (await house.events(world.north)).count("connection.token_invalid") == 1
    await again.work()
    await house.tiktok.unshare_by_hand(MAISON_LUNE, seed.LUNE_EU)
    await again.connect_agency(world.north)
    await again.later(timedelta(days=1))
    await again.work()
    assert [status for status, _ in await again.statuses(world.north)] == ["drifted"], "it reads again"
