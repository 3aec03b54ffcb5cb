"""The agency's accounts that clients share with: buyers, removal, and the end of its own connection."""

import re

import httpx2

from app.access.buyers import service as buyers
from app.access.connections import service as connections
from app.kit.database import Sessions
from tests.client_portal.walk import press
from tests.dashboard.conftest import SignIn
from tests.house import House
from tests.world import World

PATH, END = "/desk/brand/accounts", "/desk/access/connection/end"


async def test_default_buyers_are_set_and_an_account_in_use_stays(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("viewer")
    assert "Set the buyers" not in (await browser.get(PATH)).text
    await sign_in("manager")
    page = (await browser.get(PATH)).text
    found = re.search(r"accounts\?of=(account_\w+)#", page)
    assert found
    assert "No buyers yet." in page
    one = f"{PATH}/{found[1]}"
    twice = {"email-1": "bo@north.example", "role-1": "ANALYST", "email-2": "BO@north.example", "role-2": "ANALYST"}
    for fields, words in (
        (twice, "Name each person once."), ({"email-1": "bo at work"}, "Enter an e-mail address such as"),
        ({"email-1": "bo@north.example", "role-1": "KING"}, "Choose a role from the list."),
    ):  # fmt: skip
        refused = await press(browser, PATH, f"{one}/buyers", **fields)
        assert (refused.status_code, words in refused.text) == (422, True), words
        assert f'value="{fields["email-1"]}"' in refused.text
    done = await press(browser, PATH, f"{one}/buyers", **{"email-1": "bo@north.example", "role-1": "OPERATOR"})
    assert done.headers["location"] == f"{PATH}?done=buyers"
    async with sessions() as session:
        named = await buyers.list_of_center(session, world.north.agency_id, found[1])
    assert named
    assert named.people == [{"email": "bo@north.example", "role": "OPERATOR"}]
    assert 'value="bo@north.example"' in (await browser.get(PATH, params={"of": found[1]})).text
    used = await press(browser, PATH, f"{one}/removal")
    assert used.status_code == 409
    assert "Links that have not ended ask clients to share with this account." in used.text


async def test_the_own_connection_ends_and_shared_access_stays(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, sessions: Sessions, world: World
) -> None:
    await sign_in()
    assert "Nothing is connected." in (await browser.get(END)).text
    await house.connect_agency(world.north)
    assert END in (await browser.get("/desk/access")).text
    assert "Shared access stays shared." in (await browser.get(END)).text
    assert (await press(browser, END)).headers["location"] == "/desk/access"
    async with sessions() as session:
        assert await connections.of_agency(session, world.north.agency_id, "tiktok") is None
    assert (await press(browser, "/desk/access", END)).status_code == 303
