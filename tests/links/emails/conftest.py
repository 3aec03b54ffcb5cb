"""An installation that sends e-mails, to a mail server that keeps them."""

import pytest
from fastapi import FastAPI

from app.kit.encryption import Keyring
from app.mail.service import MailQueue
from tests.mail.conftest import office, tools
from tests.world import PUBLIC_URL

__all__ = ["office", "tools"]


@pytest.fixture
def outbox(keyring: Keyring) -> MailQueue:
    """What owing needs."""
    return MailQueue(keyring, PUBLIC_URL)


@pytest.fixture
def mailing(app: FastAPI, outbox: MailQueue) -> FastAPI:
    """The application with mail switched on."""
    app.state.services.outbox = outbox
    return app
