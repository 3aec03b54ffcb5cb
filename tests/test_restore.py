"""`keyturn restore` refuses before anything is changed; `tests/deployment` has whole restores."""

import asyncio
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import make_url

from app.cli.main import cli
from app.installation import REMEDIES
from app.kit import keyring_check
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import new_key
from app.tables import metadata
from tests.databases import connect
from tests.world import KEYS, PUBLIC_URL, World


async def keyturn(url: str, *words: str, keys: str = KEYS) -> Result:
    env = {"DATABASE_URL": url, "KEYTURN_SECRET_KEYS": keys, "KEYTURN_PUBLIC_URL": PUBLIC_URL}
    return await asyncio.to_thread(CliRunner().invoke, cli, words, env=env)


async def test_it_refuses_before_anything_is_changed(
    server: EmbeddedPostgres, database_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "keyturn.dump"
    assert (await keyturn(database_url, "backup", str(file))).exit_code == 0
    for words, keys, said in (
        ((str(file), "--replace"), new_key(), "lacks the key test1, which opens links.token_encrypted"),
        ((__file__,), KEYS, "cannot be read"),
        ((str(file),), KEYS, "The database is not empty"),
    ):
        answer = await keyturn(database_url, "restore", *words, keys=keys)
        assert (answer.exit_code, said in answer.output) == (1, True), answer.output
    web = await connect(server, str(make_url(database_url).database))
    refused = await keyturn(database_url, "restore", str(file), "--replace")
    assert (refused.exit_code, "Stop web and worker first" in refused.output) == (1, True), refused.output
    assert await web.fetchval("SELECT count(*) FROM agencies WHERE slug = $1", world.north.slug) == 1
    await web.close()


def test_each_encrypted_value_has_its_remedy() -> None:
    assert REMEDIES.keys() == {f"{table.name}.{column.name}" for table, column in keyring_check.columns(metadata)}
