"""The kickoff in a browser: one button, what is left, statements, and the result that others read."""

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from demo.world import Demo
from tests.browser.conftest import Joined
from tests.browser.look import check_all, complaints


async def _link(api: httpx2.AsyncClient, name: str) -> str:
    """The id of a new link whose client has done nothing yet."""
    made = await api.post("/links", json={"client": {"name": name, "contact_email": "kim@koru.example"}})
    return str(made.raise_for_status().json()["id"])


async def _verified(api: httpx2.AsyncClient) -> str:
    """The id of the link of Maison Lune, whose client connected."""
    clients = (await api.get("/clients")).json()["data"]
    lune = next(each["id"] for each in clients if each["name"] == "Maison Lune")
    links = (await api.get("/links")).json()["data"]
    return str(next(each["id"] for each in links if each["client_id"] == lune))


async def _attest_what_is_left(page: Page) -> None:
    """State everything that no read can decide, in the country that was read."""
    verdict = page.get_by_role("link", name="Attest it")
    while await verdict.count():
        await verdict.click()
        await expect(page.get_by_text("It never counts as read.")).to_be_visible()
        country = page.get_by_label("Country of the payment method", exact=True)
        if await country.count():
            await country.select_option("FR")
        await page.get_by_role("button", name="Attest it").click()
        await expect(page.get_by_role("status").filter(has_text="Your statement is recorded.")).to_be_visible()


async def test_a_kickoff_becomes_ready_to_launch_and_its_result_is_shared_and_withdrawn(
    chromium: Browser, demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/links/{await _verified(api)}")
    await page.get_by_role("link", name="Kickoff").first.click()
    await page.get_by_role("button", name="Run all checks").click()
    await expect(page.get_by_role("heading", name="left before launch")).to_be_visible()
    await page.get_by_role("link", name="Attest Country of the payment method").first.click()
    await page.get_by_role("button", name="Attest it").click()
    await expect(page.get_by_text("Name the country of the payment method.").first).to_be_visible()
    await check_all(page, "kickoff-country-missing")
    await page.get_by_role("link", name="Cancel").click()
    await _attest_what_is_left(page)
    await expect(page.get_by_role("heading", name="Ready to launch")).to_be_visible()
    await expect(page.get_by_role("row", name="Payment method").first).to_contain_text("Attested")
    await check_all(page, "kickoff-ready")

    await page.get_by_role("button", name="Make an address").click()
    address = await page.get_by_role("textbox", name="Share the result").input_value()
    await check_all(page, "kickoff-shared")
    outside = await chromium.new_context(viewport={"width": 390, "height": 844})
    result = await outside.new_page()
    said = complaints(result)
    await result.goto(address)
    await expect(result.get_by_role("heading", level=1, name="Ready to launch")).to_be_visible()
    await expect(result.get_by_text("Checked by North Agency")).to_be_visible()
    await check_all(result, "kickoff-result-ready")

    await page.reload()
    await page.get_by_role("button", name="End the address").click()
    await expect(page.get_by_text("The shared address has ended.")).to_be_visible()
    await result.reload()
    await expect(result.get_by_role("heading", name="This result is not shared any more.")).to_be_visible()
    await check_all(result, "kickoff-result-ended")
    assert said == []
    await outside.close()


async def test_what_is_missing_is_said_with_whose_turn_it_is(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/links/{await _link(api, 'Koru Studio')}/kickoff")
    await page.get_by_role("button", name="Run all checks").click()
    await expect(page.get_by_role("heading", name="left before launch")).to_be_visible()
    row = page.get_by_role("row", name="Access is as agreed").first
    await expect(row).to_contain_text("To do")
    await expect(row).to_contain_text("The client has not agreed to it yet.")
    await expect(row).to_contain_text("Client’s turn")
    await expect(page.get_by_role("textbox", name="Ready to send")).not_to_be_empty()
    await check_all(page, "kickoff-missing")


@pytest.mark.parametrize("role", ["viewer", "member"])
async def test_each_role_before_the_first_kickoff(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined, role: str
) -> None:
    page = await joined(role)
    await page.goto(f"{demo.addresses.web}/desk/links/{await _link(api, 'Koru Studio')}/kickoff")
    await expect(page.get_by_role("heading", name="One button for the kickoff call")).to_be_visible()
    await expect(page.get_by_role("button", name="Run all checks")).to_have_count(int(role == "member"))
    await check_all(page, f"kickoff-first-{role}")
