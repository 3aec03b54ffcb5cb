"""The database by any address, for each program that takes one; where it cannot be used: one sentence, no traceback."""

import asyncio
import os
import sys
from urllib.parse import urlsplit

import httpx2
import pytest

from app.kit import child_processes
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.forked import Forks
from tests.world import KEYS, PUBLIC_URL, World


def as_printed(database_url: str) -> str:
    """The test's database, as a provider would print it."""
    parts = urlsplit(database_url)
    more = "sslmode=prefer&channel_binding=prefer&application_name=crm&options=-c%20statement_timeout%3D60s"
    return f"postgres://{parts.username}@{parts.path}?{parts.query}&{more}"


async def keyturn(forks: Forks, *words: str, url: str) -> tuple[int, str]:
    """Exit code and output of one command."""
    return await forks.run("app.cli", *words, env=environment(url))


def environment(url: str) -> dict[str, str]:
    """What each program is given."""
    return {**os.environ, "DATABASE_URL": url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": PUBLIC_URL}


async def test_each_program_takes_what_providers_print(forks: Forks, database_url: str, world: World) -> None:
    url = as_printed(database_url)
    commands = (("migrate",), ("doctor",), ("agency", "list", "--json"))
    ran = await asyncio.gather(*(keyturn(forks, *words, url=url) for words in commands))
    assert [code for code, _ in ran] == [0, 0, 0], ran
    assert world.north.agency_id in ran[2][1]
    port = child_processes.port(0)
    env = environment(url)
    started = [
        child_processes.start("web", [sys.executable, "-m", "app.web", "--port", str(port)], env=env),
        child_processes.start("worker", [sys.executable, "-m", "app.worker"], env=env),
    ]
    try:
        child_processes.wait_for(started[0], f"http://127.0.0.1:{port}/readyz")
        headers = {"Authorization": f"Bearer {world.north.key}"}
        answer = httpx2.get(f"http://127.0.0.1:{port}/api/v1/clients", headers=headers, trust_env=False)
        assert answer.status_code == 200
        started[1].check()
    finally:
        child_processes.stop(started)


@pytest.mark.parametrize("words", [("migrate",), ("doctor",), ("agency", "list"), ("worker",), ("web",)])
async def test_an_address_that_cannot_be_read_stops_each_program(forks: Forks, words: tuple[str, ...]) -> None:
    code, said = await keyturn(forks, *words, url="postgres://u:s3@cret@127.0.0.1/k")
    assert code in (1, 2)
    assert "write it as %40" in said
    assert "cret@" not in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [("migrate",), ("doctor",), ("agency", "list")])
async def test_a_database_that_is_not_there_is_one_sentence(forks: Forks, words: tuple[str, ...]) -> None:
    url = f"postgresql://u:s3cret@127.0.0.1:{child_processes.port(0)}/k?sslmode=require"
    code, said = await keyturn(forks, *words, url=url)
    assert code == 1
    assert "The database cannot be reached" in said
    assert "Traceback" not in said
    assert "s3cret" not in said


async def test_a_database_without_tables_names_the_command(forks: Forks, server: EmbeddedPostgres) -> None:
    code, said = await keyturn(forks, "agency", "list", url=server.dsn("template1"))
    assert (code, "keyturn migrate" in said, "Traceback" in said) == (1, True, False)
