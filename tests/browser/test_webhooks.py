"""The webhooks portal in a browser: endpoints, secrets, deliveries that change while one looks, replays."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.async_api import Page, expect

from demo.world import Demo
from tests.browser.conftest import Joined
from tests.browser.look import check_all


class SlowReceiver:
    """A receiver of webhooks that answers with `status` once it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.may_answer = asyncio.Event()
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, and answer it when it is time."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        await self.may_answer.wait()
        body = b"Noted" if self.status < 300 else b"Out of order"
        writer.write(b"HTTP/1.1 %d Said\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (self.status, len(body)))
        writer.write(body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[SlowReceiver]:
    """One receiver, which listens."""
    made = SlowReceiver()
    async with await asyncio.start_server(made.answer, "127.0.0.1", 0) as server:
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield made
        made.may_answer.set()


async def _endpoint(api: httpx2.AsyncClient, url: str, event_type: str) -> str:
    """The id of a new endpoint that gets events of one type, and tries each delivery once."""
    body = {"url": url, "description": event_type, "event_types": [event_type], "retry_policy": "none"}
    return str((await api.post("/webhooks/endpoints", json=body)).raise_for_status().json()["id"])


async def _send_a_test(page: Page) -> None:
    await page.get_by_label("Event type of the test").select_option("link.expired")
    await page.get_by_role("button", name="Send a test").click()


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


async def test_a_delivery_changes_while_one_looks_and_is_sent_again(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined, receiver: SlowReceiver
) -> None:
    page = await joined("manager")
    endpoint = f"{demo.addresses.web}/desk/webhooks/{await _endpoint(api, receiver.url, 'link.expired')}"
    receiver.status = 500
    await page.goto(f"{endpoint}/deliveries")
    await _send_a_test(page)
    detail = page.locator("#detail")
    await expect(detail).to_contain_text(re.compile("Queued|Being sent"))
    await check_all(page, "delivery-under-way")
    receiver.may_answer.set()
    await expect(detail).to_contain_text("Failed", timeout=10_000)
    await expect(detail.get_by_role("region", name="Body of the answer")).to_have_text("Out of order")
    await expect(detail.get_by_role("region", name="Body of the request")).to_contain_text('"link.expired"')
    await expect(detail.get_by_role("region", name="Headers of the request")).to_contain_text("webhook-id")
    await page.set_viewport_size({"width": 1280, "height": 844})
    await expect(page.locator(".deliv .list a[aria-current]")).to_contain_text("Failed")
    await check_all(page, "delivery-failed")

    receiver.status = 200
    await page.get_by_label("Event type", exact=True).select_option("link.expired")
    await page.get_by_role("button", name="Filter").click()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("status")).to_contain_text("queued again")
    await expect(detail.get_by_role("region", name="Body of the answer")).to_have_text("Noted", timeout=10_000)
    await expect(page.locator(".deliv .list a[aria-current]")).to_contain_text("Delivered")
    await expect(detail.get_by_role("link", name="Attempt 1")).to_have_attribute(
        "href", re.compile("type=link.expired")
    )
    await detail.get_by_role("link", name="Attempt 1").click()
    await expect(detail.get_by_role("region", name="Body of the answer")).to_have_text("Out of order")
    await check_all(page, "delivery-attempts")

    await page.goto(f"{endpoint}/deliveries")
    await page.get_by_label("Status").select_option("exhausted")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_text("No delivery is like this.")).to_be_visible()
    await check_all(page, "deliveries-none")
    await page.get_by_label("Status").select_option("succeeded")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.locator(".deliv .list").get_by_role("link", name="link.expired")).to_be_visible()


async def test_a_replay_is_previewed_and_its_progress_moves_by_itself(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined, receiver: SlowReceiver
) -> None:
    for name in ("Replayed One", "Replayed Two"):
        (await api.post("/links", json={"client": {"name": name}})).raise_for_status()
    page = await joined("manager")
    endpoint_id = await _endpoint(api, receiver.url, "link.created")
    await page.goto(f"{demo.addresses.web}/desk/webhooks/{endpoint_id}/replay")
    await page.get_by_label("From").fill("2020-01-01T00:00")
    await page.get_by_label("To (empty: now)").fill("2019-01-01T00:00")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check one thing")
    await check_all(page, "replay-problems")
    await page.get_by_label("From").fill((datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_label("To (empty: now)").fill("")
    await page.get_by_role("combobox", name="Events").select_option(label="Events without a delivery")
    await page.get_by_label("Event type", exact=True).select_option("link.created")
    await page.get_by_role("button", name="Preview").click()
    found = await page.get_by_role("heading", name="events match").inner_text()
    await check_all(page, "replay-preview")

    await page.get_by_role("button", name="Start the replay").click()
    await expect(page.get_by_role("status")).to_contain_text("The replay has started.")
    row = page.get_by_role("region", name="Replays").get_by_role("row").nth(1)
    await check_all(page, "replay-running")
    receiver.may_answer.set()
    delivered = row.locator("[data-l=Delivered]")
    await expect(delivered).to_have_text(re.sub(r"\D", "", found), timeout=15_000)
    await expect(row).to_contain_text("All queued")


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
