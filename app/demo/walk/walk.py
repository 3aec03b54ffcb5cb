"""Whole onboardings over HTTP, as people's browsers and an agency's programs would do them."""

import asyncio
import time
from typing import Any

import httpx2

from app.demo.walk import people
from app.demo.walk.people import Say
from app.demo.walk.report import Report
from app.demo.world import Demo

LONGEST = 290.0
LOOK = 0.4
QUIET_LOOKS = 4


class TookTooLong(Exception):
    """Not everything was proved in time; the message says what is left."""


async def walk(demo: Demo, say: Say, *, approve: bool) -> Report:
    """Walks both lanes at once and waits for the proof. `approve`: the agency has to accept partner requests."""
    started = time.monotonic()
    await people.connect_agency(demo, say)
    await asyncio.gather(people.client_who_connects(demo, say), people.client_by_hand(demo, say))
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        if approve:
            await _until_recorded(http, demo, started)
            await people.approve_at_tiktok(demo, say)
        links = await _until_completed(http, demo, started, say)
        await _until_delivered(http, demo, started)
        return await _count(http, demo, links, time.monotonic() - started)


async def _links(http: httpx2.AsyncClient, demo: Demo) -> list[dict[str, Any]]:
    listed = await _get(http, demo, "/links")
    return [await _get(http, demo, f"/links/{link['id']}") for link in listed["data"]]


async def _get(http: httpx2.AsyncClient, demo: Demo, path: str) -> Any:
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    answer = await http.get(f"{demo.addresses.web}/api/v1{path}", headers=headers)
    answer.raise_for_status()
    return answer.json()


async def _until_recorded(http: httpx2.AsyncClient, demo: Demo, started: float) -> None:
    """Until TikTok has every share: then there is something to approve."""
    while time.monotonic() - started < LONGEST:
        links = await _links(http, demo)
        states = {ask["state"] for link in links for ask in link["asks"]}
        if states <= {"awaiting_partner", "awaiting_client", "verified"}:
            return
        await asyncio.sleep(LOOK)


async def _until_completed(http: httpx2.AsyncClient, demo: Demo, started: float, say: Say) -> list[dict[str, Any]]:
    shown: dict[str, str] = {}
    while True:
        links = await _links(http, demo)
        for link in links:
            for ask in link["asks"]:
                if shown.get(ask["id"]) != ask["state"]:
                    shown[ask["id"]] = ask["state"]
                    say(f"{link['client']['name']}: {ask['asset_name'] or ask['asset_id']} {ask['state']}")
        if all(link["status"] == "completed" for link in links):
            return links
        if time.monotonic() - started > LONGEST:
            left = [f"{ask['asset_id']} {ask['state']} {ask['code'] or ''}" for link in links for ask in link["asks"]]
            raise TookTooLong("; ".join(left))
        await asyncio.sleep(LOOK)


async def _until_delivered(http: httpx2.AsyncClient, demo: Demo, started: float) -> None:
    """Until what CRMs may hear of has been delivered, and nothing new came for a while."""
    before, quiet = -1, 0
    while quiet < QUIET_LOOKS and time.monotonic() - started < LONGEST:
        deliveries = await _all(http, demo, "/webhooks/deliveries")
        connections = await _all(http, demo, "/connections")
        waiting = [each for each in deliveries if each["state"] != "succeeded"]
        held = [each for each in connections if each["side"] == "client" and each["state"] != "revoked"]
        quiet = quiet + 1 if not waiting and not held and len(deliveries) == before else 0
        before = len(deliveries)
        await asyncio.sleep(LOOK / 2)


async def _all(http: httpx2.AsyncClient, demo: Demo, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await _get(http, demo, f"{path}?limit=200{cursor}")
        rows += page["data"]
        if not page["next_cursor"]:
            return rows
        cursor = f"&cursor={page['next_cursor']}"


async def _count(http: httpx2.AsyncClient, demo: Demo, links: list[dict[str, Any]], seconds: float) -> Report:
    deliveries = await _all(http, demo, "/webhooks/deliveries")
    received = (await http.get(f"{demo.addresses.inbox}/received")).json()
    calls = (await http.get(f"{demo.addresses.tiktok}/simulator/calls")).json()
    wanted = {each["event_id"] for each in deliveries}
    asks = [(link, ask) for link in links for ask in link["asks"]]
    verified = [(link, ask) for link, ask in asks if ask["state"] == "verified"]
    return Report(
        asks=len(asks),
        verified=len(verified),
        connected=sum(link["lane"] == "connected" for link, _ in verified),
        guided=sum(link["lane"] == "guided" for link, _ in verified),
        events=len(wanted),
        delivered=len(wanted & {each["id"] for each in received}),
        good=len(wanted & {each["id"] for each in received if each["verified"]}),
        requests=len(received),
        second_shares=calls["second_shares"],
        seconds=seconds,
    )
