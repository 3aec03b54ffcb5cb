"""Steps by hand and guides in a browser: accessible in light and dark, never sideways, Back step by step."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from demo.world import AGENCY_BC, Demo
from tests.browser.brands import new_brand
from tests.browser.look import WIDE, check_all, complaints

NARROW = 320


@pytest.fixture
async def agreed(chromium: Browser, demo: Demo, api: httpx2.AsyncClient) -> AsyncIterator[Page]:
    """A phone on the progress page of a client that does it by hand."""
    brand = await new_brand(demo, api, "Rimu Rings with a name that is as long as names of ad accounts may be")
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    said = complaints(page)
    await page.goto(brand.address)
    await page.get_by_role("button", name="by hand").click()
    await page.get_by_role("textbox").first.fill(brand.center_id)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("textbox").first.fill(brand.account_id)
    await page.get_by_role("button", name="Continue").click()
    await page.locator("[value=FR]").check()
    await page.locator("[name=approver-name]").fill("Eva Brand")
    await page.locator("[name=approver-email]").fill("eva@brand.example")
    await page.get_by_role("button", name="Continue").click()
    await page.locator(".bar button").click()
    await page.wait_for_url("**/progress")
    yield page
    await context.close()
    assert said == []


async def _fits(page: Page, name: str) -> None:
    """Check the page in every size, and in the narrowest."""
    await check_all(page, name)
    await page.set_viewport_size({"width": NARROW, "height": 640})
    width = await page.evaluate("document.scrollingElement.scrollWidth")
    assert width <= NARROW, await page.evaluate(WIDE)
    await page.set_viewport_size({"width": 390, "height": 844})


async def test_each_step_fits_and_the_number_is_in_sight(agreed: Page) -> None:
    await agreed.get_by_role("link", name="Show me the 4 steps").click()
    titles = []
    for step in range(1, 5):
        await expect(agreed.get_by_text(f"Step {step} of 4")).to_be_visible()
        titles.append(await agreed.get_by_role("heading", level=1).inner_text())
        await expect(agreed.get_by_role("img", name="is marked 1")).to_be_in_viewport()
        await agreed.get_by_text("I see something different").click()
        await _fits(agreed, f"step-{step}")
        if step == 3:
            await expect(agreed.locator("input[readonly]")).to_have_value(AGENCY_BC)
            await agreed.reload()
            await expect(agreed.locator("input[readonly]")).to_be_in_viewport()
        if step < 4:
            await agreed.get_by_role("link", name="Next step").click()
    await expect(agreed.locator(".bar button")).to_be_in_viewport()
    for before in reversed(titles[:-1]):
        await agreed.go_back()
        await expect(agreed.get_by_role("heading", level=1)).to_have_text(before)
    await agreed.get_by_role("link", name="All steps on one page").click()
    await expect(agreed.get_by_role("img", name="is marked 1")).to_have_count(4)
    await _fits(agreed, "all-steps")


async def test_guides_and_ways_to_link_an_account_fit(agreed: Page) -> None:
    await agreed.get_by_role("link", name="Help with TikTok").click()
    await agreed.get_by_text("Which role does a person need?").click()
    await _fits(agreed, "guides")
    await agreed.get_by_role("link", name="Link your TikTok account").click()
    await agreed.get_by_role("button", name="Show me the steps").click()
    await agreed.get_by_text("I have a TikTok For Business account").click()
    await agreed.get_by_text("On the sign-in page").click()
    await _fits(agreed, "linking")
    await agreed.get_by_role("button", name="Show me the steps").click()
    for _ in range(2):
        await agreed.get_by_role("link", name="Next step").click()
    await _fits(agreed, "linking-step")
    await agreed.get_by_role("link", name="I’ve done these steps").click()
    await agreed.get_by_role("button", name="Save").click()
    await expect(agreed.get_by_role("alert")).to_contain_text("Please check 2 things")
    await _fits(agreed, "linking-result")
