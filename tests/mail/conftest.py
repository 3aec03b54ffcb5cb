"""A mail server, and the worker's tools to reach it."""

from collections.abc import AsyncIterator

import pytest

from app.kit.database import Sessions
from app.kit.vault import Vault
from app.mail.due import Tools
from tests.mail.post_office import PostOffice, serving


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """An open mail server."""
    async with serving(PostOffice()) as opened:
        yield opened


@pytest.fixture
def tools(sessions: Sessions, vault: Vault, office: PostOffice) -> Tools:
    """What sending needs."""
    return Tools(sessions, vault, office.server)
