"""The page of a client's link: whose turn, the message, access with its evidence, facts, and what can be done."""

import html
import re
from datetime import timedelta
from typing import get_args

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.access.grants.models import Grant
from app.access.requests import service as access_requests
from app.dashboard import link_page, timeline
from app.dashboard.link_page import Act
from app.events import catalog
from app.kit import clock, encryption, ids
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.i18n import pseudo
from app.links import queries as link_queries
from app.links import questions
from app.links.models import IntakeFile, Link
from app.mail.service import Mail, MailQueue, content_place
from app.tenants.agencies.models import AgencyAccount
from app.tenants.clients.models import Client
from app.tenants.members.models import Role
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.cost import meter
from tests.dashboard.conftest import SignIn
from tests.house import House, change_link
from tests.webhooks import rows, scenes
from tests.world import PUBLIC_URL, World

ANA = "Ana Client"
FORMS = ("contact", "reminder", "address", "extension", "revocation", "new-link", "device-code", "buyers")
ACCESS_FORMS = ("verification", "attestation", "removal", "role")


@pytest.fixture
def path(world: World) -> str:
    """The page of the north agency's link."""
    return f"/desk/links/{world.north.link_id}"


async def _access_id(house: House, world: World) -> str:
    return (await house.access_requests(world.north))[0].id


async def test_an_event_about_a_link_leads_to_its_page(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, path: str, world: World
) -> None:
    await sign_in()
    assert (await api.post(f"/links/{world.north.link_id}/revocation")).status_code == 200
    [revoked] = (await api.get("/events", params={"types": "link.revoked"})).json()["data"]
    one = (await api.get(f"/events/{revoked['id']}")).json()
    [sample] = (await api.get("/hooks/sample", params={"event_type": "link.revoked"})).json()
    [invented, *_] = (await api.get("/hooks/sample", params={"event_type": "access.verified"})).json()
    addresses = {each["data"]["dashboard_url"] for each in (revoked, one, sample)}
    assert addresses == {f"{PUBLIC_URL}{path}"}
    assert (await browser.get(addresses.pop())).status_code == 200
    assert invented["data"]["dashboard_url"].startswith(f"{PUBLIC_URL}/desk/links/link_")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"handle": "maison.lune", "login": "tiktok", "code": None}, ("@maison.lune", "Sign-in: With TikTok")),
        ({"handle": "", "login": "", "code": "tt_account_already_linked"}, ("another business login has it.",)),
    ],
)
async def test_the_account_that_the_client_linked_is_shown(
    browser: httpx2.AsyncClient, sign_in: SignIn, path: str, sessions: Sessions, world: World,
    said: dict[str, str], shown: tuple[str, ...],
) -> None:  # fmt: skip
    await sign_in()
    assert "Account at TikTok" not in (await browser.get(path)).text
    async with sessions.begin() as session:
        aggregate = await link_queries.load_link(session, world.north.agency_id, world.north.link_id, lock=True)
        aggregate.name_profile("tiktok", **said)
        await aggregate.save(session)
    page = (await browser.get(path)).text
    for words in ("Account at TikTok", *shown):
        assert words in page


async def test_a_fresh_link_is_ours_to_send_with_a_message(
    browser: httpx2.AsyncClient, sign_in: SignIn, path: str
) -> None:
    await sign_in()
    page = await browser.get(path)
    assert page.status_code == 200
    for words in ("Maison Lune", "The link is ready and was not sent.", "needs limited access", "Nothing"):
        assert words in page.text
    assert "/north/maison-lune/" not in page.text, "the address is secret"
    assert page.text.index("The link is ready") < page.text.index("See as the client"), "the verdict comes first"


