"""Tools of the webhook work, able to reach receivers on loopback."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from tests.world import PUBLIC_URL


@pytest_asyncio.fixture
async def egress() -> AsyncIterator[Egress]:
    """A way out to loopback."""
    made = Egress(allow=["127.0.0.0/8"])
    yield made
    await made.close()


@pytest.fixture
def tools(sessions: Sessions, keyring: Keyring, egress: Egress) -> WebhookContext:
    """What the work of webhooks needs."""
    return WebhookContext(sessions, keyring, egress, PUBLIC_URL, worker="test:1")
