"""The first hour of an agency in a browser: from the one-time code to a first link that is ready to send."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.kit.database import Sessions
from app.tenants.members import service as members
from demo.world import Demo
from tests.browser.conftest import PASSWORD
from tests.browser.look import check_all, complaints
from tests.kit.egress.receivers import OK, answers, receiver

#: Makes an agency of this name, in whose first owner's browser its first steps are open, on a phone.
Founded = Callable[[str], Awaitable[Page]]


@pytest.fixture
async def founded(chromium: Browser, demo: Demo, sessions: Sessions) -> AsyncIterator[Founded]:
    """New agencies; the consoles of their owners have to stay silent."""
    contexts: list[BrowserContext] = []
    kept: list[list[str]] = []

    async def found(agency: str) -> Page:
        async with sessions.begin() as session:
            code = await members.new_setup_code(session)
        contexts.append(await chromium.new_context(viewport={"width": 390, "height": 844}))
        page = await contexts[-1].new_page()
        kept.append(complaints(page))
        await page.goto(f"{demo.addresses.web}/desk/setup/{code}")
        await page.get_by_label("Name of your agency").fill(agency)
        await page.get_by_label("Your name").fill("Fay First")
        await page.get_by_label("E-mail").fill(f"fay@{agency.lower().replace(' ', '-')}.example")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Create my agency").click()
        await page.wait_for_url("**/desk/first-steps*")
        return page

    yield found
    for each in contexts:
        await each.close()
    assert [line for lines in kept for line in lines] == []


async def _center(demo: Demo, name: str) -> None:
    """A Business Center at the simulated TikTok, and an Admin of it, both of this name."""
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.tiktok}/simulator") as tiktok:
        person = (await tiktok.post("/persons", json={"name": name, "email": "fay@f.example"})).json()["person_id"]
        center = {"name": name, "members": {person: "ADMIN"}}
        (await tiktok.post("/business-centers", json=center)).raise_for_status()


async def _joined(page: Page, browser: Browser, role: str) -> Page:
    """A phone in which a newly invited member is signed in."""
    await page.goto(page.url.partition("/desk")[0] + "/desk/team")
    await page.get_by_label("E-mail address").fill(f"{role}@empty.example")
    await page.get_by_role("radio", name=role.title()).check()
    await page.get_by_role("button", name="Invite").click()
    address = await page.locator(".addr").inner_text()
    other = await (await browser.new_context(viewport={"width": 390, "height": 844})).new_page()
    await other.goto(address)
    await other.get_by_label("Your name").fill(f"Eli {role.title()}")
    await other.get_by_label("Password").fill(PASSWORD)
    await other.get_by_role("button", name="Join with a password").click()
    await other.get_by_role("heading", level=1).wait_for()
    return other


async def test_an_agency_connects_brands_tests_and_ends_with_a_first_link(demo: Demo, founded: Founded) -> None:
    await _center(demo, "Fern First")
    page = await founded("Fern Agency")
    steps = f"{demo.addresses.web}/desk/first-steps"
    await page.get_by_role("button", name="Connect with TikTok").click()
    await page.get_by_role("button", name="Connect with TikTok").click()
    await page.get_by_role("button", name="Fern First").click()
    await page.get_by_role("button", name="Authorize").click()
    await expect(page.get_by_role("heading", level=1, name="Connected")).to_be_visible()
    await page.goto(steps)
    await page.get_by_role("button", name="Clients share with Fern First").click()
    await page.wait_for_url("**?step=brand")

    await page.get_by_role("link", name="Open the brand page").click()
    preview = page.frame_locator('iframe[title="Preview"]')
    name = page.get_by_label("Name of your agency")
    await name.press("End")
    await name.press_sequentially(" & Frond")
    await expect(preview.get_by_text("Fern Agency & Frond").first).to_be_visible()
    await expect(name).to_be_focused()
    await expect(name).to_have_value("Fern Agency & Frond")
    await page.get_by_role("textbox", name="Colour").fill("#00aa55")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    await page.get_by_role("link", name="Back to the first steps").click()

    await expect(page.get_by_role("heading", level=1, name="Your first link")).to_be_visible()
    await page.get_by_role("link", name="Mail", exact=False).first.click()
    await expect(page.get_by_text("Mail is off, so no page promises an e-mail.")).to_be_visible()
    await page.get_by_role("link", name="Next: Webhook").click()
    await page.get_by_role("button", name="Send a test event").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "first-steps-webhook-problem")
    async with receiver(answers(OK)) as crm:
        await page.get_by_label("Address that receives events").fill(crm.url)
        await page.get_by_role("button", name="Send a test event").click()
        await expect(page.get_by_role("status")).to_contain_text("It arrived.")
    assert b"webhook-signature" in crm.requests[-1].lower()
    await check_all(page, "first-steps-webhook-tested")

    await page.goto(f"{demo.addresses.web}/desk/doctor")
    await page.get_by_role("link", name="Check TikTok").click()
    await expect(page.get_by_role("region", name="TikTok")).to_contain_text("The redirect address to register")
    await page.goto(f"{steps}?step=link")
    await page.get_by_role("link", name="Open it yourself").click()
    address = await page.get_by_role("textbox", name="The address").input_value()
    assert "Fern Agency &amp; Frond" in httpx2.get(address, follow_redirects=True).text
    await page.goto(f"{steps}?step=link")
    await page.get_by_role("button", name="Finish, and open the pipeline").click()
    await expect(page.get_by_role("link", name="Trial client")).to_be_visible()


async def test_without_an_app_the_id_is_typed_and_an_empty_pipeline_says_what_to_do(
    chromium: Browser, demo: Demo, founded: Founded
) -> None:
    page = await founded("Typed Agency")
    pipelines = [page, await _joined(page, chromium, "viewer"), await _joined(page, chromium, "member")]
    for each, what in zip(pipelines, ("owner", "viewer", "member"), strict=True):
        await each.goto(f"{demo.addresses.web}/desk")
        makes = each.get_by_role("region", name="Make your first link")
        await expect(makes).to_have_count(int(what != "viewer"))
    for each, what in zip(pipelines[1:], ("viewer", "member"), strict=True):
        await check_all(each, f"pipeline-empty-{what}")
        await each.context.close()
    await page.goto(f"{demo.addresses.web}/desk/first-steps?step=account")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_label("ID of your Business Center").fill("not a number")
    await page.get_by_role("button", name="Use this ID").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "first-steps-account-problem")
    await page.get_by_label("ID of your Business Center").fill("7111 2222 3333 4444 555")
    await page.get_by_role("button", name="Use this ID").click()
    await page.wait_for_url("**?step=brand")
    await page.goto(f"{demo.addresses.web}/desk")
    await expect(page.get_by_role("link", name="Trial client")).to_be_visible()
