"""The database by any address, for each program that takes one; where it cannot be used: one sentence, no traceback."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from app.kit import child_processes
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.world import KEYS, PUBLIC_URL, World

ROOT = Path(__file__).parents[1]


def as_printed(database_url: str) -> str:
    """The test's database, as a provider would print it."""
    parts = urlsplit(database_url)
    more = "sslmode=prefer&channel_binding=prefer&application_name=crm&options=-c%20statement_timeout%3D60s"
    return f"postgres://{parts.username}@{parts.path}?{parts.query}&{more}"


def keyturn(*words: str, url: str) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    env = {**os.environ, "DATABASE_URL": url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": PUBLIC_URL}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )


async def test_each_program_takes_what_providers_print(database_url: str, world: World) -> None:
    url = as_printed(database_url)
    commands = (("migrate",), ("doctor",), ("agency", "list", "--json"))
    ran = await asyncio.gather(*(asyncio.to_thread(keyturn, *words, url=url) for words in commands))
    assert [each.returncode for each in ran] == [0, 0, 0], [each.stderr for each in ran]
    assert world.north.agency_id in ran[2].stdout
    port = child_processes.port(0)
    env = {**os.environ, "DATABASE_URL": url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": PUBLIC_URL}
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
def test_an_address_that_cannot_be_read_stops_each_program(words: tuple[str, ...]) -> None:
    ran = keyturn(*words, url="postgres://u:s3@cret@127.0.0.1/k")
    assert ran.returncode in (1, 2)
    assert "write it as %40" in ran.stdout + ran.stderr
    assert "cret@" not in ran.stdout + ran.stderr
    assert len((ran.stdout + ran.stderr).strip().splitlines()) == 1


@pytest.mark.parametrize("words", [("migrate",), ("doctor",), ("agency", "list")])
def test_a_database_that_is_not_there_is_one_sentence(words: tuple[str, ...]) -> None:
    ran = keyturn(*words, url=f"postgresql://u:s3cret@127.0.0.1:{child_processes.port(0)}/k?sslmode=require")
    assert ran.returncode == 1
    assert "The database cannot be reached" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "s3cret" not in ran.stdout + ran.stderr


def test_a_database_without_tables_names_the_command(server: EmbeddedPostgres) -> None:
    ran = keyturn("agency", "list", url=server.dsn("template1"))
    assert (ran.returncode, "keyturn migrate" in ran.stderr, "Traceback" in ran.stderr) == (1, True, False)
