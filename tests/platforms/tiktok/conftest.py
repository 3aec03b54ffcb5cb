"""TikTok as a platform over example answers, and over the simulator."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.kit.database import Sessions
from app.kit.egress.client import tls_context
from app.platforms.port import Access, App, Priority, RecordedCall
from app.platforms.rate_limit_policy import Limits
from app.platforms.rate_limiter import RateLimiter
from app.platforms.tiktok.adapter import TikTok
from app.platforms.tiktok.client import Wire
from simulator import seed
from tests.platforms.tiktok.answering import Answering
from tests.tiktok import REDIRECT, TikTokWorld

APP = App(seed.FULL_APP, seed.FULL_APP_SECRET)


@pytest.fixture
def answering() -> Answering:
    """What TikTok answers, and what it was asked."""
    return Answering()


@pytest.fixture
def kept() -> list[RecordedCall]:
    """The evidence."""
    return []


@pytest.fixture
def access() -> Access:
    """A token of nobody, for example answers."""
    return Access("token-of-nobody", APP.app_id, Priority.INTERACTIVE)


@pytest.fixture
def budget(sessions: Sessions) -> RateLimiter:
    """One that is not in the way."""
    return RateLimiter(sessions, "tiktok", Limits(1000, 60_000))


@pytest.fixture
async def examples(answering: Answering, budget: RateLimiter) -> AsyncIterator[TikTok]:
    """The platform over example answers."""
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answering)) as http:
        yield TikTok(Wire(http, "https://tiktok.test/v1.3", budget), "https://tiktok.test/portal/auth", REDIRECT, APP)


@pytest.fixture
async def platform(tiktok: TikTokWorld, budget: RateLimiter) -> AsyncIterator[TikTok]:
    """The platform over the simulator."""
    async with httpx2.AsyncClient(trust_env=False, verify=tls_context()) as http:
        wire = Wire(http, f"{tiktok.address}/open_api/v1.3", budget)
        yield TikTok(wire, f"{tiktok.address}/portal/auth", REDIRECT, APP)


@pytest.fixture
async def ana(tiktok: TikTokWorld) -> Access:
    """The token of the client's Admin."""
    return Access(await tiktok.token(seed.ANA_CLIENT), APP.app_id, Priority.INTERACTIVE)


@pytest.fixture
async def nora(tiktok: TikTokWorld) -> Access:
    """The token of the agency's Admin."""
    return Access(await tiktok.token(seed.NORA_NORTH), APP.app_id, Priority.INTERACTIVE)
