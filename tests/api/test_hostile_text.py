"""One corpus of hostile text against every text field of the API and every form of the client's pages.

Fields are found in the OpenAPI document and in the pages themselves, so that a new one is covered without being named.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links import service as link_service
from docs import openapi
from tests.api import belongings, operations
from tests.api.operations import resolved
from tests.client_portal.walk import BY_HAND, SAME_ORIGIN, Walk
from tests.world import TESTS, World

#: Part of every password of the corpus; it must stand nowhere in the database.
MARK = "kept7x9q"
PASSWORDS = [f"password: {MARK}", f"ｐａｓｓ\u200bｗｏｒｄ：{MARK}"]
HOSTILE = [*PASSWORDS, "a\x00b\u2028c\u009b\u202e\ufffe", "\u200b\u2060", "'\"><script>{{7*7}}%n" + "😀\u0301" * 1500]
#: No JSON at all, or halves of characters.
BROKEN = ['"\\ud800"', "NaN", "-Infinity", "1e999"]
Place = tuple[str | int, ...]


def places(document: Mapping[str, Any], schema: Mapping[str, Any], place: Place = ()) -> Iterator[Place]:
    """Paths of the free text in a body of the schema, without enumerated values."""
    schema = resolved(document, schema)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from places(document, each, place)
    for name, each in schema.get("properties", {}).items():
        yield from places(document, each, (*place, name))
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from places(document, schema["additionalProperties"], (*place, "some"))
    if "items" in schema:
        yield from places(document, schema["items"], (*place, 0))
    has_text = schema.get("type") == "string" and not {"enum", "const", "contentMediaType"} & set(schema)
    if has_text or not {"type", "anyOf", "oneOf", "allOf", "properties"} & set(schema):
        yield place


def put(body: Any, place: Place, value: Any) -> Any:
    """A copy of a body with the value in a place, which is made where it is missing."""
    if not place:
        return value
    first, rest = place[0], place[1:]
    if isinstance(first, int):
        rows = body if isinstance(body, list) else []
        return [put(rows[0] if rows else None, rest, value), *rows[1:]]
    known = body if isinstance(body, dict) else {}
    return {**known, first: put(known.get(first), rest, value)}


async def kept(sessions: Sessions, word: str) -> list[str]:
    """Every column of text or JSON in which a word stands."""
    columns = text(
        "select c.table_name, c.column_name from information_schema.columns c join information_schema.tables t"
        " using (table_schema, table_name) where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and"
        " c.data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY')"
    )
    async with sessions() as session:
        every = (await session.execute(columns)).all()
        assert len(every) > 100
        found = []
        for table, column in every:
            seen = text(f'select 1 from "{table}" where cast("{column}" as text) like :word limit 1')
            if (await session.execute(seen, {"word": f"%{word}%"})).first():
                found.append(f"{table}.{column}")
    return found


async def test_no_text_of_the_api_breaks_it_or_keeps_a_password(
    app: FastAPI, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    mine = await belongings.of(sessions, keyring, world.north)
    document, tried, broken = openapi.document(), 0, []
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {world.north.key}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(transport=transport, base_url="https://go.keyturn.example/api/v1") as client:
        for operation in operations.every():
            schema = operation.about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema is None:
                continue
            path = operation.at({name: mine.get(name, "tiktok") for name in operation.parameters})
            for at, place in enumerate(dict.fromkeys(places(document, schema))):
                for value in [*(json.dumps(each) for each in HOSTILE), *(BROKEN if at == 0 else ())]:
                    content = json.dumps(put(operation.body, place, "<here>")).replace('"<here>"', value)
                    answer = await client.request(operation.method, path, content=content.encode(), headers=headers)
                    tried += 1
                    if answer.status_code >= 500:
                        broken.append((operation.method, operation.path, place, value[:40], answer.status_code))
    assert broken == []
    assert tried > 500
    assert await kept(sessions, MARK) == []


async def test_no_address_of_the_api_breaks_on_hostile_text(app: FastAPI, world: World) -> None:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {world.north.key}"}
    async with httpx2.AsyncClient(transport=transport, base_url="https://go.keyturn.example/api/v1") as client:
        for operation in operations.every():
            for hostile in ("%00", "a%00b", "%E2%80%AE", "%ED%A0%80", "%FF"):
                if operation.parameters:
                    path = operation.at(dict.fromkeys(operation.parameters, hostile))
                    answer = await client.request(operation.method, path, json=operation.body, headers=headers)
                    assert answer.status_code < 500, (operation.method, path)
                for each in operation.about.get("parameters", ()):
                    if each["in"] == "query":
                        path = operation.at(dict.fromkeys(operation.parameters, "x"))
                        answer = await client.request(
                            operation.method, f"{path}?{each['name']}={hostile}", json=operation.body, headers=headers
                        )
                        assert answer.status_code < 500, (operation.method, path, each["name"])


async def test_no_page_breaks_on_a_hostile_address(app: FastAPI, world: World) -> None:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="https://go.keyturn.example") as client:
        for route in _pages(app.routes):
            for hostile in ("%00", "a%00b", "%E2%80%AE", "%ED%A0%80", "%FF"):
                path = re.sub(r"{[^}]+}", hostile, route)
                for wanted in (path, f"{path}?state={hostile}&auth_code={hostile}&external_id={hostile}"):
                    for method in ("GET", "POST"):
                        answer = await client.request(method, wanted, headers=SAME_ORIGIN)
                        assert answer.status_code < 500, (method, wanted)
    assert (await client_get(app, "/logo/%00/x.png")).status_code == 404


async def client_get(app: FastAPI, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="https://go.keyturn.example") as client:
        return await client.get(path)


def _pages(routes: Sequence[Any]) -> Iterator[str]:
    for route in routes:
        if not route.path.startswith(("/api/", "/static")):
            yield route.path


@dataclass
class Sent:
    """A form of a page: where it goes, what stands in it, and which of its fields people write in."""

    action: str
    values: dict[str, Any] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page that are sent by POST."""

    WRITTEN = frozenset({"text", "email", "tel", "search", "url", "number"})

    def __init__(self, page: str, path: str) -> None:
        super().__init__()
        self._path = path
        self.found: list[Sent] = []
        self._now: Sent | None = None
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        name = about.get("name") or ""
        if tag == "form" and (about.get("method") or "").lower() == "post":
            self._now = Sent(about.get("action") or self._path)
            self.found.append(self._now)
        elif self._now is None or not name:
            return
        elif tag == "textarea":
            self._area = name
            self._now.values.setdefault(name, "")
            self._now.written.append(name)
        elif tag == "input":
            kind = about.get("type") or "text"
            if kind in self.WRITTEN:
                self._now.written.append(name)
                self._now.values[name] = about.get("value") or ""
            elif kind == "hidden" or (kind in ("checkbox", "radio") and name not in self._now.values):
                self._now.values[name] = about.get("value") or "on"
        elif tag == "select":
            self._now.values.setdefault(name, "")

    def handle_data(self, data: str) -> None:
        if self._now and self._area:
            self._now.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "form":
            self._now = None


