"""Changes that a member requests on the page of a link: another role, buyers, a code for the client's new device."""

import re

import httpx2
import pytest
from sqlalchemy import func, update

from app.access.buyers import service as buyers
from app.access.requests import link_lifecycle
from app.kit.database import Sessions
from app.links import queries
from app.links.models import AccessRequest
from simulator.seed import LUNE_EU
from tests.client_portal.walk import press
from tests.dashboard.conftest import SignIn
from tests.house import House
from tests.world import TESTS, World


@pytest.fixture
def path(world: World) -> str:
    """The page of the north agency's link."""
    return f"/desk/links/{world.north.link_id}"


async def test_another_role_is_asked_for_with_a_reason_if_it_is_higher(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("member")
    await house.share(world.north, LUNE_EU)
    (asked,) = await house.access_requests(world.north)
    form = f"{path}/access-requests/{asked.id}/role"
    page = (await browser.get(path, params={"why": asked.id, "act": "role", "about": asked.id})).text
    for words in ("Another role", "Asked now: Run campaigns (Operator).", "(Analyst)", "Needed for a higher"):
        assert words in page
    for fields, words in (
        ({"role": "KING"}, "Choose a role from the list."),
        ({"role": "ADMIN"}, "Give the reason for a higher role"),
        ({"role": "ADMIN", "reason": "Send us your password."}, "Clients are never asked for a password"),
    ):
        wrong = await press(browser, path, form, **fields)
        assert (wrong.status_code, words in wrong.text) == (422, True)
    done = await press(browser, path, form, role="ADMIN", reason="To manage billing alerts.")
    assert done.headers["location"] == f"{path}?done=role&why={asked.id}"
    (now,) = await house.access_requests(world.north)
    assert (now.role, now.status, now.role_reason) == ("ADMIN", "waiting", "To manage billing alerts.")
    assert "asks for 1 more access" in (await browser.get(path)).text, "the message to the client"


async def test_a_person_is_asked_for_and_each_obstacle_is_said(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, sessions: Sessions, world: World, path: str
) -> None:
    await sign_in("member")
    form = f"{path}/people"
    nora = {"email": "nora@north.example", "role": "OPERATOR", "reason": "To help with the launch."}
    assert "as a standard member" in (await browser.get(path, params={"act": "new-person"})).text
    for field, wrong, words in (
        ("email", "", "Enter the e-mail address of the person."), ("email", "nora at work", "e-mail address"),
        ("role", "ADMIN", "Choose a role from the list."), ("reason", "", "Say why"),
        ("reason", "Please send us your password.", "Clients are never asked for a password"),
    ):  # fmt: skip
        refused = await press(browser, path, form, **nora | {field: wrong})
        assert (refused.status_code, words in refused.text) == (422, True), words
        assert f'id="{field}-problem"' in refused.text
    assert (await press(browser, path, form, **nora)).headers["location"] == f"{path}?done=person"
    assert "waits for the client’s yes" in (await browser.get(f"{path}?done=person")).text
    free = await press(browser, path, form, **nora | {"email": "nora@gmail.com"})
    assert "free mail service" in (await browser.get(free.headers["location"])).text
    known = await press(browser, path, form, **nora | {"reason": "Once more."})
    assert known.status_code == 409
    assert "This person is requested on the link already." in known.text
    assert "Once more." in known.text, "what was typed stays"
    (account, asked, _) = await house.access_requests(world.north)
    assert (asked.person_email, asked.role, asked.status) == ("nora@north.example", "OPERATOR", "waiting")
    assert "Withdraw the request" in (await browser.get(path, params={"why": asked.id})).text
    gone = await press(browser, path, f"{path}/access-requests/{asked.id}/withdrawal")
    assert gone.headers["location"] == f"{path}?done=withdrawn"
    assert "Withdraw the request" not in (await browser.get(path, params={"why": asked.id})).text
    no_person = await press(browser, path, f"{path}/access-requests/{account.id}/withdrawal")
    assert no_person.status_code == 404
    other = next(each for each in await house.access_requests(world.north) if each.person_email == "nora@gmail.com")
    async with sessions.begin() as session:
        rows = update(AccessRequest).where(AccessRequest.agency_id == world.north.agency_id)
        await session.execute(rows.where(AccessRequest.id == other.id).values(approved_at=func.now()))
    agreed = await press(browser, path, f"{path}/access-requests/{other.id}/withdrawal")
    assert agreed.status_code == 404, "it is taken away, by a manager"

    async with sessions.begin() as session:
        link = await queries.load_link(session, world.north.agency_id, world.north.link_id, lock=True)
        for each in link.access_requests:
            link.withdraw(each, actor=TESTS)
        await link.save(session)
    nothing = await press(browser, path, form, **nora)
    assert nothing.status_code == 422
    assert "requests no ad account for a person to work in" in nothing.text
    assert "requests no ad account" in (await browser.get(path, params={"act": "new-person"})).text
    async with sessions.begin() as session:
        await link_lifecycle.end_link(session, world.north.agency_id, world.north.link_id, actor=TESTS)
    over = await press(browser, path, form, **nora)
    assert (over.status_code, "This link has ended." in over.text) == (409, True)
    await sign_in(corner=world.south)
    theirs = f"/desk/links/{world.south.link_id}"
    assert (await press(browser, theirs, form, **nora)).status_code == 404


async def test_buyers_of_a_link_are_set_corrected_and_removed(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str
) -> None:
    await sign_in("member")
    form = (await browser.get(path, params={"act": "buyers"})).text
    assert form.count('type="email"') == 3
    assert "Use those of the Business Center" not in form
    wrong = {"email-1": "bo at work", "role-1": "ANALYST"}
    twice = {"email-1": "bo@north.example", "role-1": "ANALYST", "email-2": "BO@north.example", "role-2": "ANALYST"}
    above = {"email-1": "bo@north.example", "role-1": "ADMIN"}
    for fields, words in ((wrong, "Enter an e-mail address"), (twice, "once"), (above, "higher role than the client")):
        refused = await press(browser, path, f"{path}/buyers", **fields)
        assert (refused.status_code, words in refused.text) == (422, True), words
        assert fields["email-1"] in refused.text
    done = await press(browser, path, f"{path}/buyers", **{"email-1": "bo@north.example", "role-1": "OPERATOR"})
    assert done.headers["location"] == f"{path}?done=buyers"
    async with sessions() as session:
        found = await buyers.list_of_link(session, world.north.agency_id, world.north.link_id)
    assert found
    assert found.people == [{"email": "bo@north.example", "role": "OPERATOR"}]
    form = (await browser.get(path, params={"act": "buyers"})).text
    assert 'value="bo@north.example"' in form
    assert "Use those of the Business Center" in form
    await press(browser, path, f"{path}/buyers", unset="yes")
    async with sessions() as session:
        assert await buyers.list_of_link(session, world.north.agency_id, world.north.link_id) is None


async def test_one_more_access_is_asked_for_and_waits_for_the_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("member")
    form = (await browser.get(path, params={"act": "new-access"})).text
    assert '<optgroup label="TikTok">' in form
    assert "Run campaigns (Operator)" in form
    first = {key: re.search(rf'value="({key}/[^"]+)"', form) for key in ("tiktok/pixel", "meta")}
    assert first["tiktok/pixel"] is not None
    assert first["meta"] is not None
    pixel = {"what": first["tiktok/pixel"][1], "reason": "To count sales."}
    for field, wrong, words in (
        ("what", "", "Choose the access and its role."), ("what", "tiktok/ad_account/KING", "Choose the access"),
        ("what", "tiktok/ad_account/ADMIN", "Choose the role that this link asks for."), ("reason", "", "Say why"),
        ("reason", "Please send us your password.", "Clients are never asked for a password"),
        ("what", first["meta"][1], "with whom to share"),
    ):  # fmt: skip
        refused = await press(browser, path, f"{path}/access-requests", **pixel | {field: wrong})
        assert (refused.status_code, words in refused.text) == (422, True), words
        assert f'<a href="#{field}">' in refused.text
    done = await press(browser, path, f"{path}/access-requests", **pixel)
    assert done.headers["location"] == f"{path}?done=access"
    added = (await house.access_requests(world.north))[-1]
    assert (added.kind, added.status, added.role_reason, added.required) == ("pixel", "waiting", None, False)
    assert added.reason == "To count sales."


async def test_a_client_gets_another_name_and_language(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World, path: str
) -> None:
    await sign_in("member")
    for fields, words in (
        ({"name": " ", "language": ""}, '<a href="#name">Enter the name of the client.'),
        ({"name": "Lune SA", "language": "xx"}, "does not speak “xx” yet"),
    ):
        refused = await press(browser, path, f"{path}/client", **fields)
        assert (refused.status_code, words in refused.text) == (422, True), words
    done = await press(browser, path, f"{path}/client", name="Lune SA", language="en")
    assert done.headers["location"] == f"{path}?done=client"
    page = (await browser.get(path, params={"act": "client"})).text
    assert "<h1>Lune SA</h1>" in page
    assert re.search(r'<option value="en" selected>', page)


async def test_a_code_for_a_new_device_is_shown_once(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("member")
    assert "act=device" not in (await browser.get(path)).text, "nothing to protect before the client has begun"
    await house.share(world.north, LUNE_EU)
    assert "Is it you?" in (await browser.get(path, params={"act": "device"})).text
    made = await press(browser, path, f"{path}/device-code")
    code = re.search(r'<p class="big num">(\d{3} \d{3})</p>', made.text)
    assert code
    page = (await browser.get(path)).text
    assert code[1] not in page
    assert "A code for a new device of the client was made." in page
