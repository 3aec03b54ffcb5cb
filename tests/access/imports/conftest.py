"""The north agency's scene."""

import pytest

from app.settings import Settings
from tests.access.imports.scenes import Scene
from tests.house import House


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A budget so large that no test waits for its turn."""
    return settings.model_copy(update={"tiktok_qps": 1000, "tiktok_qpm": 60_000})


@pytest.fixture
def scene(house: House) -> Scene:
    """As the north agency sees it."""
    return Scene(house, house.world.north)
