"""Whole onboardings over HTTP, as people's browsers and an agency's programs would do them."""

import asyncio
import time
from typing import Any

import httpx2

from demo.walk import agency as agency_side
from demo.walk import clients, ending
from demo.walk.agency import Agency
from demo.walk.people import Say
from demo.walk.report import Asks, Report, Webhooks
from demo.world import FOUND_ACCOUNTS, Demo

LONGEST = 290.0
LOOK = 0.4
QUIET_LOOKS = 4


class TookTooLong(Exception):
    """Not everything was proved in time; the message says what is left."""


async def walk(demo: Demo, say: Say, *, approve: bool) -> Report:
    """Walks every way at once and waits for the proof. `approve`: the agency has to accept partner requests."""
    started = time.monotonic()
    await agency_side.connect(demo, say)
    async with Agency(demo) as agency:
        await agency_side.until_partners_are_listed(agency)
        await asyncio.gather(
            clients.who_connects(demo, say), clients.with_a_pixel(demo, say), clients.by_hand(demo, say),
            clients.elsewhere(demo, say), clients.by_the_public_link(demo, say),
        )  # fmt: skip
        await agency_side.attest(agency, await agency.links(), say)
        links = await _until_completed(agency, started, say, approve=approve)
        openings, able = await ending.buyers(agency, say)
        calls = await ending.calls(agency, links)
        say("TikTok calls: " + ", ".join(f"{name} {count}" for name, count in calls.items()))
        found = await ending.what_was_there(agency, say)
        taken_away = await ending.take_away(agency, say)
        await _until_delivered(agency, started)
        return Report(
            access_requests=_asks(links), webhooks=await _webhooks(agency), openings=openings, open=able, found=found,
            wanted_found=FOUND_ACCOUNTS, taken_away=taken_away, second_shares=await _second_shares(demo), calls=calls,
            seconds=time.monotonic() - started,
        )  # fmt: skip


async def _until_completed(agency: Agency, started: float, say: Say, *, approve: bool) -> list[dict[str, Any]]:
    shown: dict[str, str] = {}
    while True:
        if approve:
            await agency_side.approve_at_tiktok(agency.demo, say)
        links = await agency.links()
        for link in links:
            for access_request in link["access_requests"]:
                if shown.get(access_request["id"]) != access_request["status"]:
                    shown[access_request["id"]] = access_request["status"]
                    say(f"{link['client']['name']}: {_name(access_request)} {access_request['status']}")
        if all(link["status"] == "completed" for link in links):
            return links
        if time.monotonic() - started > LONGEST:
            left = [
                f"{_name(access_request)} {access_request['status']} {access_request['code'] or ''}"
                for link in links
                for access_request in link["access_requests"]
            ]
            raise TookTooLong("; ".join(left))
        await asyncio.sleep(LOOK)


def _name(access_request: dict[str, Any]) -> str:
    what = (
        ""
        if access_request["kind"] == "ad_account"
        else f" ({access_request['platform'] if access_request['kind'] == 'custom' else access_request['kind']})"
    )
    return f"{access_request['asset_name'] or access_request['asset_id'] or access_request['role']}{what}"


async def _until_delivered(agency: Agency, started: float) -> None:
    """Until what CRMs may hear of has been delivered, and nothing new came for a while."""
    before, quiet = -1, 0
    while quiet < QUIET_LOOKS and time.monotonic() - started < LONGEST:
        deliveries = await agency.every("/webhooks/deliveries")
        connections = await agency.every("/connections")
        waiting = [each for each in deliveries if each["status"] != "succeeded"]
        held = [each for each in connections if each["side"] == "client" and each["status"] != "revoked"]
        quiet = quiet + 1 if not waiting and not held and len(deliveries) == before else 0
        before = len(deliveries)
        await asyncio.sleep(LOOK / 2)


def _asks(links: list[dict[str, Any]]) -> Asks:
    """As they were before one was taken away again."""
    every = [
        (lanes[access_request["platform"]], access_request["kind"] == "custom", access_request["status"])
        for link in links
        for lanes in [{each["platform"]: each["lane"] for each in link["platforms"]}]
        for access_request in link["access_requests"]
    ]
    verified = [lane for lane, is_manual, status in every if not is_manual and status == "verified"]
    custom = [status for _, is_manual, status in every if is_manual]
    return Asks(
        readable=len(every) - len(custom), verified=len(verified), connected=verified.count("connected"),
        guided=verified.count("guided"), custom=len(custom), attested=custom.count("attested"),
    )  # fmt: skip


async def _webhooks(agency: Agency) -> Webhooks:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as inbox:
        received = (await inbox.get(f"{agency.demo.addresses.inbox}/received")).raise_for_status().json()
    wanted = {each["event_id"] for each in await agency.every("/webhooks/deliveries")}
    return Webhooks(
        events=len(wanted),
        delivered=len(wanted & {each["id"] for each in received}),
        good=len(wanted & {each["id"] for each in received if each["verified"]}),
        requests=len(received),
    )


async def _second_shares(demo: Demo) -> int:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as tiktok:
        calls = (await tiktok.get(f"{demo.addresses.tiktok}/simulator/calls?last=0")).raise_for_status().json()
    return int(calls["second_shares"])
