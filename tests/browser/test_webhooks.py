"""The webhooks portal in a browser: endpoints, secrets, deliveries that change while one looks, replays."""

import re

from playwright.async_api import expect

from demo.world import Demo
from tests.browser.conftest import Joined
from tests.browser.look import check_all


async def test_an_endpoint_is_added_its_secret_shown_once_and_rotated(demo: Demo, joined: Joined) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/webhooks")
    await page.get_by_role("link", name="Add endpoint").click()
    await page.get_by_role("link", name="HTTP", exact=False).first.click()
    await page.get_by_label("Address", exact=True).fill("nowhere")
    await page.get_by_role("button", name="Add endpoint").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check")
    await check_all(page, "webhook-problems")
    await page.get_by_role("checkbox", name="All Also types").check()
    await page.get_by_role("textbox", name="Name").fill("Second inbox")
    await page.get_by_label("Address", exact=True).fill(f"{demo.addresses.inbox}/hook")
    await page.get_by_role("button", name="Add endpoint").click()
    await expect(page.get_by_role("status")).to_contain_text("The endpoint is ready.")
    await check_all(page, "webhook-created")

    await page.get_by_role("navigation", name="Endpoint").get_by_role("link", name="Secret").click()
    secret = page.get_by_text(re.compile(r"^whsec_[\w+/=]{20,}$"))
    await expect(secret).to_have_count(0)
    await page.get_by_role("button", name="Show").click()
    await expect(secret).to_have_count(1)
    first = await secret.inner_text()
    await check_all(page, "webhook-secret-shown")
    await page.get_by_role("navigation", name="Endpoint").get_by_role("link", name="Secret").click()
    await expect(secret).to_have_count(0)
    await page.get_by_role("button", name="Rotate").click()
    await expect(page.get_by_role("heading", name="Previous secret")).to_be_visible()
    assert await secret.first.inner_text() != first
    await check_all(page, "webhook-secret-rotated")
    await page.get_by_role("navigation", name="Endpoint").get_by_role("link", name="Secret").click()
    await page.get_by_role("button", name="Rotate").click()
    await expect(page.get_by_role("status")).to_contain_text("The previous secret still signs.")
    await check_all(page, "webhook-secret-rotation-refused")
    await page.get_by_role("button", name="Revoke it now").click()
    await expect(page.get_by_role("status")).to_contain_text("The previous secret was revoked.")

    await page.get_by_role("navigation", name="Endpoint").get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Delete").click()
    await page.get_by_role("button", name="Delete the endpoint").click()
    await expect(page.get_by_role("status")).to_contain_text("The endpoint was deleted.")
    await check_all(page, "webhook-deleted")


async def test_the_event_catalogue_has_an_example_of_each_type(demo: Demo, joined: Joined) -> None:
    page = await joined("viewer")
    await page.goto(f"{demo.addresses.web}/desk/webhooks/events")
    await page.get_by_role("link", name="access.verified").click()
    await expect(page.get_by_role("heading", name="access.verified")).to_be_visible()
    await expect(page.get_by_role("region", name="Example body")).to_contain_text('"type": "access.verified"')


async def test_a_viewer_reads_the_tabs_of_an_endpoint_and_can_change_nothing(demo: Demo, joined: Joined) -> None:
    page = await joined("viewer")
    for tab in ("", "/deliveries", "/secret", "/replay"):
        await page.goto(f"{demo.addresses.web}/desk/webhooks/{demo.endpoint_id}{tab}")
        await expect(page.get_by_role("button", name=re.compile("Save|Send|Show|Rotate|Pause|Start"))).to_have_count(0)
        await check_all(page, f"endpoint-viewer{tab.replace('/', '-')}")
