"""After the clients have gone: who of the agency can work, what it had already, and one access taken away again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from demo.walk import people
from demo.walk.agency import Agency
from demo.walk.people import Say
from demo.world import GUIDED_BC

LOOK = 0.4
#: How often something is looked for before the walk goes on without it, and its report tells.
LOOKS = 300

Row = dict[str, Any]


async def buyers(agency: Agency, say: Say) -> tuple[int, int]:
    """Numbers of ad accounts that buyers should and can open; waits until all of them are open."""

    async def looked() -> list[Row]:
        grants = [each for each in await agency.every("/grants") if _is_asked_account(each)]
        shown = [await agency.get(f"/grants/{grant['id']}") for grant in grants]
        return [buyer for grant in shown for buyer in grant["buyers"]]

    rows = await _until(looked, lambda rows: bool(rows) and all(row["status"] == "open" for row in rows))
    able = [row for row in rows if row["status"] == "open"]
    for email, count in Counter(row["email"] for row in able).items():
        say(f"agency: {email} can open {count} of {len(rows)} ad accounts inside its Business Center")
    return len(rows), len(able)


async def what_was_there(agency: Agency, say: Say) -> int:
    """Number of grants that the import found outside any link."""

    async def looked() -> list[Row]:
        return [each for each in await agency.every("/imports") if each["status"] == "done"]

    done = await _until(looked, bool)
    found = [each for each in await agency.every("/grants") if each["origin"] == "found"]
    listed = sum(each["partners_total"] for each in done[-1:])
    say(f"agency: its import read {listed} partners and found {len(found)} ad accounts that no link asked for")
    return len(found)


async def take_away(agency: Agency, say: Say) -> bool:
    """The agency gives back the ad account of the client without a connection, who does it by hand as it did before.

    True when a read showed that it is gone.
    """
    grant = next(each for each in await agency.every("/grants") if each["client_account_id"] == GUIDED_BC)
    name = grant["asset_name"] or grant["asset_id"]
    await agency.post(f"/grants/{grant['id']}/revocation")
    say(f"agency: wants {name} no longer")
    await people.take_back_by_hand(agency.demo, grant["asset_id"])
    await agency.post(f"/access-requests/{grant['access_request_id']}/verification")
    say(f"Brand FR: took {name} back in TikTok Business Center")

    async def looked() -> list[Row]:
        return [await agency.get(f"/grants/{grant['id']}")]

    (seen,) = await _until(looked, lambda rows: rows[0]["status"] == "ended")
    say(f"agency: {name} {seen['status']}" + (", read back" if seen["ended_at"] else ""))
    return bool(seen["status"] == "ended" and seen["ended_at"])


async def calls(agency: Agency, links: list[Row]) -> dict[str, int]:
    """Number of calls to TikTok in each client's onboarding."""
    return {
        link["client"]["name"]: (await agency.get(f"/links/{link['id']}/platform-calls"))["total"] for link in links
    }


def _is_asked_account(grant: Row) -> bool:
    return bool(grant["origin"] == "asked" and grant["kind"] == "ad_account" and grant["status"] == "live")


async def _until(look: Callable[[], Any], is_so: Callable[[list[Row]], bool]) -> list[Row]:
    rows: list[Row] = await look()
    for _ in range(LOOKS):
        if is_so(rows):
            break
        await asyncio.sleep(LOOK)
        rows = await look()
    return rows
