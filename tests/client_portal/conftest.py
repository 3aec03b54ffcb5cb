"""What the tests of the client's pages share."""

import httpx2
import pytest

from app.kit.html import forms
from tests.client_portal.walk import Walk
from tests.world import CLIENT_BROWSER, World


@pytest.fixture
def walk(browser: httpx2.AsyncClient, world: World) -> Walk:
    """A client of the north agency, in front of its link."""
    browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
    return Walk(browser, world.north)
