"""The one-time page on which a member connects the agency's own side."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections import oauth_flow
from app.access.connections import service as connections
from app.access.connections.oauth_flow import ExchangeOutcome
from app.dashboard import connect
from app.kit import clock
from app.kit.i18n.locales import english
from simulator import seed
from tests.client_portal.walk import press
from tests.house import House
from tests.world import PUBLIC_URL, World


@pytest.fixture
async def path(session: AsyncSession, world: World) -> str:
    """A fresh one-time address of the north agency, without the host."""
    _, token = await oauth_flow.invite_agency(session, world.north.agency_id, platform="tiktok")
    await session.commit()
    return f"/connect/{token}"


async def _back(browser: httpx2.AsyncClient, house: House, path: str, **consent: object) -> str:
    out = await press(browser, path)
    assert out.status_code == 303
    person = str(consent.pop("person", seed.NORA_NORTH))
    query = await house.tiktok.consent(out.headers["location"], person, **consent)  # type: ignore[arg-type]
    back = await browser.get("/callbacks/tiktok", params=query)
    return str(back.headers["location"]).removeprefix(PUBLIC_URL)


async def test_a_member_connects_the_agency(
    browser: httpx2.AsyncClient, house: House, path: str, session: AsyncSession, world: World
) -> None:
    page = await browser.get(path)
    assert page.status_code == 200
    assert "Connect Keyturn to North Agency’s TikTok Business Center" in page.text
    assert "form-action 'self' http://127.0.0.1" in page.headers["content-security-policy"]
    done = await browser.get(await _back(browser, house, path))
    assert done.status_code == 200
    assert "Connected as Nora North" in done.text
    assert 'href="/desk/access"' in done.text
    assert seed.NORTH_AGENCY in done.text
    assert await connections.of_agency(session, world.north.agency_id, "tiktok")
    assert (await browser.get(path)).status_code == 410, "it works once"


async def test_looking_uses_nothing_up(browser: httpx2.AsyncClient, path: str) -> None:
    assert [(await browser.get(path)).status_code for _ in range(3)] == [200, 200, 200]


async def test_whoever_is_admin_of_another_center_is_told_so(
    browser: httpx2.AsyncClient, house: House, path: str
) -> None:
    page = await browser.get(await _back(browser, house, path, person=seed.SIMON_SOUTH))
    assert "can’t be read with this sign-in" in page.text


async def test_whoever_cancels_may_try_again(browser: httpx2.AsyncClient, house: House, path: str) -> None:
    page = await browser.get(await _back(browser, house, path, cancel=True))
    assert "Nothing was connected" in page.text
    assert (await browser.get(path)).status_code == 200


async def test_another_browser_exchanges_nothing(
    app: FastAPI, browser: httpx2.AsyncClient, house: House, path: str
) -> None:
    back = await _back(browser, house, path)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        page = await other.get(back)
    assert "You started in another browser" in page.text
    assert not (await house.tiktok.calls())["by_path"]


async def test_another_site_cannot_send_a_member_out(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("token", ["nonsense", "x" * 43])
async def test_nobody_connects_without_an_invitation(browser: httpx2.AsyncClient, token: str) -> None:
    assert (await browser.get(f"/connect/{token}")).status_code == 410
    assert (await press(browser, f"/connect/{token}")).status_code == 410


async def test_an_old_invitation_is_over(browser: httpx2.AsyncClient, session: AsyncSession, world: World) -> None:
    invited, token = await oauth_flow.invite_agency(session, world.north.agency_id, platform="tiktok")
    invited.expires_at = clock.now() - timedelta(minutes=1)
    await session.commit()
    assert (await browser.get(f"/connect/{token}")).status_code == 410


#: One has a page of its own, the other is of clients alone.
@pytest.mark.parametrize(
    "outcome", sorted(set(ExchangeOutcome) - {ExchangeOutcome.UNDER_WAY, ExchangeOutcome.OTHER_COMPANY})
)
def test_every_outcome_has_words(outcome: ExchangeOutcome) -> None:
    texts = connect.OUTCOMES[outcome]
    assert english(texts.title)
    assert english(texts.sentence).endswith(".")


async def test_without_an_app_the_page_says_so_and_offers_nothing(
    browser: httpx2.AsyncClient, path: str, app: FastAPI
) -> None:
    offered = await browser.get(path)
    object.__setattr__(app.state.services.platforms["tiktok"], "default_app", None)
    pressed = await press(browser, path)
    assert offered.status_code == 200
    assert (await browser.get(path)).status_code == 409
    told = await browser.get(path)
    assert "North Agency has no TikTok app" in told.text
    assert "/api/" not in told.text + pressed.text
    assert "<form" not in told.text
