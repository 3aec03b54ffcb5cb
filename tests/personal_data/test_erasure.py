"""Erasure of personal data: afterwards no table holds any of it, also in encrypted columns, and the evidence stays."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import LargeBinary, select, text, update

from app.access.connections.models import Connection
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.html import forms
from app.links import emails
from app.mail.service import Mail, MailQueue
from app.tables import metadata
from app.webhooks.context import WebhookContext
from simulator import seed
from tests.client_portal.walk import BY_HAND, SAME_ORIGIN, Walk, press, trip
from tests.house import House, change_link
from tests.kit.egress.receivers import ALLOW, chooses
from tests.manual_platforms import tell_identities
from tests.webhooks import scenes
from tests.world import CLIENT_BROWSER, PUBLIC_URL, World

#: In everything that the client enters; the name of the person who signs in at TikTok; and the client's browser.
NEEDLES = ("quizzax", "Theo Two Brands")
PRESET = {
    "slug": "whole", "name": "Whole", "sentence": "All of it.", "screens": ["pixels", "markets", "contacts"],
    "questions": [
        {"key": "goal", "kind": "text", "label": "Your goal?"}, {"key": "plan", "kind": "file", "label": "Your plan?"},
    ],
    "access_requests": [
        {"kind": "ad_account", "role": "OPERATOR", "reason": "To run your ads."},
        {"platform": "meta", "kind": "custom", "role": "MANAGE_CAMPAIGNS", "reason": "To run them there."},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """Everything that is stored."""

    sessions: Sessions
    keyring: Keyring

    async def found(self, *needles: str) -> set[str]:
        """Names of tables and columns with one of these texts, in any case; encrypted columns are decrypted."""
        wanted = [each.lower() for each in needles]
        wanted += [each.encode().hex() for each in needles] + [each.title().encode().hex() for each in needles]
        found = set()
        async with self.sessions() as session:
            tables = (
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            )
            for name in (await session.scalars(text(tables))).all():
                rows = await session.scalars(text(f'SELECT t::text FROM "{name}" t'), execution_options=CROSS_TENANT)
                if any(each in row.lower() for row in rows for each in wanted):
                    found.add(name)
            for table in metadata.tables.values():
                for column in table.columns:
                    if not (isinstance(column.type, LargeBinary) and column.name.endswith("_encrypted")):
                        continue
                    every_row = await session.execute(select(table), execution_options=CROSS_TENANT)
                    for row in every_row.mappings():
                        plain = self._plain(table.name, column.name, row)
                        if any(each.lower().encode() in plain for each in needles):
                            found.add(f"{table.name}.{column.name}")
        return found

    def _plain(self, table: str, column: str, row: object) -> bytes:
        values = dict(row)  # type: ignore[call-overload]
        if values[column] is None:
            return b""
        for name in (column, column.removesuffix("_encrypted")):
            try:
                place = f"{table}.{name}:{values['agency_id']}:{values['id']}"
                return self.keyring.decrypt_bytes(values[column], bound_to=place).lower()
            except DecryptionFailed:
                continue
        raise AssertionError(f"{table}.{column} is bound to another place than its row")


@pytest.fixture
def storage(sessions: Sessions, keyring: Keyring) -> Storage:
    """The whole database."""
    return Storage(sessions, keyring)


@pytest.fixture
async def tools(sessions: Sessions, keyring: Keyring) -> AsyncIterator[WebhookContext]:
    """The work of webhooks, able to reach receivers on loopback."""
    egress = Egress(allow=ALLOW)
    yield WebhookContext(sessions, keyring, egress, PUBLIC_URL, worker="test:1")
    await egress.close()


def _echo(body: bytes) -> bytes:
    status = b"200 OK" if b'"link.' in body else b"500 Oh"
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body


async def _onboarded(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, house: House, sessions: Sessions, world: World
) -> Walk:
    """A client that came by a public link, entered everything, signed in, agreed and shared."""
    await house.connect_agency(world.north)
    await tell_identities(sessions, world.north)
    assert (await api.post("/presets", json=PRESET)).status_code == 201
    made = await api.post("/public-links", json={"preset": "whole"})
    address = made.json()["address"].removeprefix(PUBLIC_URL)
    browser.headers.update({"User-Agent": "Quizzaxbrowser/1"})
    details = {
        "company": "Quizzaxhouse",
        "name": "Ida Quizzaxman",
        "email": "ida@quizzax.example",
        "external_id": "crm:77",
    }
    entered = await press(browser, address, **details)
    assert entered.status_code == 303, entered.text
    walk = Walk(browser, replace(world.north, link_id=entered.headers["location"].removeprefix("/l/")))
    assert walk.goes_to(await trip(walk, house, seed.TWO_BRANDS_THEO)) == "account"
    assert walk.goes_to(await walk.send("account", account_id=seed.BRAND_FR, sure=seed.BRAND_FR)) == "assets"
    assert walk.goes_to(await walk.send("assets", ad_account=list(seed.BRAND_FR_ACCOUNTS))) == "others"
    about = BY_HAND["about"] | {"approver-name": "Theo Quizzaxson", "approver-email": "theo@quizzax.example"}
    (by_hand,) = [each["id"] for each in await _requests(api, walk) if each["platform"] == "meta"]
    answers = {"others": {f"id-{by_hand}": "act_1234567"}, "about": about}
    for screen in ("others", "about"):
        assert (await walk.send(screen, **answers[screen])).status_code == 303, screen
    sent = await browser.post(
        f"{walk.path}/questions", data={"form_token": await walk.token(), "q-goal": "A quizzaxgoal"},
        files=[("q-plan", ("quizzaxplan.pdf", b"%PDF-1.7 the quizzaxplan"))], headers=SAME_ORIGIN,
    )  # fmt: skip
    assert sent.status_code == 303, sent.text
    await walk.send("checklist", ownership="yes", by="Theo Quizzaxson")
    assert walk.goes_to(await walk.agree(name="Theo Quizzaxson")) == "progress"
    assert (await walk.send(f"access-requests/{by_hand}/done")).status_code == 303
    await walk.sent_back("checklist", payment="plan", by="Theo Quizzaxson")  # kept with the browser
    await house.work()
    return walk


async def _requests(api: httpx2.AsyncClient, walk: Walk) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await api.get(f"/links/{walk.corner.link_id}/access-requests")).json()["data"]
    return found


async def test_e_mails_to_the_agency_are_none_to_the_client(
    api: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    outbox = app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    path = f"/links/{world.north.link_id}"
    async with change_link(sessions, world.north) as (session, link):
        await emails.request_erasure(session, link, outbox=outbox)
        notice = await emails.email_renewal(session, outbox, link, now=link.now)
        await emails.email_renewal(session, outbox, link, now=link.now)
        await session.execute(
            update(Mail)
            .where(Mail.agency_id == world.north.agency_id, Mail.id == notice.id)
            .values(kind="notice_stuck")
        )
    counted = (await api.get(f"{path}/personal-data")).json()["counts"]["emails"]
    await api.post(f"{path}/invitation")
    assert (counted, (await api.get(f"{path}/personal-data")).json()["counts"]["emails"]) == (0, 1)


async def test_nothing_personal_is_left_of_a_client_and_the_evidence_stays(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, app: FastAPI, house: House, sessions: Sessions,
    keyring: Keyring, world: World, storage: Storage, tools: WebhookContext,
) -> None:  # fmt: skip
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    async with chooses(_echo) as there:
        await scenes.make_endpoint(sessions, keyring, world.north.agency_id, there.url, ("*",))
        walk = await _onboarded(browser, api, house, sessions, world)
        path = f"/links/{walk.corner.link_id}"
        client_id = (await api.get(path)).json()["client_id"]
        assert (await api.post(f"{path}/invitation", headers={"Idempotency-Key": "mine"})).status_code == 202
        contact = {"name": "Ina Quizzaxberg", "email": "ina@quizzax.example"}
        roles = ("technical", "billing")
        added = [await api.post(f"/clients/{client_id}/contacts", json={"role": each, **contact}) for each in roles]
        removed = await api.delete(f"/clients/{client_id}/contacts/{added[0].json()['id']}")
        assert removed.status_code == 204, "the audit log still names the person"
        kickoff = (await api.post(f"{path}/kickoffs")).json()["id"]
        statement = {"check_id": "payment", "by": "Ana Agent", "note": "Theo Quizzaxson showed it."}
        assert (await api.post(f"/kickoffs/{kickoff}/attestations", json=statement)).status_code == 200
        await scenes.fan_all_out(tools)
        for _ in range(3):
            await scenes.round_(tools)
    assert await storage.found(*NEEDLES) >= {
        "access_requests", "audit_personal", "client_contacts", "clients", "connections", "consents", "event_personal",
        "idempotency_keys.answer_encrypted", "intake_answers", "intake_files", "intake_files.content_encrypted",
        "intakes", "kickoffs", "link_sessions", "mails", "mails.content_encrypted", "readiness_answers",
        "webhook_attempts", "webhook_bodies",
    }  # fmt: skip
    held = (await api.get(f"/clients/{client_id}/personal-data")).json()
    assert all(held["counts"].values()), held
    assert held["grants"] == 2

    assert set((await api.delete(f"{path}/personal-data")).json()["counts"].values()) == {0}
    assert await storage.found("quizzaxson", "quizzaxgoal", "quizzaxplan", "Theo Two Brands") == set()
    async with sessions() as session:
        of_link = Connection.agency_id == world.north.agency_id, Connection.link_id == walk.corner.link_id
        usable = (await session.scalars(select(Connection.is_usable).where(*of_link))).all()
    assert usable == [False], "nothing is read with the client's sign-in any more"
    assert "clients" in await storage.found("quizzaxman"), "the client's other links use its contact"
    for _ in range(2):  # can be repeated
        erased = await api.delete(f"/clients/{client_id}/personal-data")
        assert set(erased.json()["counts"].values()) == {0}
    await house.work()
    await scenes.fan_all_out(tools)
    assert await storage.found(*NEEDLES) == set(), "later work brings nothing back either"

    link, client = (await api.get(path)).json(), (await api.get(f"/clients/{client_id}")).json()
    assert (link["status"], link["next_actor"]) == ("revoked", None)
    assert link["personal_data_erased_at"]
    assert (client["name"], client["contact_email"]) == (f"Erased client {client_id[-6:]}", None)
    assert client["external_id"] == "crm:77"
    (consent,) = (await api.get(f"{path}/consents")).json()["data"]
    assert consent["name"] is None
    assert any(client["name"] in each for each in consent["sentences"])
    assert len((await api.get("/grants", params={"client_id": client_id})).json()["data"]) == 2
    told = (await api.get("/events", params={"types": "client.personal_data_erased"})).json()["data"]
    assert [each["data"]["link_id"] for each in told] == [None, None, link["id"]]
    audit = (await api.get("/audit", params={"subject_id": client_id})).json()["data"]
    assert {"name", "contact_name", "contact_email"} <= set(audit[0]["changed"])
    assert audit[0]["before"] == audit[0]["after"] == {}
    other = await api.get(f"/clients/{world.north.client_id}")
    assert other.json()["contact_email"] == "ana@maisonlune.example"


async def test_an_open_delivery_is_sent_without_what_was_erased(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World, tools: WebhookContext
) -> None:
    async with chooses(_echo) as there:
        await scenes.make_endpoint(sessions, keyring, world.north.agency_id, there.url, ("client.*",), ordering="none")
        changed = await api.patch(f"/clients/{world.north.client_id}", json={"name": "Quizzaxhouse"})
        assert changed.status_code == 200
        await scenes.fan_all_out(tools)
        assert (await api.delete(f"/clients/{world.north.client_id}/personal-data")).status_code == 200
        await scenes.round_(tools)
    bodies = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in there.requests]
    (updated,) = [each for each in bodies if each["type"] == "client.updated"]
    assert updated["data"]["client_name"] is None
    assert updated["data"]["client_id"] == world.north.client_id


async def test_the_client_asks_on_its_receipt_and_it_is_the_agencys_turn_until_it_is_done(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, house: House, world: World
) -> None:
    browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
    walk = Walk(browser, world.north)
    await house.share(world.north, seed.LUNE_EU)
    path = f"/links/{world.north.link_id}"
    page = (await walk.see("receipt")).text
    for words in ("Ask for my data to be erased", "These stay as evidence", "it proves that the access was allowed"):
        assert words in page
    for _ in range(2):
        assert walk.goes_to(await walk.send("erasure-request", form_token=_token(page))) == "receipt#data"
    assert "You asked North Agency on" in (await walk.see("receipt")).text
    link = (await api.get(path)).json()
    assert (link["stage"], link["next_actor"], link["status"]) == ("waiting_for_agency", "agency", "completed")
    told = (await api.get("/events", params={"types": "link.erasure_requested"})).json()["data"]
    assert [each["actor_kind"] for each in told] == ["client"]
    assert (await api.delete(f"{path}/personal-data")).status_code == 200
    link = (await api.get(path)).json()
    assert (link["stage"], link["next_actor"]) == ("revoked", None)
    assert (await browser.get(world.north.link_path)).status_code == 410


def _token(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]
