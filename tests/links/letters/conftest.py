"""An installation that sends e-mails, to a mail server that keeps them."""

import pytest
from fastapi import FastAPI

from app.kit.vault import Vault
from app.mail.actions import Outbox
from tests.mail.conftest import office, tools
from tests.world import PUBLIC_URL

__all__ = ["office", "tools"]


@pytest.fixture
def outbox(vault: Vault) -> Outbox:
    """What owing needs."""
    return Outbox(vault, PUBLIC_URL)


@pytest.fixture
def mailing(app: FastAPI, outbox: Outbox) -> FastAPI:
    """The application with mail switched on."""
    app.state.outbox = outbox
    return app
