"""What the chores need, and an endpoint."""

import pytest
import pytest_asyncio

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.maintenance.context import MaintenanceContext
from app.webhooks.replays import pruning
from tests.webhooks import scenes
from tests.world import World


@pytest.fixture
def keeping(sessions: Sessions) -> MaintenanceContext:
    """The tools, without mail."""
    return MaintenanceContext(sessions, others=(pruning.prune,))


@pytest_asyncio.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    """An active endpoint of the north agency."""
    made, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://crm.example.com/hooks")
    return made
