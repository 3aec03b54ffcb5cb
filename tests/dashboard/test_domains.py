"""The page of an agency's domains: add, check, remove."""

import re

import httpx2

from app.kit.database import Sessions
from app.tenants.agencies import domains
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.kit.egress.servers.name_server import TXT, A, name_server
from tests.world import PUBLIC_URL, World

PATH, HOST = "/desk/brand/domains", "access.north.example"


async def _send(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get("/desk/brand")).text)
    assert found
    return await browser.post(path, data={"form_token": found[1], **fields}, headers=SAME_ORIGIN)


async def test_a_domain_is_added_checked_and_removed(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    for bad in ("", "agency", "https://127.0.0.1/", PUBLIC_URL):
        refused = await _send(browser, PATH, host=bad)
        assert refused.status_code == 422
        assert "Enter a host name of yours" in refused.text
    assert (await _send(browser, PATH, host=f"https://{HOST}/x")).status_code == 303
    assert "already in use" in (await _send(browser, PATH, host=HOST)).text
    page = (await browser.get(PATH)).text
    assert f"_keyturn.{HOST}" in page
    assert "Not verified yet" in page
    async with sessions() as session:
        (row,) = await domains.every(session, world.north.agency_id)
    own = {(domains.host_of(PUBLIC_URL), A): ["203.0.113.7"]}
    right = {**own, (HOST, A): ["203.0.113.7"], (f"_keyturn.{HOST}", TXT): [row.proof]}
    services = browser._transport.app.state.services  # type: ignore[attr-defined]
    for zone, words in ((own, "There is no record for this name yet"), (right, "In use")):
        async with name_server(lambda name, kind, zone=zone: zone.get((name, kind), [])) as (_dns, server):  # type: ignore[misc]
            services.nameservers = (f"127.0.0.1:{server.transport.get_extra_info('sockname')[1]}",)
            assert (await _send(browser, f"{PATH}/{row.id}/check")).status_code == 303
        assert words in (await browser.get(PATH)).text
    assert HOST in (await browser.get(f"{PATH}/{row.id}/removal")).text
    assert (await _send(browser, f"{PATH}/{row.id}/removal")).status_code == 303
    assert HOST not in (await browser.get(PATH)).text


async def test_others_change_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    assert (await browser.get(PATH)).status_code == 303
    await sign_in()
    await _send(browser, PATH, host=HOST)
    async with sessions() as session:
        (row,) = await domains.every(session, world.north.agency_id)
    wrong = await browser.post(PATH, data={"form_token": "0" * 64, "host": "b.example"}, headers=SAME_ORIGIN)
    assert wrong.status_code == 403
    paths = (f"{PATH}/{row.id}/check", f"{PATH}/{row.id}/removal")
    await sign_in("member")
    assert HOST in (await browser.get(PATH)).text
    for path in (PATH, *paths):
        assert (await _send(browser, path, host="b.north.example")).status_code == 403
    await sign_in("manager", corner=world.south)
    assert HOST not in (await browser.get(PATH)).text
    for path in paths:
        assert (await _send(browser, path)).status_code == 404
    assert (await browser.get(paths[1])).status_code == 404
