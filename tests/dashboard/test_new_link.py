"""A new link: its form, clients that there are, the page on which it is sent, and the client's view of it."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.access.requests import link_lifecycle
from app.events.models import Event
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links.models import Link
from app.mail.service import Mail, MailQueue
from app.tenants.clients.models import Client
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import SignIn
from tests.world import PUBLIC_URL, TESTS, World

NEW = "/desk/links/new"
GIVEN = {
    "name": "Casa Tinta", "contact_name": "Iker", "contact_email": "iker@tinta.example", "preset": "run-campaigns",
    "days": "14", "requested_by": "Nora North",
}  # fmt: skip


async def _links(sessions: Sessions, agency_id: str) -> list[tuple[Link, Client]]:
    async with sessions() as session:
        rows = (
            select(Link, Client)
            .join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
            .where(Link.agency_id == agency_id)
            .order_by(Link.id)
        )
        return [(link, client) for link, client in await session.execute(rows)]


async def test_a_new_client_gets_a_link_and_the_page_to_send_it(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    page = (await browser.get(NEW)).text
    assert 'value="Nora North"' in page
    assert re.search(r'value="run-campaigns"\s+checked', page)
    assert "Ad accounts: Run campaigns (Operator)" in page
    done = await press(browser, NEW, **GIVEN, external_id="crm-77")
    (_, (link, client)) = await _links(sessions, world.north.agency_id)
    assert client.external_id == "crm-77"
    assert done.status_code == 303
    assert done.headers["location"] == f"/desk/links/{link.id}/ready"
    assert (client.name, client.contact_name, client.contact_email) == ("Casa Tinta", "Iker", "iker@tinta.example")
    assert (link.preset, link.requested_by) == ("run-campaigns", "Nora North")
    assert (link.expires_at - link.created_at).days in (13, 14)


async def test_only_members_and_above_make_links(browser: httpx2.AsyncClient, sign_in: SignIn, world: World) -> None:
    ready = f"/desk/links/{world.north.link_id}/ready"
    for path in (NEW, ready):
        assert (await browser.get(path)).status_code == 303
    assert (await browser.post(NEW, data=GIVEN, headers=SAME_ORIGIN)).status_code == 303
    await sign_in("viewer")
    assert "New link" not in (await browser.get("/desk")).text
    for path in (NEW, f"{NEW}?q=", ready):
        assert (await browser.get(path)).status_code == 403
    assert (await press(browser, "/desk", NEW, **GIVEN)).status_code == 403
    await sign_in("member")
    assert f'href="{NEW}"' in (await browser.get("/desk")).text
    for path in (NEW, f"{NEW}?q=", ready):
        assert (await browser.get(path)).status_code == 200


async def test_a_form_of_another_page_makes_no_link(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    for path in (NEW, f"/desk/links/{world.north.link_id}/invitation"):
        forged = await browser.post(path, data={**GIVEN, "form_token": "0" * 64}, headers=SAME_ORIGIN)
        assert forged.status_code == 403
    assert len(await _links(sessions, world.north.agency_id)) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Enter the name of the client."),
        ({"name": "x" * 201}, "Use at most 200 characters here"),
        ({"contact_email": "iker"}, "Enter an e-mail address such as"),
        ({"preset": "no-such"}, "Choose what you need."),
        ({"days": "91"}, "Choose when the link ends."),
        ({"days": "²"}, "Choose when the link ends."),
        ({"contact_name": "password: hunter22"}, "looks like a password"),
        ({"language": "xx"}, "does not speak"),
    ],
)
async def test_what_was_typed_stays_when_something_is_wrong(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, wrong: dict[str, str], sentence: str
) -> None:
    await sign_in()
    refused = await press(browser, NEW, **{**GIVEN, **wrong})
    assert refused.status_code == 422
    assert sentence in refused.text
    assert 'value="Nora North"' in refused.text
    assert len(await _links(sessions, world.north.agency_id)) == 1


@pytest.mark.parametrize("typed", [{"name": "MAISON lune"}, {"contact_email": "Ana@MaisonLune.example"}])
async def test_a_client_of_the_same_name_or_address_is_said_first(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, typed: dict[str, str]
) -> None:
    await sign_in()
    north = world.north
    asked = await press(browser, NEW, **{**GIVEN, **typed})
    assert asked.status_code == 409
    assert "You have this client already, or is it another one?" in asked.text
    assert "Has 1 active link" in asked.text
    assert len(await _links(sessions, north.agency_id)) == 1
    told = re.findall(r'name="told" value="(\w+)"', asked.text)
    assert told == [north.link_id]
    same = {**GIVEN, **typed, "client": north.client_id}
    again = await press(browser, NEW, **same)
    assert again.status_code == 409, "its active link was not shown"
    assert "Maison Lune has 1 active link" in again.text
    assert (await press(browser, NEW, **same, told=told)).status_code == 303
    assert (await press(browser, NEW, **GIVEN, **{"client": "new"})).status_code == 303
    made = await _links(sessions, north.agency_id)
    assert [client.id == north.client_id for _, client in made] == [True, True, False]
    assert made[1][1].contact_email == "ana@maisonlune.example", "an existing client stays as it is"


async def test_an_existing_client_is_found_by_its_name(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    found = (await browser.get(NEW, params={"q": "  lune"})).text
    assert f"{NEW}?client={world.north.client_id}" in found
    assert world.south.client_id not in found
    assert "No client has “&lt;b&gt;%”" in (await browser.get(NEW, params={"q": "<b>%"})).text
    chosen = f"{NEW}?client={world.north.client_id}"
    page = (await browser.get(chosen)).text
    assert "Maison Lune has 1 active link" in page
    told = re.findall(r'name="told" value="(\w+)"', page)
    fields = {**GIVEN, "name": "", "client": world.north.client_id, "told": told}
    assert (await press(browser, chosen, NEW, **fields, language="xx")).status_code == 422
    assert (await press(browser, chosen, NEW, **fields, language="en")).status_code == 303
    made = await _links(sessions, world.north.agency_id)
    assert [link.language for link, _client in made] == [None, "en"]
    assert {client.language for _link, client in made} == {"en"}, "its later links too"


async def test_the_clients_page_stands_beside_the_form_and_follows_it(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    assert "North Agency asks for limited access" in html.unescape(html.unescape((await browser.get(NEW)).text))
    shown = await press(browser, NEW, **{**GIVEN, "name": "<b>Tinta", "preset": "audit-only"}, act="preview")
    assert shown.status_code == 200
    framed = re.search(r'srcdoc="([^"]*)"', shown.text)
    assert framed
    document = html.unescape(framed[1])
    assert "&lt;b&gt;Tinta" in document
    assert "View results (Analyst)" in document
    assert len(await _links(sessions, world.north.agency_id)) == 1, "nothing is made"


async def test_another_agency_does_not_exist(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in(corner=world.south)
    theirs = f"/desk/links/{world.north.link_id}"
    for path in (f"{NEW}?client={world.north.client_id}", f"{theirs}/ready", f"{theirs}/preview", f"{NEW}?client=x"):
        assert (await browser.get(path)).status_code == 404, path
    assert (await press(browser, NEW, f"{theirs}/invitation")).status_code == 404
    assert (await press(browser, NEW, **GIVEN, client=world.north.client_id)).status_code == 404
    assert len(await _links(sessions, world.north.agency_id)) == 1


async def test_a_preset_that_cannot_be_asked_yet_makes_no_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, api: httpx2.AsyncClient
) -> None:
    wanted = {"platform": "meta", "kind": "custom", "role": "MANAGE_CAMPAIGNS", "reason": "To run your campaigns."}
    body = {"slug": "beside", "name": "Beside", "sentence": "The rest.", "access_requests": [wanted], "screens": []}
    assert (await api.post("/presets", json=body)).status_code == 201
    await sign_in()
    assert "Beside" in (await browser.get(NEW)).text
    refused = await press(browser, NEW, **{**GIVEN, "preset": "beside"})
    assert refused.status_code == 422
    assert "your agency’s own ID is not known yet" in refused.text
    async with sessions() as session:
        rows = select(func.count()).select_from(Client).where(Client.agency_id == world.north.agency_id)
        assert await session.scalar(rows) == 1


async def test_the_address_is_shown_copied_scanned_and_recorded(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    member = await sign_in("member")
    north = world.north
    answer = await browser.get(f"/desk/links/{north.link_id}/ready")
    page = answer.text
    address = re.search(r'<textarea id="address"[^>]*>(\S+)</textarea>', page)
    assert address
    assert urlsplit(address[1]).path == north.link_path
    (whatsapp,) = re.findall(r'href="(https://wa\.me/[^"]+)"', page)
    (mailto,) = re.findall(r'href="(mailto:[^"]+)"', page)
    said = parse_qs(urlsplit(whatsapp).query)["text"][0]
    assert said.startswith("Hello Ana Client, with this link you give North Agency limited access")
    assert said.endswith(address[1])
    assert address[1] in parse_qs(urlsplit(mailto.replace("&amp;", "&")).query)["body"][0]
    assert mailto.startswith("mailto:ana%40maisonlune.example?subject=")
    assert re.search(r'<svg[^>]* class="qr"[^>]*><path [^>]*d="', page)
    assert "style=" not in page
    assert answer.headers["cache-control"] == "no-store"
    assert north.token not in str(answer.url)
    async with sessions() as session:
        events = select(Event).where(Event.agency_id == north.agency_id, Event.subject_id == north.link_id)
        shown = [each for each in await session.scalars(events) if each.type == "link.address_shown"]
    assert [each.actor_id for each in shown] == [member.actor.id]


async def test_the_link_is_e_mailed_once_for_each_press(
    app: FastAPI, browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, keyring: Keyring
) -> None:
    await sign_in("member")
    ready = f"/desk/links/{world.north.link_id}/ready"
    page = (await browser.get(ready)).text
    assert "Keyturn sends no e-mails yet." in page
    assert "on this computer only" not in page
    app.state.services.public_url = "http://localhost:8000"
    assert "on this computer only" in (await browser.get(ready)).text
    app.state.services.public_url = PUBLIC_URL
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    page = (await browser.get(ready)).text
    assert "Send the e-mail" in page
    send = ready.replace("ready", "invitation")
    for _ in range(2):
        done = await press(browser, ready, send, last="")
        assert (done.status_code, done.headers["location"]) == (303, ready)
    page = (await browser.get(ready)).text
    assert "On its way to ana@maisonlune.example" in page
    (last,) = re.findall(r'name="last" value="(mail_\w+)"', page)
    assert (await press(browser, ready, send, last=last)).status_code == 303
    async with sessions() as session:
        mails = select(Mail.to_email).where(Mail.agency_id == world.north.agency_id)
        assert (await session.scalars(mails)).all() == ["ana@maisonlune.example"] * 2
    await sign_in("viewer")
    assert (await press(browser, "/desk", send, last=last)).status_code == 403


async def test_an_ended_link_is_not_sent_and_not_previewed(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        await link_lifecycle.end_link(session, world.north.agency_id, world.north.link_id, actor=TESTS)
    page = f"/desk/links/{world.north.link_id}"
    for path in (f"{page}/ready", f"{page}/preview"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, page)
