"""An installation as a process of its own, and commands that reach it over HTTP."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from app.kit import child_processes
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests import world as worlds
from tests.databases import Databases
from tests.webhooks.destinations.hubspot_account import Account
from tests.webhooks.destinations.receiving import serving
from tests.world import World


@dataclass(frozen=True)
class Keyturn:
    """The command `keyturn` of the north agency."""

    env: dict[str, str | None]

    async def run(self, *words: str, stdin: str | bytes | None = None, **env: str | None) -> Result:
        """What the command prints, and its exit status; a variable that is None is not set."""
        runner = CliRunner()
        return await asyncio.to_thread(runner.invoke, cli, words, input=stdin, env={**self.env, **env})

    async def json(self, *words: str, **more: Any) -> Any:
        """The JSON that a command prints."""
        result = await self.run(*words, "--json", **more)
        assert result.exit_code == 0, (words, result.output, result.exception)
        return json.loads(result.stdout)

    async def rows(self, *words: str) -> Any:
        """The rows of a list."""
        return (await self.json(*words))["data"]


@pytest.fixture(scope="module")
async def hubspot() -> AsyncIterator[tuple[Account, str]]:
    """A HubSpot account and its address."""
    account = Account()
    async with serving(account.answers) as address:
        yield account, address


@pytest.fixture(scope="module")
async def address(
    server: EmbeddedPostgres, databases: Databases, hubspot: tuple[Account, str], tmp_path_factory: Any
) -> AsyncIterator[str]:
    """The address of `keyturn web` on a database of this module, with the world in it."""
    name = await databases.take()
    found = f"http://127.0.0.1:{child_processes.port(0)}"
    env = {
        **os.environ,
        "DATABASE_URL": server.dsn(name),
        "KEYTURN_SECRET_KEYS": worlds.KEYS,
        "KEYTURN_PUBLIC_URL": found,
        "KEYTURN_EGRESS_ALLOW": "127.0.0.1/32",
        "KEYTURN_HUBSPOT_API_BASE": hubspot[1],
    }
    log = Path(tmp_path_factory.mktemp("web")) / "log"
    command = [sys.executable, "-m", "app.web", "--port", found.rsplit(":", 1)[1]]
    web = child_processes.start("web", command, env=env, log=log)
    try:
        await asyncio.to_thread(child_processes.wait_for, web, f"{found}/readyz")
        yield found
    finally:
        child_processes.stop([web])
        with contextlib.suppress(FileNotFoundError):
            log.unlink()
        await databases.give_back(name, for_next=False)


@pytest.fixture
def keyturn(address: str, world: World) -> Keyturn:
    """The command with the settings that `keyturn key create` prints."""
    return Keyturn({"KEYTURN_URL": address, "KEYTURN_API_KEY": world.north.key})
