"""Clients over HTTP: once for each id in the CRM."""

import asyncio
from urllib.parse import quote

import httpx2
import pytest


async def test_a_known_external_id_gives_the_existing_client_unchanged(api: httpx2.AsyncClient) -> None:
    first = await api.post("/clients", json={"name": "Brand", "external_id": "hubspot:1"})
    again = await api.post("/clients", json={"name": "Another name", "external_id": "hubspot:1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_two_at_once_make_one(api: httpx2.AsyncClient) -> None:
    sent = [api.post("/clients", json={"name": "Brand", "external_id": "x"}) for _ in range(4)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("external_id", ["hubspot:1", "https://crm.example/deal/7?a=b", "Ünï cödé"])
async def test_put_makes_then_changes(api: httpx2.AsyncClient, external_id: str) -> None:
    path = f"/clients/by-external-id/{quote(external_id, safe='')}"
    made = await api.put(path, json={"name": "Brand", "contact_email": "ana@brand.example"})
    assert (made.status_code, made.json()["external_id"]) == (201, external_id)
    changed = await api.put(path, json={"name": "Brand SA"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Brand SA")
    assert changed.json()["contact_email"] == "ana@brand.example"
    found = (await api.get("/clients", params={"external_id": external_id})).json()["data"]
    assert [client["id"] for client in found] == [made.json()["id"]]


async def test_patch_changes_what_is_given_and_null_empties_a_contact(api: httpx2.AsyncClient) -> None:
    wish = {"name": "Brand", "contact_name": "Ana", "contact_email": "ana@brand.example"}
    client = (await api.post("/clients", json=wish)).json()
    path = f"/clients/{client['id']}"
    changed = (await api.patch(path, json={"contact_name": None, "language": "pt-BR"})).json()
    assert (changed["name"], changed["contact_name"], changed["language"]) == ("Brand", None, "pt-BR")
    assert (await api.get(path)).json() == changed
    assert (await api.patch(path, json={"name": None})).status_code == 422
    assert (await api.patch(path, json={"external_id": "x"})).json()["code"] == "unknown_field"


async def test_updated_since_finds_what_changed(api: httpx2.AsyncClient) -> None:
    old = (await api.post("/clients", json={"name": "Old"})).json()
    new = (await api.post("/clients", json={"name": "New"})).json()
    since = {"updated_since": new["updated_at"]}
    assert [each["name"] for each in (await api.get("/clients", params=since)).json()["data"]] == ["New"]
    await api.patch(f"/clients/{old['id']}", json={"name": "Older"})
    assert {each["name"] for each in (await api.get("/clients", params=since)).json()["data"]} == {"New", "Older"}


@pytest.mark.parametrize(
    ("words", "found"), [("aiso", True), ("LUNE.example", True), ("ana c", True), ("%", False), ("Tinta", False)]
)
async def test_a_search_is_about_name_and_contact(api: httpx2.AsyncClient, words: str, found: bool) -> None:
    listed = (await api.get("/clients", params={"q": words})).json()["data"]
    assert [each["name"] for each in listed] == (["Maison Lune"] if found else [])