QUESTIONS = [
    {"key": "goal", "kind": "text", "label": "Your goal?"},
    {"key": "site", "kind": "address", "label": "Which website?"},
    {"key": "why", "kind": "text", "label": "Why now?", "required": False},
]  # fmt: skip
PRESET = {
    "slug": "hostile", "name": "Everything", "sentence": "All of it.", "questions": QUESTIONS,
    "access_requests": [
        {"kind": "ad_account", "role": "Observer", "reason": "To look."},
        {"kind": "catalog", "role": "AD_PROMOTE", "reason": "To show products.", "required": False},
        {"platform": "meta", "kind": "custom", "role": "MANAGE_CAMPAIGNS", "reason": "To run ads.", "required": False},
    ],
}  # fmt: skip
ANSWERS: dict[str, dict[str, Any]] = {
    **BY_HAND, "others": {}, "checklist": {"ownership": "yes", "by": "Theo Brand"},
    "questions": {"q-goal": "Sell more", "q-site": "brand.com", "q-why": "Because"},
}  # fmt: skip
WAY = ("lane", "account", "assets", "others", "about", "questions", "checklist")


@pytest.fixture
async def asked(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> Walk:
    """A client whose link asks for everything that a link can ask for."""
    await api.put("/agency/platforms/meta", json={"identifiers": {"portfolio_id": "1234567890123456"}})
    made = await api.post("/presets", json=PRESET)
    assert made.status_code == 201, made.text
    assert made.json()["access_requests"][0]["role"] == "ANALYST"
    async with sessions.begin() as session:
        link, token = await link_service.create_link(
            session,
            world.north.agency_id,
            client_id=world.north.client_id,
            preset="hostile",
            keyring=keyring,
            actor=TESTS,
        )
    there = Walk(browser, replace(world.north, link_id=link.link.id, token=token))
    await there.start()
    return there


async def test_no_form_breaks_loses_what_was_typed_or_keeps_a_password(asked: Walk, sessions: Sessions) -> None:
    tried: dict[str, list[str]] = {}
    for screen in WAY:
        page = await asked.see("way" if screen == "lane" else screen)
        for form in Forms(page.text, str(page.url.path)).found:
            for name in form.written:
                tried.setdefault(form.action, []).append(name)
                await _try(asked, form, name)
        if screen == "questions":
            sent = await asked.browser.post(
                f"{asked.path}/questions",
                data={"form_token": await asked.token(), **ANSWERS[screen]},
                headers=SAME_ORIGIN,
            )
        else:
            sent = await asked.send(screen, **ANSWERS[screen])
        assert sent.status_code == 303, (screen, sent.text)
    review = await asked.see("review")
    for form in Forms(review.text, review.url.path).found:
        for name in form.written:
            tried.setdefault(form.action, []).append(name)
            await _try(asked, form, name)
    assert sum(map(len, tried.values())) >= 12, tried
    assert await kept(sessions, MARK) == []


async def _try(walk: Walk, form: Sent, name: str) -> None:
    """Hostile text in one field; what stands in the others comes back wherever the form is refused."""
    others = [each for each in form.written if each != name]
    beside = {each: f"typed {at} é" for at, each in enumerate(others)}
    for hostile in HOSTILE:
        data = {**form.values, **beside, name: hostile}
        answer = await walk.browser.post(form.action, data=data, headers=SAME_ORIGIN, follow_redirects=True)
        assert answer.status_code < 500, (form.action, name, hostile)
        if hostile in PASSWORDS:
            assert 'name="' + name in answer.text, (form.action, name)
            for each, value in beside.items():
                assert value in answer.text, (form.action, name, each)


async def test_an_public_link_keeps_no_password(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions
) -> None:
    address = (await api.post("/public-links", json={"preset": "prospect"})).json()["address"]
    path = address.removeprefix("https://go.keyturn.example")
    (form,) = Forms((await browser.get(path)).text, path).found
    assert {"company", "name", "email"} <= set(form.written)
    for name in form.written:
        for hostile in HOSTILE:
            data = {
                **form.values,
                "company": "Brand",
                "name": "Ana",
                "email": "ana@brand.example",
                "website": "",
                name: hostile,
            }
            answer = await browser.post(path, data=data, headers=SAME_ORIGIN)
            assert answer.status_code < 500, (name, hostile)
            if hostile in PASSWORDS:
                assert answer.status_code == 422
                assert "Brand" in answer.text or name == "company"
    assert await kept(sessions, MARK) == []
