"""The agency's side of the walk: its admin in a browser, and its program, which speaks the API alone."""

import asyncio
from types import TracebackType
from typing import Any, Self

import httpx2

from demo.walk.browser import Browser, NotAsExpected
from demo.walk.people import PATIENCE, Say, authorize
from demo.world import AGENCY_ADMIN, AGENCY_BC, Demo


class Agency:
    """A program with the agency's key."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self._http = httpx2.AsyncClient(
            base_url=f"{demo.addresses.web}/api/v1", headers={"Authorization": f"Bearer {demo.api_key}"},
            trust_env=False, timeout=30,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> Any:
        """Return the answer of the API at a path."""
        return (await self._http.get(path)).raise_for_status().json()

    async def every(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.get(f"{path}?limit=200{cursor}")
            rows += page["data"]
            if not page["next_cursor"]:
                return rows
            cursor = f"&cursor={page['next_cursor']}"

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Sends something; gives the answer."""
        return (await self._http.post(path, json=body)).raise_for_status().json()

    async def links(self) -> list[dict[str, Any]]:
        """Every link with its access requests, the oldest first."""
        return [await self.get(f"/links/{link['id']}") for link in reversed(await self.every("/links"))]


async def connect(demo: Demo, say: Say) -> None:
    """A member opens the one-time address and authorizes; where TikTok is busy, once more."""
    for _ in range(PATIENCE):
        async with Browser() as browser:
            await browser.open(demo.connect_address)
            await browser.press("Connect")
            await authorize(browser, AGENCY_ADMIN)
            if "connected" in browser.page.words.lower() and browser.page.status == 200:
                say(f"agency: connected as {AGENCY_ADMIN}")
                return
        await asyncio.sleep(0.5)
    raise NotAsExpected(f"the agency could not connect: {browser.page.words[:600]}")


async def until_partners_are_listed(agency: Agency) -> None:
    """Waits until the import, which began by itself, knows whom the agency worked with before any client came."""
    for _ in range(PATIENCE * 4):
        if any(each["partners_total"] is not None for each in await agency.every("/imports")):
            return
        await asyncio.sleep(0.3)
    raise NotAsExpected("the import did not list the agency's partners")


async def approve_at_tiktok(demo: Demo, say: Say) -> None:
    """The agency's admin approves whatever partner requests wait in its Business Center."""
    async with Browser() as browser:
        await browser.open(f"{demo.addresses.tiktok}/business-center/{AGENCY_BC}")
        while any("Approve" in form.words for form in browser.page.forms):
            await browser.press("Approve")
            say("agency: approved a partner request in its Business Center")


async def attest(agency: Agency, links: list[dict[str, Any]], say: Say) -> None:
    """Looks whether it works where clients say they did their steps on other platforms, and says so by name."""
    for link in links:
        for access_request in link["access_requests"]:
            if access_request["kind"] == "custom" and access_request["status"] == "awaiting_partner":
                await agency.post(f"/access-requests/{access_request['id']}/attestation", {"by": AGENCY_ADMIN})
                say(f"agency: {AGENCY_ADMIN} confirmed {access_request['platform']} of {link['client']['name']}")
