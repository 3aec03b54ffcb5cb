"""What the chores need, and an endpoint."""

import pytest
import pytest_asyncio

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import MaintenanceContext
from app.webhooks.models import Endpoint
from app.webhooks.replays import job
from tests.webhooks import scenes
from tests.webhooks.scenes import fan_out
from tests.world import World


@pytest.fixture
def keeping(sessions: Sessions) -> MaintenanceContext:
    """The tools, without mail."""
    return MaintenanceContext(sessions, others=(job.prune_replays,))


@pytest_asyncio.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    """An active endpoint of the north agency."""
    made, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, "https://crm.example.com/hooks")
    while await fan_out(sessions, keyring):  # what made the world is as old as the test run, and would look stuck
        pass
    return made
