"""What the tests of the client's pages share."""

import httpx2
import pytest

from tests.journey.walk import Walk
from tests.world import World


@pytest.fixture
def walk(browser: httpx2.AsyncClient, world: World) -> Walk:
    """A client of the north agency, in front of its link."""
    return Walk(browser, world.north)
