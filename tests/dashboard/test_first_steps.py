"""First steps: from a new agency to a first link, with the answers of the mail server and of a webhook's receiver."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links.models import Link
from app.mail.job import MailContext
from app.mail.service import MailQueue
from app.tenants.agencies import service as agencies
from app.webhooks.deliveries import queries as deliveries
from app.webhooks.endpoints import queries as endpoints
from tests.client_portal.walk import press
from tests.dashboard.conftest import SignIn
from tests.mail import scenes
from tests.mail.post_office import PostOffice, serving
from tests.webhooks import rows
from tests.world import PUBLIC_URL, TESTS, Corner, World

PATH = "/desk/first-steps"
OUR_ACCOUNT = "7000999988887777123"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """An open mail server."""
    async with serving(PostOffice()) as opened:
        yield opened


@pytest.fixture
async def new(sessions: Sessions, world: World) -> Corner:
    """An agency on its first day."""
    async with sessions.begin() as session:
        agency = await agencies.create_agency(
            session, name="New Agency", slug="new", contact_name="Nia", contact_email="nia@new.example", actor=TESTS
        )
    return replace(world.north, agency_id=agency.id)


async def _step(browser: httpx2.AsyncClient, step: str = "") -> str:
    page = await browser.get(PATH, params={"step": step} if step else {})
    assert page.status_code == 200
    return page.text


async def test_a_new_agency_reaches_its_first_link_without_an_app(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, new: Corner, app: FastAPI
) -> None:
    object.__setattr__(app.state.services.platforms["tiktok"], "default_app", None)
    member = await sign_in(corner=new)
    assert "First steps: 0 of 5 done." in (await browser.get("/desk")).text
    page = await _step(browser)
    assert "<h1>Your Business Center</h1>" in page
    assert "No TikTok app is set up yet." in page
    assert "Connect with TikTok" not in page
    assert "A link needs to know where clients share." in await _step(browser, "link")
    assert (await press(browser, PATH, f"{PATH}/link")).status_code == 303, "there is nothing to share with yet"
    wrong = await press(browser, PATH, f"{PATH}/account", account_id="none", account_name="Ours")
    assert wrong.status_code == 422
    assert 'value="none"' in wrong.text
    for _again in range(2):
        await press(browser, PATH, f"{PATH}/account", account_id=f"https://x.example/?org_id={OUR_ACCOUNT}")
        await press(browser, PATH, f"{PATH}/link")
    async with sessions() as session:
        (link,) = (await session.scalars(select(Link).where(Link.agency_id == new.agency_id))).all()
    assert (link.status, link.requested_by) == ("draft", "Nora North")
    page = (await browser.get("/desk")).text
    assert "Trial client" in page
    assert member.name in page
    assert "First steps: 2 of 5 done." in page
    assert "Next: Your brand" in page
    assert "<h1>Your brand</h1>" in await _step(browser)
    assert "Back to the first steps" in (await browser.get("/desk/brand")).text
    page = await _step(browser, "link")
    for path in (f"/desk/links/{link.id}/ready", f"/desk/links/{link.id}/preview", "/desk/links/new"):
        assert f'href="{path}"' in page
        assert (await browser.get(path)).status_code == 200
    assert "Leave the rest for later" in await _step(browser, "mail")
    await press(
        browser,
        "/desk/brand",
        "/desk/brand",
        name="New Agency",
        contact_name="Nia",
        contact_email="nia@new.example",
        colour="#123456",
    )
    assert "First steps:" not in (await browser.get("/desk")).text, "what is left is optional"
    assert "Finish the first steps" in await _step(browser, "mail")
    assert (await press(browser, PATH, f"{PATH}/end")).headers["location"] == "/desk"
    page = (await browser.get("/desk")).text
    assert "First steps" not in page
    assert "first steps" not in (await browser.get("/desk/brand")).text
    assert "<h1>Your first link</h1>" in await _step(browser), "the page stays, with every step done"


async def test_with_an_app_connecting_is_offered(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    assert "Connect with TikTok" in await _step(browser, "account")


async def test_the_mail_test_shows_the_words_of_the_mail_server(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, keyring: Keyring, app: FastAPI,
    office: PostOffice, api: httpx2.AsyncClient,
) -> None:  # fmt: skip
    tools = MailContext(sessions, keyring, office.server)
    await sign_in("manager")
    assert "KEYTURN_SMTP_URL" in await _step(browser, "mail")
    refused = await press(browser, f"{PATH}?step=mail", f"{PATH}/mail")
    assert refused.status_code == 409
    assert "sends no e-mails" in refused.text
    assert (await api.post("/agency/mail-tests")).json()["code"] == "mail_off"
    assert (await api.get("/agency/mail-tests")).json()["data"] == []

    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    assert (await press(browser, f"{PATH}?step=mail", f"{PATH}/mail")).status_code == 303
    page = await _step(browser, "mail")
    assert "It is being sent." in page
    assert f'hx-get="{PATH}?step=mail"' in page
    office.at_recipient = ["550 5.1.1 No such user"]
    await scenes.work(tools)
    page = await _step(browser, "mail")
    assert "The mail server refused it: 550 5.1.1 No such user" in page
    assert "hx-get" not in page
    await scenes.work(tools, hurry=True)
    assert office.envelopes == [], "a test has one attempt"

    await press(browser, f"{PATH}?step=mail", f"{PATH}/mail")
    await scenes.work(tools)
    page = await _step(browser, "mail")
    assert "The mail server accepted it." in page
    assert "250 Taken" in page
    assert office.envelopes[0].rcpt_tos == ["manager@north.example"]
    nowhere = replace(tools, server=replace(office.server, port=9))
    made = (await api.post("/agency/mail-tests")).json()
    assert (made["status"], made["email"]) == ("waiting", "ana@north.example")
    await scenes.work(nowhere)
    failed, *before = (await api.get("/agency/mail-tests")).json()["data"]
    assert [each["status"] for each in before] == ["sent", "failed"]
    assert (failed["id"], failed["status"]) == (made["id"], "failed")
    assert "could not be reached" in failed["error"]
    assert "port 9" in failed["server_answer"]
    assert "port 9" in await _step(browser, "mail")
    for _many in range(8):
        last = await api.post("/agency/mail-tests")
    assert (last.status_code, last.json()["code"]) == (429, "too_many_mail_tests")
    refused = await press(browser, f"{PATH}?step=mail", f"{PATH}/mail")
    assert refused.status_code == 429
    assert "Try again in 1 minute." in refused.text


async def test_the_webhook_test_shows_the_answer(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, new: Corner, world: World
) -> None:
    await sign_in(corner=new)
    there = f"{PATH}?step=webhook"
    for url in ("", "https://", "http://10.0.0.1/x"):
        refused = await press(browser, there, f"{PATH}/webhook", url=url)
        assert refused.status_code == 422, url
        assert f'value="{url}"' in refused.text
    sent = await press(browser, there, f"{PATH}/webhook", url="http://127.0.0.1:9/in")
    assert sent.status_code == 303
    page = (await browser.get(sent.headers["location"])).text
    assert "It is being sent." in page
    async with sessions() as session:
        (endpoint,) = await endpoints.every(session, new.agency_id)
        (seen,) = await deliveries.page(session, new.agency_id, deliveries.DeliveryFilter(), limit=9)
    assert (seen.delivery.event_type, seen.delivery.origin) == ("access.verified", "test")
    await rows.add_attempt(sessions, seen.delivery, body="<b>Oh</b>")
    page = (await browser.get(sent.headers["location"])).text
    assert "It did not arrive." in page
    assert "&lt;b&gt;Oh&lt;/b&gt;" in page
    await rows.add_attempt(sessions, seen.delivery, arrived=True)
    assert "It arrived." in (await browser.get(sent.headers["location"])).text
    again = await press(browser, there, f"{PATH}/webhook", endpoint=endpoint.id)
    assert again.status_code == 303
    assert "First steps: 1 of 5 done." in (await browser.get("/desk")).text

    await sign_in(corner=world.south)
    assert (await browser.get(sent.headers["location"])).status_code == 404
    assert (await press(browser, there, f"{PATH}/webhook", endpoint=endpoint.id)).status_code == 404


async def test_members_and_viewers_are_not_asked(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in("member")
    assert "First steps" not in (await browser.get("/desk")).text
    assert (await browser.get(PATH)).status_code == 403
    for form in ("account", "mail", "webhook", "link", "end"):
        assert (await press(browser, "/desk", f"{PATH}/{form}")).status_code == 403
