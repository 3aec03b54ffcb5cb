"""The kickoff page: all checks live, statements, the history, and the result that is shared."""

import re
from datetime import timedelta

import httpx2
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.access.kickoffs.models import Kickoff
from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions
from simulator.seed import LUNE_EU, MAISON_LUNE, PIXEL_LUNE_CODE
from tests.client_portal.walk import SAME_ORIGIN
from tests.cost import meter
from tests.dashboard.conftest import SignIn
from tests.house import House
from tests.world import PUBLIC_URL, World


def _token(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


async def test_a_kickoff_from_the_button_to_a_page_for_the_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, sessions: Sessions
) -> None:
    await sign_in("member")
    await house.share(world.north, LUNE_EU)
    path = f"/desk/links/{world.north.link_id}/kickoff"
    first = (await browser.get(path)).text
    assert "Run all checks" in first
    token = _token(first)

    async def send(where: str, **fields: str) -> httpx2.Response:
        return await browser.post(f"{path}{where}", data={"form_token": token, **fields}, headers=SAME_ORIGIN)

    ran = await send("")
    assert (ran.status_code, ran.headers["location"]) == (303, path)
    page = (await browser.get(path)).text
    for words in (
        "3 things left before launch",
        "The role “Run campaigns (Operator)” allows it. None was created.",
        "The account is from France and pays in EUR.",
        "1 person at the agency",
        "Your turn",
    ):
        assert words in page, words
    kickoff_id = re.search(r"kickoff/(kickoff_\w+)/share", page)
    assert kickoff_id
    one = f"/{kickoff_id[1]}"

    for check in re.findall(r"attest=([\w%:.-]+)#attest", page):
        form = (await browser.get(path, params={"attest": check.replace("%3A", ":")})).text
        assert "It never counts as read." in form
    wrong = await send(f"{one}/attestation", check=f"country:tiktok:ad_account:{LUNE_EU}", note="told", country="")
    assert wrong.status_code == 422
    assert '<a href="#country">Name the country of the payment method.' in wrong.text
    assert ">told</textarea>" in wrong.text
    for check, country in (
        ("payment", ""),
        (f"billing:tiktok:ad_account:{LUNE_EU}", ""),
        (f"country:tiktok:ad_account:{LUNE_EU}", "DE"),
    ):
        sent = await send(f"{one}/attestation", check=check, note="", country=country)
        assert sent.headers["location"] == f"{path}?done=attested"
    page = (await browser.get(path)).text
    assert "One thing left before launch" in page
    assert "The payment method is from another country" in page
    await send(f"{one}/attestation", check=f"country:tiktok:ad_account:{LUNE_EU}", note="<b>by card</b>", country="FR")
    page = (await browser.get(path)).text
    for words in ("Ready to launch", "Nora North, ", "Payment method from France.", "&lt;b&gt;by card"):
        assert words in page, words
    refused = await send(f"{one}/attestation", check=f"campaign:tiktok:ad_account:{LUNE_EU}")
    assert refused.status_code == 409
    assert "takes no statement" in refused.text

    shared = await send(f"{one}/share", days="7")
    found = re.search(rf'value="{PUBLIC_URL}(/kickoffs/[\w-]{{43}})"', shared.text)
    assert found
    assert found[1] not in (await browser.get(path)).text, "shown once"
    browser.cookies.clear()
    public = await browser.get(found[1])
    assert public.status_code == 200
    for words in ("Ready to launch", "Maison Lune", "Checked by North Agency", "Attested", "Nora North"):
        assert words in public.text, words
    for secret in ("Ana Client", "by card", world.north.link_id):
        assert secret not in public.text, secret
    assert public.headers["x-robots-tag"] == "noindex"
    assert public.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in public.headers["content-security-policy"]

    async with sessions.begin() as session:
        ended = update(Kickoff).values(share_expires_at=clock.now() - timedelta(minutes=1))
        await session.execute(ended.execution_options(**CROSS_TENANT))
    assert (await browser.get(found[1])).status_code == 404


