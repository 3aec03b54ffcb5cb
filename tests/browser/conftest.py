"""A demo whose onboardings are done, and Debian's Chromium, in which a member of its agency is signed in."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, StorageState, async_playwright

from demo import start
from demo.start import Ports
from demo.walk.walk import walk
from demo.world import Demo


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Running until the tests have ended, with links at every stage."""
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-browser-") as folder,
        start.running(Path(folder), Ports(0, 0, 0), lambda _line: None, durable=False) as (made, _),
    ):
        asyncio.run(walk(made, lambda _line: None, approve=False))
        headers = {"Authorization": f"Bearer {made.api_key}"}
        with httpx2.Client(base_url=f"{made.addresses.web}/api/v1", headers=headers) as api:
            for name in ("Kōen Tea", "<b>Grün & Gut</b>"):
                api.post("/links", json={"client": {"name": name, "contact_email": "a@b.example"}}).raise_for_status()
        yield made


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    path = shutil.which("chromium")
    assert path, "chromium is missing: apt-get install chromium"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest.fixture(scope="session")
async def signed_in(chromium: Browser, demo: Demo) -> StorageState:
    """The cookies of a browser in which Nora North is signed in: the one-time address of the demo, and one click."""
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(demo.desk_address)
    await page.get_by_role("button", name="Continue as Nora North").click()
    await page.wait_for_url(f"{demo.addresses.web}/desk")
    state = await context.storage_state()
    await context.close()
    return state
