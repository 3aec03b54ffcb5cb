"""Where many tests of access begin."""

import pytest

from simulator.seed import LUNE_EU
from tests.house import House
from tests.prepared import Prepared


@pytest.fixture
async def shared(house: House, prepared: Prepared) -> House:
    """One ad account, verified as Operator, and the client's connection still there."""
    await prepared.reach("one ad account is verified", lambda: _share(house))
    return house


async def _share(house: House) -> None:
    north = house.world.north
    await house.share(north, LUNE_EU)
    await house.connect_client(north)