async def test_access_that_is_gone_and_a_silent_pixel_are_left_to_the_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World
) -> None:
    await sign_in()
    await house.ask_for(world.north, "pixel", "LINK")
    await house.ask_for(world.north, "catalog", "AD_PROMOTE", required=False)
    await house.connect_agency(world.north)
    await house.connect_client(world.north)
    await house.agree(world.north, LUNE_EU, pixels=[(PIXEL_LUNE_CODE, LUNE_EU)])
    await house.work()
    path = f"/desk/links/{world.north.link_id}/kickoff"
    token = _token((await browser.get(path)).text)
    await browser.post(path, data={"form_token": token}, headers=SAME_ORIGIN)
    page = (await browser.get(path)).text
    assert "events in 2 days" in page
    assert "catalog" not in page.lower(), "the client did not choose it"
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await browser.post(path, data={"form_token": token}, headers=SAME_ORIGIN)
    page = (await browser.get(path)).text
    assert "It is not shared with you" in page
    assert page.count("Checked once the access is there.") >= 3
    assert page.count("Not ready yet") == 2
    message = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert message
    assert "2 things are left on your side before the launch:" in message[1]
    assert "Access is as agreed" in message[1]
    earlier = re.findall(r"kickoff\?of=(kickoff_\w+)", page)[-1]
    assert "This is an earlier kickoff." in (await browser.get(path, params={"of": earlier})).text


async def test_statements_do_not_grow_with_checks_and_kickoffs(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, engine: AsyncEngine
) -> None:
    await sign_in()
    path = f"/desk/links/{world.north.link_id}/kickoff"
    token = _token((await browser.get(path)).text)
    counts = []
    with meter(engine) as measuring:
        for more in (0, 4):
            for number in range(more):
                await house.ask_for(world.north, "ad_account", "ANALYST", asset_id=f"72000000000000099{number}")
            await browser.post(path, data={"form_token": token}, headers=SAME_ORIGIN)
            await browser.get(path)
            async with measuring.measure() as cost:
                page = (await browser.get(path)).text
            counts.append((page.count('scope="row"'), page.count("?of=kickoff_"), len(cost.statements)))
    assert counts[0][0] + 4 == counts[1][0]
    assert counts[0][1] + 1 == counts[1][1]
    assert counts[0][2] == counts[1][2] <= 6


async def test_only_members_of_the_agency_run_it(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    path = f"/desk/links/{world.north.link_id}/kickoff"
    assert (await browser.get(path)).status_code == 303
    await sign_in("viewer")
    page = (await browser.get(path)).text
    assert "Run all checks" not in page
    link = (await browser.get("/desk/account")).text
    assert (await browser.post(path, data={"form_token": _token(link)}, headers=SAME_ORIGIN)).status_code == 403
    mine = (await api.post(f"/links/{world.north.link_id}/kickoffs")).json()["id"]
    other = (await api.post("/links", json={"client": {"name": "Other"}})).json()["id"]
    await sign_in("member")
    token = _token((await browser.get("/desk/account")).text)
    for link_id, status in ((world.north.link_id, 200), (other, 404)):
        here = f"/desk/links/{link_id}/kickoff"
        assert (await browser.get(here, params={"of": mine})).status_code == status
        sent = await browser.post(f"{here}/{mine}/share", data={"form_token": token}, headers=SAME_ORIGIN)
        assert sent.status_code == status, "a kickoff belongs to its link"
    await sign_in("member", world.south)
    assert (await browser.get(path)).status_code == 404
    token = _token((await browser.get("/desk/account")).text)
    for where in ("", "/kickoff_01ksy1q3e0fzs8qj5m8g3d4w7s/share", "/kickoff_01ksy1q3e0fzs8qj5m8g3d4w7s/attestation"):
        sent = await browser.post(f"{path}{where}", data={"form_token": token}, headers=SAME_ORIGIN)
        assert sent.status_code == 404, where
        sent = await browser.post(f"{path}{where}", data={"form_token": "0" * 64}, headers=SAME_ORIGIN)
        assert sent.status_code == 403, where
    assert (await browser.get(f"/kickoffs/{'A' * 43}")).status_code == 404