async def test_verified_access_is_shown_with_role_and_evidence(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("viewer")
    await house.share(world.north, LUNE_EU)
    access_id = await _access_id(house, world)
    page = (await browser.get(path)).text
    assert page.count("Run campaigns (Operator)") == 2, "asked and granted"
    assert re.search(r"Ad account\s+<span class=\"small num\">\s+<span class=\"ids\">7200 0000", page)
    assert "bc/partner/asset/get" not in page
    opened = (await browser.get(path, params={"why": access_id})).text
    for words in ("bc/partner/asset/get", "Next look on", "Keyturn read it with the agreed role"):
        assert words in opened
    assert "POST /" not in opened
    assert "Check again" not in opened, "a viewer changes nothing"


async def test_a_blocker_is_told_to_us_and_in_a_message_to_the_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in()
    await house.share(world.north, LUNE_EU)
    await house.tiktok.unshare_by_hand("7111222233334444555", LUNE_EU)
    await house.work()
    page = (await browser.get(path)).text
    assert "Drifted" in page
    assert "It is not shared with you" in page
    message = re.search(r"<textarea.*?>(.*?)</textarea>", page, re.DOTALL)
    assert message is not None
    assert "is no longer shared with North Agency" in message[1]
    assert "below" not in message[1]


async def test_the_message_is_in_the_clients_language_with_the_english_text(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str, app: FastAPI
) -> None:
    await sign_in()
    app.state.services.languages = ("en", pseudo.TAG)
    async with sessions.begin() as session:
        link = await session.get_one(Link, (world.north.agency_id, world.north.link_id))
        link.language = "en-XA"
    page = (await browser.get(path)).text
    assert 'lang="en-XA"' in page
    assert "In English" in page
    assert "North Agency needs limited access" in page


@pytest.mark.parametrize("role", ["viewer", "member", "manager", "owner"])
async def test_each_role_may_do_its_part(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str, role: Role
) -> None:
    await sign_in(role)
    access_id = await _access_id(house, world)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(path)).text)
    assert token is not None
    for form in (*FORMS, *(f"access-requests/{access_id}/{each}" for each in ACCESS_FORMS)):
        for_managers = form.endswith(("revocation", "removal"))
        allowed = role in ("manager", "owner") or (role == "member" and not for_managers)
        if allowed and form == "revocation":
            continue  # ends the link for the others
        sent = await browser.post(f"{path}/{form}", data={"form_token": token[1]}, headers=SAME_ORIGIN)
        assert (sent.status_code == 403) != allowed, form


async def test_another_agency_and_nobody_reach_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    access_id = await _access_id(house, world)
    assert (await browser.get(path)).status_code == 303
    assert (await browser.post(f"{path}/revocation", headers=SAME_ORIGIN)).status_code == 303
    await sign_in(corner=world.south)
    assert (await browser.get(path)).status_code == 404
    own = f"/desk/links/{world.south.link_id}"
    for form in (*FORMS, *(f"access-requests/{access_id}/{each}" for each in ACCESS_FORMS)):
        sent = await press(browser, own, f"{path}/{form}", expires_on=_in_days(20))
        assert sent.status_code == 404, form
    for form in ACCESS_FORMS:
        sent = await press(browser, own, f"{own}/access-requests/{access_id}/{form}")
        assert sent.status_code == 404, form


