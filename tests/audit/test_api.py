"""The audit log over HTTP: filters, pages, exports, what is erased, and nothing of another agency."""

import csv
import io
import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, func, select, update

from app.audit import entries
from app.audit.entries import AuditFilter, AuditPersonal
from app.audit.export import AuditEntryView
from app.cli import first_key
from app.kit import ids
from app.kit.actor import acting_as
from app.kit.database import CROSS_TENANT, Sessions
from app.tenants.api_keys import service as keys
from app.tenants.api_keys.scopes import ALL_SCOPES
from app.tenants.clients import service as clients
from app.worker import WORKER
from tests.client_portal.walk import Walk
from tests.world import TESTS, World


async def log(api: httpx2.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    """Entries, newest first."""
    answer = await api.get("/audit", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def rename(api: httpx2.AsyncClient, world: World, name: str, **headers: str) -> httpx2.Response:
    """A client gets another name."""
    return await api.patch(f"/clients/{world.north.client_id}", json={"name": name}, headers=headers)


async def test_who_what_before_after_when_and_from_where(api: httpx2.AsyncClient, world: World) -> None:
    answer = await rename(api, world, "Maison Lune SARL", **{"User-Agent": "crm/1.0"})
    [entry] = await log(api, subject_id=world.north.client_id, actor_kind="api_key")
    assert entry.pop("id").startswith("audit_")
    assert entry.pop("occurred_at") >= "2026"
    assert entry == {
        "actor_kind": "api_key", "actor_id": world.north.key_id, "action": "changed", "subject_type": "client",
        "subject_id": world.north.client_id, "link_id": None, "changed": ["name"], "before": {"name": "Maison Lune"},
        "after": {"name": "Maison Lune SARL"}, "request_id": answer.headers["x-request-id"],
        "network_address": "127.0.0.1", "user_agent": "crm/1.0",
    }  # fmt: skip


async def test_ids_in_values_are_those_of_the_api(api: httpx2.AsyncClient, world: World) -> None:
    link = (await api.post("/links", json={"client_id": world.north.client_id})).json()
    entries = {each["subject_type"]: each for each in await log(api, subject_id=link["id"])}
    assert entries.keys() == {"link", "link_platform"}, "a platform of a link has the id of the link"
    assert entries["link"]["after"]["client_id"] == world.north.client_id
    assert entries["link_platform"]["after"]["agency_account_id"] == world.north.account_id
    asked = {each["after"]["link_id"] for each in await log(api, subject_type="access_request", limit=1)}
    assert asked == {link["id"]}


async def test_a_secret_is_only_said_to_have_changed(api: httpx2.AsyncClient) -> None:
    given = {"url": "https://hooks.example.com/in", "event_types": ["*"], "headers": {"X-Token": "very-secret"}}
    endpoint = (await api.post("/webhooks/endpoints", json=given)).json()
    entries = await log(api, subject_type="endpoint", subject_id=endpoint["id"])
    assert "headers" in entries[-1]["changed"]
    assert not [name for name in entries[-1]["after"] if "headers" in name]
    exported = (await api.get("/audit/export")).text
    assert "very-secret" not in exported
    assert "whsec_" not in exported


async def test_pages_lead_through_the_whole_log_once(api: httpx2.AsyncClient, world: World) -> None:
    for number in range(7):
        await rename(api, world, f"Brand {number}")
    whole = await log(api, limit=200)
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = (await api.get("/audit", params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        seen += page["data"]
        if not (cursor := page["next_cursor"]):
            break
    assert seen == whole
    assert [each["after"]["name"] for each in seen[:2]] == ["Brand 6", "Brand 5"]
    wrong = await api.get("/audit", params={"cursor": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "cursor_wrong")


async def test_filters(api: httpx2.AsyncClient, world: World) -> None:
    await rename(api, world, "Brand")
    everything = await log(api, limit=200)
    assert {each["actor_id"] for each in everything} == {TESTS.id, world.north.key_id}
    [mine] = await log(api, actor_id=world.north.key_id)
    assert await log(api, since=mine["occurred_at"]) == [mine]
    assert await log(api, until=mine["occurred_at"], limit=200) == everything[1:]
    assert await log(api, actor_kind="member") == []
    assert {each["subject_type"] for each in await log(api, subject_type="link")} == {"link"}
    unknown = await api.get("/audit", params={"subject_type": "unheard_of"})
    assert (unknown.status_code, "endpoint" in unknown.json()["errors"]["subject_type"]) == (422, True)


async def exported(api: httpx2.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    """Entries of an export, in its order."""
    answer = await api.get("/audit/export", params=filters)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_link_selects_its_entries_and_those_of_what_belongs_to_it(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, world: World
) -> None:
    walk = Walk(browser, world.north)
    await walk.start()
    await walk.answer("lane", "account", "assets")  # two accounts: one more access request
    other = (await api.post("/links", json={"client_id": world.north.client_id})).json()
    [request, *_] = (await api.get(f"/links/{world.north.link_id}/access-requests")).json()["data"]
    role = {"role": "ADMIN", "reason": "To pay the invoices."}
    assert (await api.post(f"/access-requests/{request['id']}/role", json=role)).status_code == 200
    buyers = f"/links/{world.north.link_id}/buyers"
    given = {"buyers": [{"email": "bo@north.example", "role": "OPERATOR"}]}
    assert (await api.put(buyers, json=given)).status_code == 200
    assert (await api.delete(buyers)).status_code == 204
    assert (await api.post(f"/links/{world.north.link_id}/revocation")).status_code == 200
    found = await log(api, link_id=world.north.link_id, limit=200)
    assert {(each["subject_type"], each["action"]) for each in found} == {
        ("link", "created"), ("link", "changed"), ("link_platform", "created"), ("link_platform", "changed"),
        ("access_request", "created"), ("access_request", "changed"), ("buyer_list", "created"),
        ("buyer_list", "deleted"),
    }  # fmt: skip
    everything = await log(api, limit=200)
    assert found == [each for each in everything if each["link_id"] == world.north.link_id]
    named = {"link", "link_platform", "access_request", "buyer_list"}
    assert {each["subject_type"] for each in everything if each["link_id"]} == named
    assert other["id"] in json.dumps(everything)
    assert other["id"] not in json.dumps(found)
    requests = [each for each in found if each["subject_type"] == "access_request"]
    assert await log(api, link_id=world.north.link_id, subject_type="access_request") == requests
    assert await exported(api, link_id=world.north.link_id) == found[::-1]


async def test_a_request_selects_the_changes_that_it_made(api: httpx2.AsyncClient, world: World) -> None:
    made = await api.post("/links", json={"client_id": world.north.client_id})
    await rename(api, world, "Brand")
    request_id = made.headers["x-request-id"]
    found = await log(api, request_id=request_id)
    assert {each["subject_type"] for each in found} == {"link", "link_platform", "access_request"}
    assert {(each["request_id"], each["link_id"]) for each in found} == {(request_id, made.json()["id"])}
    assert await exported(api, request_id=request_id) == found[::-1]
    assert await log(api, request_id=request_id, subject_type="client") == []


@pytest.mark.parametrize("read", [log, exported])
async def test_an_unknown_link_or_request_has_no_entries(api: httpx2.AsyncClient, world: World, read: Any) -> None:
    renamed = await rename(api, world, "Brand")
    assert await read(api, request_id=renamed.headers["x-request-id"])
    for unknown in ({"link_id": ids.new("link")}, {"link_id": world.south.link_id}, {"request_id": ids.new("req")}):
        assert await read(api, **unknown) == []


@pytest.mark.parametrize("path", ["/audit", "/audit/export"])
@pytest.mark.parametrize("malformed", ["link_1", "client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
async def test_a_malformed_link_is_not_found(api: httpx2.AsyncClient, path: str, malformed: str) -> None:
    refused = await api.get(path, params={"link_id": malformed})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/audit", "/audit/export"])
async def test_it_has_a_scope_of_its_own(api: httpx2.AsyncClient, sessions: Sessions, world: World, path: str) -> None:
    scopes = sorted(ALL_SCOPES - {"audit:read"})
    async with sessions.begin() as session:
        _, value = await keys.create_key(
            session, world.north.agency_id, name="all but one", scopes=scopes, expires_at=None, actor=TESTS
        )
    refused = await api.get(path, headers={"Authorization": f"Bearer {value}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")


async def test_nothing_of_another_agency_is_shown(api: httpx2.AsyncClient, world: World) -> None:
    renamed = await rename(api, world, "Brand of the north")
    theirs = {"Authorization": f"Bearer {world.south.key}"}
    ours = [
        f"subject_id={world.north.client_id}", f"link_id={world.north.link_id}",
        f"request_id={renamed.headers['x-request-id']}",
    ]  # fmt: skip
    for path in ("/audit?limit=200", "/audit/export", *(f"/audit?{each}" for each in ours)):
        answer = await api.get(path, headers=theirs)
        assert answer.status_code == 200
        assert "Brand of the north" not in answer.text
        assert world.north.client_id not in answer.text
        assert world.north.link_id not in answer.text
    for each in ours:
        assert (await api.get(f"/audit/export?{each}", headers=theirs)).text == ""


async def test_erased_parts_are_gone_and_the_entry_stays(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await rename(api, world, "Ana Lima")
    async with sessions.begin() as session:
        await session.execute(delete(AuditPersonal), execution_options=CROSS_TENANT)
    [entry] = await log(api, actor_id=world.north.key_id)
    assert (entry["changed"], entry["before"], entry["after"]) == (["name"], {}, {})
    assert (entry["network_address"], entry["user_agent"]) == (None, None)
    assert "Ana Lima" not in (await api.get("/audit/export")).text


async def test_the_log_about_one_client_is_erased_with_its_personal_data(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await rename(api, world, "Ana Lima")
    person = {"email": "lea@north.example", "role": "ANALYST", "reason": "To look."}
    assert (await api.post(f"/links/{world.north.link_id}/people", json=person)).status_code == 201
    walk = Walk(browser, world.north)
    await walk.start()
    await walk.answer("lane", "account", "assets")
    of_south = select(func.count()).where(AuditPersonal.agency_id == world.south.agency_id)
    async with sessions() as session:
        before = (await session.execute(of_south)).scalar_one()
        assert (await api.delete(f"/clients/{world.north.client_id}/personal-data")).status_code == 200
        assert (await session.execute(of_south)).scalar_one() == before > 0, "another agency has a client crm-1 too"
    entries = await log(api, limit=200)
    of_link = [each for each in entries if each["link_id"] == world.north.link_id]
    assert any("person_email" in each["changed"] for each in of_link)
    assert "lea@north.example" not in json.dumps(of_link)
    by_client = [each for each in entries if each["actor_kind"] == "client"]
    assert by_client
    assert not [each for each in by_client if each["network_address"]]
    assert all("Ana" not in json.dumps(each) for each in entries if each["subject_type"] == "client")
    assert [each["after"]["contact_name"] for each in entries if each["subject_type"] == "agency"] == ["Ana Agent"]


async def test_both_exports_have_every_entry_oldest_first(api: httpx2.AsyncClient, world: World) -> None:
    for number in range(3):
        await rename(api, world, f"Brand {number}")
    whole = (await log(api, limit=200))[::-1]
    jsonl = await api.get("/audit/export")
    assert [json.loads(line) for line in jsonl.text.splitlines()] == whole
    assert jsonl.headers["content-type"].startswith("application/jsonl")
    sheet = await api.get("/audit/export", params={"format": "csv"})
    assert sheet.headers["content-type"].startswith("text/csv")
    assert sheet.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert list(rows[0]) == list(AuditEntryView.model_fields)
    assert [row["id"] for row in rows] == [each["id"] for each in whole]
    assert json.loads(rows[-1]["after"]) == {"name": "Brand 2"}
    some = await api.get("/audit/export", params={"actor_kind": "api_key"})
    assert len(some.text.splitlines()) == 3


@pytest.mark.parametrize("agent", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\tx", "\r=1", "＝1+1"])
async def test_no_cell_is_a_formula(api: httpx2.AsyncClient, sessions: Sessions, world: World, agent: str) -> None:
    await rename(api, world, "Brand")
    async with sessions.begin() as session:
        mine = update(AuditPersonal).where(AuditPersonal.agency_id == world.north.agency_id)
        await session.execute(mine.values(user_agent=agent))
    sheet = await api.get("/audit/export", params={"format": "csv", "actor_kind": "api_key"})
    [row] = csv.DictReader(io.StringIO(sheet.text, newline=""))
    assert row["user_agent"] == f"'{agent}"
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in row.values())


async def test_an_export_longer_than_one_read(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    await rename(api, world, "Brand")
    read = entries.in_order(sessions, world.north.agency_id, AuditFilter(), at_once=2)
    exported = [record.entry.id async for record in read]
    assert exported == [each["id"] for each in await log(api, limit=200)][::-1]


async def test_every_kind_of_actor_arrives(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    north = world.north
    await rename(api, world, "Brand")
    walk = Walk(browser, north)
    await walk.start()
    await walk.answer("lane", "account", "assets")  # two accounts: one more access request
    with acting_as(WORKER):
        async with sessions.begin() as session:
            await clients.update_client(
                session, north.agency_id, north.client_id, actor=WORKER, changes={"language": "fr"}
            )
    with acting_as(first_key.ACTOR):
        async with sessions.begin() as session:
            await keys.create_key(session, north.agency_id, name="x", scopes=[], expires_at=None, actor=first_key.ACTOR)
    found = {(each["actor_kind"], each["actor_id"]): each["subject_type"] for each in await log(api, limit=200)}
    chosen = await log(api, subject_type="link_platform", actor_kind="client")
    assert [each["after"] for each in reversed(chosen)] == [
        {"lane": "guided"}, {"client_account_id": "7111222233334444601"},
    ]  # fmt: skip
    assert found.pop(("system", "test"))
    assert found == {
        ("api_key", north.key_id): "client", ("client", north.client_id): "link_platform",
        ("system", "worker"): "client", ("system", "cli"): "api_key",
    }  # fmt: skip


async def test_a_visitor_of_a_public_link_is_named_as_the_client(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient
) -> None:
    page = (await api.post("/public-links", json={"preset": "run-campaigns"})).json()["address"]
    once = (await browser.get(page)).text.split('name="once" value="')[1].split('"')[0]
    given = {"company": "Brand SA", "name": "Theo", "email": "theo@brand.example", "once": once}
    await browser.post(page, data=given, headers={"Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0"})
    made = {each["subject_type"]: each for each in await log(api, actor_kind="client")}
    assert made.keys() == {"client", "link", "link_platform", "access_request"}
    assert {each["actor_id"] for each in made.values()} == {made["client"]["subject_id"]}
    assert made["client"]["user_agent"] == "Mozilla/5.0"
