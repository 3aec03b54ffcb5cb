"""Contacts of a client: those of the agency beside those of the client, which alone are proof on a new device."""

import httpx2

from app.kit.database import Sessions
from app.kit.html import forms
from app.links import devices, queries
from tests.client_portal.walk import Walk
from tests.world import CLIENT_BROWSER, World

IDA = {"role": "billing", "name": "Ida Berg", "email": "ida@maisonlune.example"}


async def test_contacts_of_the_agency_stand_beside_those_of_the_client_and_open_nothing(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    path = f"/clients/{world.north.client_id}/contacts"
    added = await api.post(path, json=IDA)
    assert (added.status_code, added.json()["given_by"], added.json()["actor_kind"]) == (201, "agency", "api_key")
    one = f"{path}/{added.json()['id']}"
    for again in (IDA, IDA | {"name": "I. Berg", "email": "IDA@maisonlune.example"}):
        refused = await api.post(path, json=again)
        assert (refused.status_code, refused.json()["code"]) == (409, "contact_known")
    changed = await api.patch(one, json={"role": "technical", "email": None})
    assert (changed.json()["role"], changed.json()["name"], changed.json()["email"]) == ("technical", "Ida Berg", None)
    assert (await api.patch(one, json={"role": "king"})).status_code == 422
    other = await api.post(path, json=IDA | {"role": "approver"})

    browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
    walk = Walk(browser, world.north)
    await walk.start()
    await walk.answer()
    listed = (await api.get(path)).json()["data"]
    assert [(each["role"], each["given_by"]) for each in listed] == [
        ("approver", "agency"), ("approver", "client"), ("billing", "client"), ("technical", "agency"),
        ("technical", "client"),
    ]  # fmt: skip
    assert {each["link_id"] for each in listed if each["given_by"] == "client"} == {world.north.link_id}
    assert all(each["given_at"] for each in listed)
    async with sessions() as session:
        aggregate = await queries.load_link(session, world.north.agency_id, world.north.link_id)
    assert IDA["email"] not in {each.email for each in devices.addresses_of(aggregate)}

    for words in ("ida BERG", "ida@maison"):
        assert [each["name"] for each in (await api.get("/clients", params={"q": words})).json()["data"]] == [
            "Maison Lune"
        ]
    assert [(await api.delete(one)).status_code for _ in range(2)] == [204, 404]
    theirs = f"/clients/{(await api.post('/clients', json={'name': 'Other'})).json()['id']}/contacts"
    assert (await api.delete(f"{theirs}/{other.json()['id']}")).status_code == 404, "of another client"
    entries = (await api.get("/audit", params={"subject_type": "client_contact"})).json()["data"]
    assert [each["action"] for each in reversed(entries)] == ["created", "changed", "created", "deleted"]
    told = (await api.get("/events", params={"types": "client.updated"})).json()["data"]
    ina = IDA | {"role": "approver"}
    assert [each["data"]["contacts"] for each in reversed(told)] == [
        [IDA], [IDA | {"role": "technical", "email": None}], [IDA | {"role": "technical", "email": None}, ina], [ina],
    ]  # fmt: skip


async def test_a_client_has_at_most_twenty(api: httpx2.AsyncClient, world: World) -> None:
    path = f"/clients/{world.north.client_id}/contacts"
    answers = [await api.post(path, json={"role": "billing", "name": f"Ida {number}"}) for number in range(21)]
    assert [each.status_code for each in answers] == [201] * 20 + [409]
    assert answers[-1].json()["code"] == "too_many_contacts"
