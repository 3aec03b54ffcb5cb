"""Pictures of the manual: pages of a demo whose onboardings are done, taken by Chromium: `make screens`.

A picture is written again only where it differs visibly, so that times and ids of another demo change nothing.
"""

import asyncio
import io
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from PIL import Image, ImageChops
from playwright.async_api import Browser, Page, async_playwright

from demo import start
from demo.start import Ports
from demo.walk.walk import walk
from demo.world import CLIENT_ADMIN, Demo

FOLDER = Path(__file__).with_name("images")
#: Most bytes of one picture.
MOST_BYTES = 60_000
DESK, PHONE = (1240, 740), (390, 760)
#: Share of the pixels that may differ before a picture is written again: texts such as "3 min" differ each time.
_SAME = 0.02


#: Pages of the dashboard by the name of their picture, with the ids of the demo.
DASHBOARD = {
    "first-steps": "/desk/first-steps?step=account",
    "pipeline": "/desk",
    "new-link": "/desk/links/new",
    "link-ready": "/desk/links/{waiting_link_id}/ready",
    "link": "/desk/links/{link_id}",
    "access": "/desk/access",
    "webhook": "/desk/webhooks/{endpoint_id}",
    "kickoff": "/desk/links/{link_id}/kickoff",
}
#: Pages of a client's link, in their order.
CLIENT = ("client-welcome", "client-choice", "client-review", "client-progress")


def main() -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is missing; as root: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-pictures-") as folder,
        start.running(Path(folder), Ports(0, 0, 0), lambda _line: None, durable=False) as (demo, _),
    ):
        asyncio.run(_take(demo, chromium))


async def _take(demo: Demo, chromium: str) -> None:
    await walk(demo, lambda _line: None, approve=False)
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    async with (
        httpx2.AsyncClient(base_url=f"{demo.addresses.web}/api/v1", headers=headers) as api,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        await _of_the_client(browser, await _new_link(api, "Maison Lune Paris"))
        await _new_link(api, "Velo Kern")
        async with _page(browser, DESK) as page:
            await page.goto(demo.desk_address)
            await page.get_by_role("button", name="Continue as").click()
            await page.wait_for_url(f"{demo.addresses.web}/desk")
            ids = await _ids(api, demo)
            await api.post(f"/links/{ids['link_id']}/kickoffs")
            for name, path in DASHBOARD.items():
                await page.goto(demo.addresses.web + path.format_map(ids))
                await _keep(page, name)
        await browser.close()


async def _new_link(api: httpx2.AsyncClient, name: str) -> str:
    body = {"client": {"name": name, "contact_name": "Ana Client", "contact_email": "ana@client.example"}}
    made = (await api.post("/links", json=body)).raise_for_status().json()
    return str(made["address"])


async def _ids(api: httpx2.AsyncClient, demo: Demo) -> dict[str, str]:
    links = (await api.get("/links")).raise_for_status().json()["data"]
    done = next(each for each in links if each["status"] == "completed")
    waiting = next(each for each in links if each["next_actor"] == "client")
    return {"link_id": done["id"], "waiting_link_id": waiting["id"], "endpoint_id": demo.endpoint_id}


async def _of_the_client(browser: Browser, address: str) -> None:
    """The client's pages, from the first one to verified access."""
    async with _page(browser, PHONE) as page:
        welcome, choice, review, progress = CLIENT
        await page.goto(address)
        await _keep(page, welcome)
        await page.get_by_role("button", name="Continue with").click()
        await page.get_by_text(CLIENT_ADMIN).click()
        await page.get_by_role("button", name="Authorize").click()
        await page.get_by_role("button", name="is right").click()
        await page.wait_for_url("**/assets")
        await _keep(page, choice)
        for screen in ("about", "review"):
            await page.get_by_role("button", name="Continue").click()
            await page.wait_for_url(f"**/{screen}")
        await _keep(page, review)
        await page.get_by_role("button", name="Yes, share").click()
        await page.get_by_text("You’re all set").wait_for()
        await _keep(page, progress)


@asynccontextmanager
async def _page(browser: Browser, size: Sequence[int]) -> AsyncIterator[Page]:
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=1.25, reduced_motion="reduce",
        color_scheme="light", locale="en-GB",
    )  # fmt: skip
    yield await context.new_page()
    await context.close()


async def _keep(page: Page, name: str) -> None:
    await page.wait_for_load_state("networkidle")
    taken, place = Image.open(io.BytesIO(await page.screenshot())).convert("RGB"), FOLDER / f"{name}.webp"
    if place.exists() and not _differs(taken, Image.open(place).convert("RGB")):
        return
    for quality in (50, 35, 20):
        taken.save(place, "WEBP", quality=quality, method=6)
        if place.stat().st_size <= MOST_BYTES:
            break


def _differs(taken: Image.Image, kept: Image.Image) -> bool:
    if taken.size != kept.size:
        return True
    levels = ImageChops.difference(taken, kept).convert("L").histogram()
    return sum(levels[48:]) > _SAME * taken.width * taken.height


if __name__ == "__main__":
    main()
