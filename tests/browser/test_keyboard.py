"""One journey by keyboard alone: from the sign-in to a new link, its copy, its page, and an attestation."""

import httpx2
from playwright.async_api import expect

from demo.world import Demo
from tests.browser.brands import agree_to_steps
from tests.browser.conftest import PASSWORD, Joined
from tests.browser.keys import focused, reach, skip


async def test_from_sign_in_to_an_attestation_without_a_mouse(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    page = await joined("member")
    number = (await page.locator(".me b").inner_text()).rpartition(" ")[2]
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.context.clear_cookies()
    await page.goto(f"{demo.addresses.web}/desk")
    await reach(page, "E-mail address", 3)
    await page.keyboard.type(f"member-{number}@north.example")
    await reach(page, "Password", 1)
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{demo.addresses.web}/desk")

    await skip(page)
    await reach(page, "New link", 4)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/links/new")
    await skip(page)
    await reach(page, "Client", 5)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_focused()
    await reach(page, "Enter", 1)
    await page.keyboard.press("Enter")
    assert (await focused(page)).startswith("Client")
    await page.keyboard.type("Keyboard Kites")
    await reach(page, "Run campaigns", 6)
    while not await page.get_by_role("radio", name="Full service beside TikTok").is_checked():
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="The link is ready")).to_be_visible()

    await skip(page)
    await reach(page, "Copy the address", 14)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Copied")).to_be_focused()
    await agree_to_steps(await page.evaluate("navigator.clipboard.readText()"))
    await reach(page, "Keyboard Kites", 14, "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Keyboard Kites")).to_be_visible()
    link_id = page.url.rpartition("/")[2]

    await skip(page)
    await reach(page, "Why?", 4)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Why not green?")).to_be_in_viewport()
    await reach(page, "Close", 1)
    await reach(page, "Attest", 1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Attest Meta Business?")).to_be_in_viewport()
    await reach(page, "I checked it, it works", 1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Your statement is recorded.")).to_be_in_viewport()
    await skip(page)
    asked = (await api.get(f"/links/{link_id}/access-requests")).json()["data"]
    assert sorted(each["status"] for each in asked) == ["attested", "awaiting_partner"]
