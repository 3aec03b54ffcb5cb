"""A way out to loopback."""

from collections.abc import AsyncIterator

import pytest_asyncio

from app.kit.egress.client import Egress
from tests.kit.egress.receivers import ALLOW


@pytest_asyncio.fixture
async def egress() -> AsyncIterator[Egress]:
    """It reaches loopback, besides public hosts."""
    made = Egress(allow=ALLOW)
    yield made
    await made.close()
