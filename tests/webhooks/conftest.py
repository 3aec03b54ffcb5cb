"""Tools of the webhook work, able to reach receivers on loopback."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.kit.database import Sessions
from app.kit.egress.sender import Egress
from app.kit.vault import Vault
from app.webhooks.dispatch.tools import Tools


@pytest_asyncio.fixture
async def egress() -> AsyncIterator[Egress]:
    """A way out to loopback."""
    made = Egress(allow=["127.0.0.0/8"])
    yield made
    await made.close()


@pytest.fixture
def tools(sessions: Sessions, vault: Vault, egress: Egress) -> Tools:
    """What the work of webhooks needs."""
    return Tools(sessions, vault, egress, worker="test:1")
