"""What the chores need, and an endpoint."""

import pytest
import pytest_asyncio

from app.kit.database import Sessions
from app.kit.vault import Vault
from app.webhooks.dispatch.keeping.tools import Keeping
from app.webhooks.endpoints.model import Endpoint
from app.webhooks.replays import pruning
from tests.webhooks import scenes
from tests.world import World


@pytest.fixture
def keeping(sessions: Sessions) -> Keeping:
    """The tools, without mail."""
    return Keeping(sessions, others=(pruning.prune,))


@pytest_asyncio.fixture
async def endpoint(sessions: Sessions, vault: Vault, world: World) -> Endpoint:
    """An active endpoint of the north agency."""
    made, _ = await scenes.make_endpoint(sessions, vault, world.north.agency_id, "https://crm.example.com/hooks")
    return made
