"""A mail server, and the worker's tools to reach it."""

from collections.abc import AsyncIterator

import pytest

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.mail.job import MailContext
from tests.mail.post_office import PostOffice, serving


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """An open mail server."""
    async with serving(PostOffice()) as opened:
        yield opened


@pytest.fixture
def tools(sessions: Sessions, keyring: Keyring, office: PostOffice) -> MailContext:
    """What sending needs."""
    return MailContext(sessions, keyring, office.server)