async def test_an_access_request_of_another_link_is_not_found(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in()
    await house.share(world.north, LUNE_EU)
    access_id = await _access_id(house, world)
    other = f"/desk/links/{(await house.another_link(world.north)).link_id}"
    for form in ACCESS_FORMS:
        assert (await press(browser, path, f"{other}/access-requests/{access_id}/{form}")).status_code == 404, form


@pytest.mark.parametrize("link_id", ["nonsense", "link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
async def test_an_unknown_link_is_not_found(browser: httpx2.AsyncClient, sign_in: SignIn, link_id: str) -> None:
    await sign_in()
    assert (await browser.get(f"/desk/links/{link_id}")).status_code == 404


@pytest.mark.parametrize(
    "form", [*FORMS, *(f"access-requests/access_01ksy1q3e0fzs8qj5m8g3d4w7s/{each}" for each in ACCESS_FORMS)]
)
async def test_a_form_with_another_token_is_refused(
    browser: httpx2.AsyncClient, sign_in: SignIn, path: str, form: str
) -> None:
    await sign_in()
    sent = await browser.post(f"{path}/{form}", data={"form_token": "0" * 64}, headers=SAME_ORIGIN)
    assert sent.status_code == 403


async def test_the_address_is_shown_once_and_recorded(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("member")
    shown = await press(browser, path, f"{path}/address")
    assert f"{PUBLIC_URL}{world.north.link_path}" in shown.text
    assert "This is your link" in shown.text
    assert "no-store" in shown.headers["cache-control"]
    assert world.north.token not in (await browser.get(path)).text
    assert {"link.address_shown", "link.sent"} <= set(await house.events(world.north))
    assert "The address was shown" in (await browser.get(path)).text


async def test_extending_keeps_what_was_typed_when_it_is_wrong(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str
) -> None:
    await sign_in("member")
    for wrong in ("soon", _in_days(200), _in_days(-3), ""):
        refused = await press(browser, path, f"{path}/extension", expires_on=wrong)
        assert refused.status_code == 422
        assert f'value="{wrong}"' in refused.text
        assert "Choose a day between" in refused.text
    done = await press(browser, path, f"{path}/extension", expires_on=_in_days(60))
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=extended")
    async with sessions() as session:
        link = await session.get_one(Link, (world.north.agency_id, world.north.link_id))
    assert (link.expires_at - clock.now()).days in (59, 60)
    assert "The link was extended." in (await browser.get(done.headers["location"])).text


async def test_revoking_is_asked_for_first_and_a_new_link_follows(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str
) -> None:
    member = await sign_in("manager")
    asked = (await browser.get(path, params={"act": "revocation"})).text
    assert "cannot be undone" in asked
    assert (await press(browser, path, f"{path}/revocation")).status_code == 303
    ended = (await browser.get(path)).text
    assert "This link has ended." in ended
    assert "<textarea" not in ended
    refused = await press(browser, path, f"{path}/extension", expires_on=_in_days(20))
    assert refused.status_code == 409
    assert "Make a new link for the client." in refused.text
    made = await press(browser, path, f"{path}/new-link")
    assert made.status_code == 303
    assert made.headers["location"].endswith("/ready")
    new = await browser.get(made.headers["location"].removesuffix("/ready"))
    assert f'href="{path}"' in new.text, "the other link of the client"
    assert member.name in new.text
    async with sessions() as session:
        rows = select(Link.preset).where(Link.agency_id == world.north.agency_id)
        assert len(set(await session.scalars(rows))) == 1


async def test_without_mail_the_invitation_says_so(browser: httpx2.AsyncClient, sign_in: SignIn, path: str) -> None:
    await sign_in()
    assert "E-mail this text" not in (await browser.get(path)).text
    refused = await press(browser, path, f"{path}/reminder")
    assert refused.status_code == 409
    assert "This installation sends no e-mails." in refused.text


async def test_checking_again_makes_the_next_look_due(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("member")
    access_id = await _access_id(house, world)
    early = await press(browser, path, f"{path}/access-requests/{access_id}/verification")
    assert early.status_code == 409
    assert "has not agreed" in early.text
    await house.share(world.north, LUNE_EU)
    access_id = await _access_id(house, world)
    done = await press(browser, path, f"{path}/access-requests/{access_id}/verification")
    assert done.headers["location"] == f"{path}?done=checked&why={access_id}"
    there = done.headers["location"]
    waits = (await browser.get(there)).text
    assert "Keyturn looks again now." in waits
    assert f'hx-get="{html.escape(there)}"' in waits, "the result comes by itself"
    await house.work()
    found = (await browser.get(there)).text
    assert "Keyturn has looked again. This is the result." in found
    assert "hx-get=" not in found, "it waits no longer"


async def test_webhooks_about_the_link_lead_to_their_deliveries(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, keyring: Keyring, world: World, path: str
) -> None:
    await sign_in("viewer")
    assert "Webhooks about this link" not in (await browser.get(path)).text
    endpoint, _ = await scenes.make_endpoint(
        sessions, keyring, world.north.agency_id, "http://127.0.0.1:9/in", description="Our CRM"
    )
    await rows.add_delivery(sessions, endpoint, subject=world.north.link_id)
    await rows.add_delivery(sessions, endpoint, subject="another-link", event_type="grant.drifted")
    shown = (await browser.get(path)).text
    assert "Our CRM" in shown
    (there,) = re.findall(r'href="(/desk/webhooks/endpoint_\w+/deliveries\?delivery=\w+)"', shown)
    assert (await browser.get(there)).status_code == 200


async def test_attesting_names_the_member(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    member = await sign_in("member")
    await house.agree(world.north, LUNE_EU, lane="guided")
    await house.work()
    waits = (await browser.get(path)).text
    assert f"{LUNE_EU} isn’t shared yet." in waits
    assert "The link shows the steps." in waits
    access_id = await _access_id(house, world)
    asked = (await browser.get(path, params={"act": "attestation", "about": access_id})).text
    assert "I checked it, it works" in asked
    done = await press(browser, path, f"{path}/access-requests/{access_id}/attestation")
    assert done.status_code == 303
    (access,) = await house.access_requests(world.north)
    assert (access.status, access.attested_by) == ("attested", member.name)
    page = (await browser.get(done.headers["location"])).text
    assert f"{member.name} attested it on" in page
    assert "Not readable" in page


async def _grant_of_another_asset(house: House, world: World) -> str:
    """A grant of the same client, on an asset that the link does not ask for."""
    found = Grant(
        agency_id=world.north.agency_id, id=ids.new("grant"), client_id=world.north.client_id, platform="tiktok",
        kind="ad_account", asset_id=LUNE_UK, client_account_id=MAISON_LUNE, agency_account_id=world.north.account_id,
        role="OPERATOR", seen_by="agency",
    )  # fmt: skip
    async with house.tools.sessions.begin() as session:
        session.add(found)
        return found.id


async def test_taking_away_removes_the_grant(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in("manager")
    await house.share(world.north, LUNE_EU)
    access_id = await _access_id(house, world)
    asked = (await browser.get(path, params={"act": "removal", "about": access_id, "why": access_id})).text
    grant = re.search(r'name="grant_id" value="(grant_\w+)"', asked)
    assert grant is not None
    form = f"{path}/access-requests/{access_id}/removal"
    assert (await press(browser, path, form, grant_id="nonsense")).status_code == 404
    other = await _grant_of_another_asset(house, world)
    assert (await press(browser, path, form, grant_id=other)).status_code == 404, "it answers another access request"
    assert (await press(browser, path, form, grant_id=grant[1])).status_code == 303
    assert "Being taken away" in (await browser.get(path)).text
    await house.work()
    page = (await browser.get(path)).text
    assert "The client takes it away" in page, "its token was given back"
    assert "no longer needs" in page


@pytest.mark.parametrize("act", get_args(Act))
async def test_a_form_about_nothing_is_not_shown(
    browser: httpx2.AsyncClient, sign_in: SignIn, path: str, act: str
) -> None:
    await sign_in("viewer")
    page = await browser.get(path, params={"act": act, "about": "nonsense", "why": "<b>"})
    assert page.status_code == 200
    assert 'id="act"' not in page.text


def test_every_event_of_a_link_has_a_sentence() -> None:
    of_links = {name for name, each in catalog.TYPES.items() if each.subject in ("link", "grant")}
    assert of_links <= timeline.SENTENCES.keys()
    assert timeline.SENTENCES.keys() <= catalog.TYPES.keys()


def test_numbers_are_grouped() -> None:
    assert link_page.grouped("7012345678901234567") == "7012 3456 7890 1234 567"
    assert link_page.grouped("C4ABCDEFGH77U7QBTM10") == "C4ABCDEFGH77U7QBTM10"


def _in_days(days: int) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


async def test_a_manual_platform_waits_for_our_statement(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str
) -> None:
    await sign_in()
    await house.agree(world.north, LUNE_EU, lane="guided")
    async with change_link(house.tools.sessions, world.north) as (session, link):
        await access_requests.say_platform_done(session, link, "tiktok")
    page = (await browser.get(path)).text
    assert "Needs you" in page
    assert f"It is your turn: {LUNE_EU}" in page
    assert "Attest Ad account" in page
    assert "Send it by e-mail" not in page


async def test_a_file_of_the_client_is_only_saved(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str, app: FastAPI
) -> None:
    await sign_in("viewer")
    keyring = app.state.services.keyring
    content = b"event,where\n"
    file_id = ids.new("file")
    place = questions.file_place(world.north.agency_id, file_id)
    async with sessions.begin() as session:
        session.add(
            IntakeFile(
                agency_id=world.north.agency_id, id=file_id, link_id=world.north.link_id, key="plan", name="plan.csv",
                media_type="text/csv", size=len(content), sha256=encryption.sha256("x"),
                content_encrypted=keyring.encrypt_bytes(content, bound_to=place),
            )
        )  # fmt: skip
    saved = await browser.get(f"{path}/files/{file_id}")
    assert saved.content == content
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.headers["content-type"] == "application/octet-stream"
    await sign_in("manager", corner=world.south)
    assert (await browser.get(f"{path}/files/{file_id}")).status_code == 404


async def test_statements_do_not_grow_with_access_requests(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, path: str, engine: AsyncEngine
) -> None:
    await sign_in()
    await house.share(world.north, LUNE_EU)
    address = f"{path}?why={await _access_id(house, world)}"
    counts = []
    with meter(engine) as measuring:
        for more in (0, 5):
            for number in range(more):
                await house.ask_for(world.north, "ad_account", "ANALYST", asset_id=f"72000000000000099{number}")
            await browser.get(address)
            async with measuring.measure() as cost:
                page = await browser.get(address)
            counts.append((page.text.count("<th scope"), len(cost.statements)))
    assert [rows for rows, _ in counts] == [1, 6]
    assert counts[0][1] == counts[1][1]


async def test_the_link_is_e_mailed_and_the_page_says_when(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str, app: FastAPI,
    keyring: Keyring,
) -> None:  # fmt: skip
    await sign_in("member")
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    async with sessions.begin() as session:
        client = await session.get_one(Client, (world.north.agency_id, world.north.client_id))
        client.contact_name, client.contact_email = ANA, "ana@maison.example"
    assert f'href="{path}/ready"' in (await browser.get(path)).text, "a fresh link is sent from its own page"
    for _ in range(2):  # a form that is sent twice sends one e-mail
        sent = await press(browser, path, f"{path}/reminder", last="")
        assert sent.headers["location"] == f"{path}?done=reminded"
    page = (await browser.get(path)).text
    assert "Last e-mailed to ana@maison.example" in page
    assert re.search(r'name="last" value="mail_\w+">\s*<button type="submit" class="btn  ?primary">', page)
    assert "E-mail this text" in page
    assert "mailto:ana@maison.example?subject=Access%20for%20North%20Agency&amp;body=Hello%20Ana%20Client" in page
    async with sessions() as session:
        rows = select(Mail.to_email).where(Mail.agency_id == world.north.agency_id)
        assert (await session.scalars(rows)).all() == ["ana@maison.example"]


async def test_the_client_is_e_mailed_exactly_what_is_in_the_way(
    api: httpx2.AsyncClient, house: House, sessions: Sessions, world: World, app: FastAPI, keyring: Keyring
) -> None:
    remind = f"/links/{world.north.link_id}/reminder"
    assert (await api.post(remind)).json()["code"] == "mail_off"
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    assert (await api.get(remind)).status_code == 404
    await house.share(world.north, LUNE_EU)
    refused = await api.post(remind)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_the_clients_turn")
    await house.tiktok.unshare_by_hand("7111222233334444555", LUNE_EU)
    await house.work()
    sent = await api.post(remind)
    assert sent.status_code == 202
    assert (await api.get(remind)).json()["id"] == sent.json()["id"]
    async with sessions() as session:
        mail = await session.get_one(Mail, (world.north.agency_id, sent.json()["id"]))
    assert mail.content_encrypted
    text = keyring.decrypt(mail.content_encrypted, bound_to=content_place(mail.agency_id, mail.id))
    for words in ("is no longer shared with North Agency", world.north.token, "Hello Ana Client"):
        assert words in text
    told = (await api.get("/events", params={"types": "link.reminded"})).json()["data"]
    assert [each["data"]["link_id"] for each in told] == [world.north.link_id]


async def test_the_contact_is_changed_or_said_to_be_wrong(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str
) -> None:
    await sign_in("member")
    assert "Change the contact" in (await browser.get(path, params={"act": "contact"})).text
    refused = await press(browser, path, f"{path}/contact", contact_name="Bea <b>", contact_email="bea at home")
    assert refused.status_code == 422
    for words in ('value="Bea &lt;b&gt;"', 'value="bea at home"', "Enter an e-mail address such as"):
        assert words in refused.text
    done = await press(browser, path, f"{path}/contact", contact_name="Bea", contact_email="mailto:bea@Lune.example")
    assert done.headers["location"] == f"{path}?done=contact"
    assert "bea@lune.example" in (await browser.get(path)).text
    async with sessions() as session:
        client = await session.get_one(Client, (world.north.agency_id, world.north.client_id))
        assert (client.contact_name, client.contact_email) == ("Bea", "bea@lune.example")


async def test_a_new_link_without_an_account_of_the_agency_is_refused_in_words(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        await session.execute(delete(AgencyAccount).where(AgencyAccount.agency_id == world.north.agency_id))
    refused = await press(browser, path, f"{path}/new-link")
    assert refused.status_code >= 400
    assert "Your agency has no account yet" in refused.text
