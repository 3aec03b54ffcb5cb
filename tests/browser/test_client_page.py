"""The page of one client's link in a browser: why it is not green, and each act on it."""

import httpx2
import pytest
from playwright.async_api import Page, expect

from app.dashboard.link_page import grouped
from app.kit.database import Sessions
from demo.world import Demo
from tests.browser.brands import agree_by_hand, agree_to_steps, called, happened, new_brand, share, take_back
from tests.browser.conftest import PASSWORD, Joined, forget_the_proof
from tests.browser.look import check_all


async def _made(api: httpx2.AsyncClient, name: str, preset: str = "run-campaigns") -> tuple[str, str]:
    """The id and the address of a new link."""
    body = {"preset": preset, "client": {"name": name, "contact_name": "Kim Koru", "contact_email": "kim@koru.example"}}
    made = (await api.post("/links", json=body)).raise_for_status().json()
    return made["id"], made["address"]


async def _open(page: Page, demo: Demo, link_id: str) -> None:
    """The page of a link, on a phone."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{demo.addresses.web}/desk/links/{link_id}")


async def _more(page: Page, act: str) -> None:
    """Open one of the acts of the menu."""
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("link", name=act).click()


async def _send_unchecked(page: Page, button: str) -> None:
    """Send a form that the browser itself would refuse, as one without that check does."""
    await page.get_by_role("button", name=button).evaluate("each => { each.form.noValidate = true }")
    await page.get_by_role("button", name=button).click()


async def _prove(page: Page) -> None:
    """Confirm who it is: the act goes on where it was."""
    await expect(page.get_by_role("heading", name="Confirm that it’s you")).to_be_visible()
    await page.get_by_label("Password").fill("a wrong password")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is not your password.")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()


async def test_from_why_not_green_to_green_and_taken_away_as_read_back(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined, sessions: Sessions
) -> None:
    brand = await new_brand(demo, api, "Huia Hats")
    page = await joined("manager")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await agree_by_hand(brand)
    await happened(api, "access.awaiting_client", brand.link_id)
    await called(api, brand.link_id)
    await _open(page, demo, brand.link_id)
    await page.get_by_role("button", name="Copy the text").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    message = await page.evaluate("navigator.clipboard.readText()")
    assert f"{brand.account_id} isn’t shared yet." in message
    await page.get_by_role("link", name="Why?").click()
    await expect(page.get_by_role("heading", name="Why not green?")).to_be_visible()
    shown = await page.get_by_role("region", name="Platform calls").locator(".id").all_inner_texts()
    (row,) = (await api.get(f"/links/{brand.link_id}/access-requests")).json()["data"]
    calls = (await api.get(f"/access-requests/{row['id']}/calls")).json()["data"]
    assert set(shown) & {each["platform_request_id"] for each in calls}

    await share(demo, brand)
    await page.get_by_role("button", name="Check again").click()
    await expect(page.get_by_role("status").filter(has_text="Keyturn")).to_be_visible()
    await expect(page.get_by_role("heading", name="Read back")).to_be_visible(timeout=30_000)  # by itself
    await expect(page.get_by_role("status").filter(has_text="Keyturn has looked again.")).to_be_visible()
    await page.get_by_role("link", name="Take away").click()
    question = page.get_by_role("region", name="Take away the access to Ad account?")
    await expect(question).to_contain_text(grouped(brand.account_id))
    await forget_the_proof(sessions, page)
    await page.get_by_role("button", name="Take it away").click()
    await _prove(page)
    await expect(page.get_by_role("status").filter(has_text="The access is being taken away.")).to_be_visible()
    await take_back(demo, brand)
    await page.get_by_role("button", name="Check again").click()
    await happened(api, "grant.revoked", brand.link_id)
    await page.reload()
    await expect(page.get_by_role("table").first).to_contain_text("Nothing")
    await expect(page.get_by_role("link", name="Take away")).to_have_count(0)
    await check_all(page, "link-removed")


async def test_a_link_is_extended_revoked_by_who_proves_who_they_are_and_made_again(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined, sessions: Sessions
) -> None:
    link_id, address = await _made(api, "Miro Mats")
    page = await joined("manager")
    await _open(page, demo, link_id)
    await _more(page, "Extend the link")
    await page.get_by_label("Until").fill("2020-01-01")
    await _send_unchecked(page, "Extend the link")
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "link-extension-wrong")
    last = await page.get_by_label("Until").get_attribute("max")
    assert last
    await page.get_by_label("Until").fill(last)
    await page.get_by_role("button", name="Extend the link").click()
    await expect(page.get_by_role("status").filter(has_text="The link was extended.")).to_be_visible()
    assert (await api.get(f"/links/{link_id}")).json()["expires_at"].startswith(last)

    await _open(page, demo, link_id)
    await _more(page, "Revoke the link")
    await expect(page.get_by_text("Shared access stays shared.")).to_be_visible()
    await forget_the_proof(sessions, page)
    await page.get_by_role("button", name="Revoke the link").click()
    await check_all(page, "confirm")
    await _prove(page)
    await expect(page.get_by_role("status").filter(has_text="The link was revoked.")).to_be_visible()
    assert (await api.get(f"/links/{link_id}")).json()["status"] == "revoked"
    await check_all(page, "link-revoked")
    await _open(page, demo, link_id)
    await page.get_by_role("link", name="Make a new link").first.click()
    await page.get_by_role("button", name="Make a new link").click()
    await expect(page.get_by_role("heading", level=1, name="The link is ready")).to_be_visible()
    again = await page.get_by_role("textbox", name="The address").input_value()
    assert again != address
    assert httpx2.get(again, follow_redirects=True).status_code == 200
    assert httpx2.get(address, follow_redirects=True).status_code == 410


async def test_steps_that_cannot_be_read_are_attested_by_name(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    link_id, address = await _made(api, "Rata Rugs", "full-service")
    await agree_to_steps(address)
    page = await joined("member")
    name = await page.locator(".me b").inner_text()
    await _open(page, demo, link_id)
    for asset in ("Meta Business", "Booking tool"):
        await page.get_by_role("row", name=asset).get_by_role("link", name="Why?").click()
        await page.get_by_role("link", name="Attest", exact=True).click()
        await expect(page.get_by_text(f"It is recorded with your name, {name}.")).to_be_visible()
        await page.get_by_role("button", name="I checked it, it works").click()
        await expect(page.get_by_role("status").filter(has_text="Your statement is recorded.")).to_be_visible()
        await expect(page.get_by_text(f"{name} attested it on")).to_be_visible()
        await _open(page, demo, link_id)
    await check_all(page, "link-attested")
    assert (await api.get(f"/links/{link_id}")).json()["status"] == "completed"


async def test_forms_of_a_link_say_what_is_wrong_and_are_corrected(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    link_id, _address = await _made(api, "Totara Tea")
    page = await joined("member")
    await _open(page, demo, link_id)
    await _more(page, "Set the buyers")
    await page.get_by_label("E-mail address of person 1").fill("ida at north")
    await _send_unchecked(page, "Set the buyers")
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "link-buyers-wrong")
    await page.get_by_label("E-mail address of person 1").fill("ida@north.example")
    await page.get_by_role("button", name="Set the buyers").click()
    await expect(page.get_by_role("status").filter(has_text="The buyers were set.")).to_be_visible()
    people = (await api.get(f"/links/{link_id}/buyers")).json()
    assert "ida@north.example" in str(people)
    await _open(page, demo, link_id)
    await _more(page, "Change the contact")
    await page.get_by_label("E-mail address").fill("kim at koru")
    await _send_unchecked(page, "Save")
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "link-contact-wrong")
    await page.get_by_label("E-mail address").fill("kim@totara.example")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="The contact was changed.")).to_be_visible()
    await _open(page, demo, link_id)
    await page.get_by_role("button", name="Show the address").click()
    await expect(page.get_by_role("textbox", name="Address of the link")).to_be_visible()
    await check_all(page, "link-address")


async def test_personal_data_are_erased_by_who_understands_and_proves_who_they_are(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined, sessions: Sessions
) -> None:
    link_id, _address = await _made(api, "Forgotten Furs")
    page = await joined("manager")
    await _open(page, demo, link_id)
    await _more(page, "Erase personal data")
    await expect(page.get_by_role("heading", name="What is erased")).to_be_visible()
    await page.get_by_role("button", name="Erase the personal data").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "personal-data-unsure")
    await page.get_by_role("checkbox", name="I understand that this cannot be undone.").check()
    await forget_the_proof(sessions, page)
    await page.get_by_role("button", name="Erase the personal data").click()
    await _prove(page)
    await expect(page.get_by_role("status").filter(has_text="The personal data were erased.")).to_be_visible()
    assert "Kim Koru" not in await page.content()
    assert "kim@koru.example" not in await page.content()
    await check_all(page, "link-erased")


@pytest.mark.parametrize(("role", "forbidden"), [("viewer", "links/new"), ("member", "first-steps")])
async def test_what_a_role_may_not_open_and_what_there_is_not_is_said_with_a_way_back(
    demo: Demo, joined: Joined, role: str, forbidden: str
) -> None:
    page = await joined(role)
    for path, code in ((forbidden, 403), ("links/link_00000000000000000000000000", 404)):
        answer = await page.goto(f"{demo.addresses.web}/desk/{path}")
        assert answer
        assert answer.status == code
        await check_all(page, f"{role}-{code}")
        await page.get_by_role("link", name="Back to the dashboard").click()
        await page.wait_for_url(f"{demo.addresses.web}/desk")
