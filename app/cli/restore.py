"""`keyturn restore`: a dump into an empty database, after everything that could be in the way was checked."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app import installation, local, migrate
from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.cli import first_key
from app.cli.dump import Dump, DumpUnusable
from app.cli.output import Failed, SettingsUnusable
from app.kit import database_url, keyring_check
from app.kit.actor import Actor, acting_as
from app.kit.database import make_engine, make_sessions
from app.kit.embedded_postgres.failures import PostgresFailure
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.kit.encryption import Keyring
from app.kit.keyring_check import UndecryptableValue
from app.settings import Settings, environment
from app.tables import metadata
from app.tenants.agencies import service as agencies

_ACTOR = Actor("system", "cli")
#: Schema that keeps the tables that were there, until the dump is restored.
_ASIDE = "before_restore"
_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
_AGENCIES = "SELECT count(*) FROM agencies"
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def run(file: Path, *, data_dir: Path | None, replace: bool, key_is_lost: bool) -> None:
    """Restore `file` and bring the database to this version. Raises Failed before anything is changed, else says what
    was done.
    """
    try:
        dump = Dump.open(file)
        with _database(data_dir, key_is_lost=key_is_lost) as chosen:
            lost = _check(dump, chosen, key_is_lost=key_is_lost)
            asyncio.run(_check_database(chosen.database_url, dump, replace=replace))
            _restore(dump, chosen.database_url)
            click.echo(f"{file} is restored, and the database has the tables of this version.")
            if lost:
                for line in [*installation.remedies(lost), *asyncio.run(give_up_connections(chosen))]:
                    click.echo(line)
    except (DumpUnusable, PostgresFailure) as problem:
        raise Failed(str(problem)) from problem
    click.echo("Start Keyturn, then run `keyturn doctor`.")


@contextmanager
def _database(data_dir: Path | None, *, key_is_lost: bool) -> Iterator[Settings]:
    """The settings; without DATABASE_URL with the embedded PostgreSQL, which runs meanwhile."""
    if environment("DATABASE_URL"):
        yield first_key.load()
        return
    folder = local.data_folder(data_dir)
    os.environ["KEYTURN_DATA_DIR"] = str(folder)
    if environment("KEYTURN_SECRET_KEYS") is None and not local.key_file().exists():
        if not key_is_lost:
            raise SettingsUnusable(
                f"There is no key ring: put the copy of the old one into {local.key_file()}, or set "
                "KEYTURN_SECRET_KEYS. If it is lost for ever, add --key-is-lost."
            )
        local.keep(local.DEFAULT_ADDRESS)
    with EmbeddedPostgres(folder) as server:
        server.ensure_database(local.DATABASE)
        yield first_key.load()


def _check(dump: Dump, chosen: Settings, *, key_is_lost: bool) -> Sequence[UndecryptableValue]:
    """Check version and key ring, and return what the key ring does not open. Raises Failed."""
    revision = dump.revision()
    if revision not in migrate.known():
        raise Failed(
            f"{dump.file} was written by a newer version of Keyturn (its tables are at {revision}).",
            "Nothing was changed. Install that version, or a later one, and restore with it.",
        )
    missing = dump.unreadable(metadata, Keyring.from_text(chosen.secret_keys))
    if missing and not key_is_lost:
        raise Failed(
            keyring_check.sentence(missing),
            "Nothing was changed. If a key is lost for ever, add --key-is-lost: what it opens is given up.",
        )
    return missing


async def _check_database(url: str, dump: Dump, *, replace: bool) -> None:
    """Check that the database can take the dump. Raises Failed."""
    engine = make_engine(url, kept=False)
    try:
        async with engine.connect() as connection:
            server = int(await _value(connection, "SHOW server_version_num")) // 10000
            if server < dump.server:
                raise Failed(
                    f"The dump is of PostgreSQL {dump.server}, and this server is PostgreSQL {server}, which is older.",
                    "Nothing was changed. Use a server that is not older.",
                )
            if await _value(connection, _TABLES) and not replace and await _value(connection, _AGENCIES):
                raise Failed(
                    "The database is not empty: it has agencies.",
                    "Nothing was changed. Name an empty database, or add --replace to give up what is in it.",
                )
            if others := await _value(connection, _OTHERS):
                raise Failed(
                    f"Other programs are connected to the database ({others}).",
                    "Nothing was changed. Stop web and worker first.",
                )
    finally:
        await engine.dispose()


async def _value(connection: AsyncConnection, query: str) -> int:
    return int((await connection.execute(text(query))).scalar_one())


def _restore(dump: Dump, url: str) -> None:
    """Restore and migrate. What was there before comes back if that fails."""
    address, password = database_url.read(url).for_libpq()
    asyncio.run(_execute(url, f"ALTER SCHEMA public RENAME TO {_ASIDE}", "CREATE SCHEMA public"))
    try:
        dump.restore(address, {**os.environ, **({"PGPASSWORD": password} if password else {})})
        migrate.upgrade(url)
    except BaseException:
        asyncio.run(_execute(url, "DROP SCHEMA public CASCADE", f"ALTER SCHEMA {_ASIDE} RENAME TO public"))
        raise
    asyncio.run(_execute(url, f"DROP SCHEMA {_ASIDE} CASCADE"))


async def _execute(url: str, *statements: str) -> None:
    engine = make_engine(url, kept=False)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def give_up_connections(chosen: Settings) -> list[str]:
    """Mark connections dead whose token the key ring does not open.

    Returns what agencies have to do, with one-time addresses.
    """
    engine = make_engine(chosen.database_url, kept=False)
    lines = []
    try:
        with acting_as(_ACTOR):
            async with make_sessions(engine).begin() as session:
                ended = await connections.give_up_unreadable(session, Keyring.from_text(chosen.secret_keys))
                own = dict.fromkeys((each.agency_id, each.platform) for each in ended if each.side == "agency")
                for agency_id, platform in own:
                    agency = await agencies.find(session, agency_id)
                    _, token = await oauth_flow.invite_agency(session, agency_id, platform=platform)
                    address = oauth_flow.invitation_address(chosen.public_url, token)
                    lines.append(f"{agency.name} connects {platform} again, within two days: {address}")
    finally:
        await engine.dispose()
    return lines
