"""Worlds whose calls go over a real connection: refusals, dropped connections and lost answers above all.

Codes of refusals differ in the body only, so one of each kind of ending is played; `make test-worlds` plays all.
"""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.kit.egress.client import tls_context
from tests.access.worlds.row import Row, played
from tests.access.worlds.stage import play
from tests.access.worlds.table import accounts, faults, people, pixels
from tests.house import House

_ALL = (*people.TRIPS[:1], *accounts.OWNERS[:1], *pixels.PIXELS[:1], *faults.WRITES, *faults.SLOW)


ROWS = played(_ALL)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """A client that reaches the simulator as other processes do."""
    async with httpx2.AsyncClient(trust_env=False, verify=tls_context()) as client:
        yield client


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"[^a-z0-9]+", "-", row.name.lower()))
async def test_a_world_over_http(house: House, row: Row) -> None:
    await play(house, row)
