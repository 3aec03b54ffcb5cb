"""The audit log: who changed what in names, filters in the address, pages, and files."""

import csv
import html
import io
import json
import re
from typing import Any

import httpx2
import pytest
from sqlalchemy import Table, text

from app.audit import sealer
from app.audit.entries import AuditEntry, AuditRecord
from app.dashboard import audit_words
from app.dashboard.audit import SUBJECTS
from app.kit import ids
from app.kit.actor import acting_as
from app.kit.audit import audited, declaration
from app.kit.database import Sessions
from app.kit.i18n import locales
from app.tenants.clients import service as clients
from app.tenants.members import service as members
from app.tenants.members.models import Role
from tests.dashboard.conftest import SignIn
from tests.world import TESTS, World, keyring


def _text(page: str) -> str:
    """The text of a page, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def _rename(api: httpx2.AsyncClient, world: World, name: str) -> str:
    """A client gets another name: the id of the request."""
    answer = await api.patch(f"/clients/{world.north.client_id}", json={"name": name})
    assert answer.status_code == 200
    return answer.headers["x-request-id"]


async def test_a_change_is_told_with_names_and_both_values(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    member = await sign_in("manager")
    request_id = await _rename(api, world, "Maison <b>Lune</b>")
    key = (await api.get("/me")).json()["key_name"]
    page = (await browser.get("/desk/audit", params={"thing": world.north.client_id, "by": "api_key"})).text
    assert "<del>Maison Lune</del> → <ins>Maison &lt;b&gt;Lune&lt;/b&gt;</ins>" in page
    assert f"{key} API key Client: changed Maison <b>Lune</b>" in _text(page)
    assert "127.0.0.1" in page
    same = await browser.get("/desk/audit", params={"request": request_id})
    assert same.text.count('<tr class="hov"') == 1
    with acting_as(member.actor):
        async with sessions.begin() as session:
            await members.invite(session, world.north.agency_id, email="bo@north.example", role="viewer")
    by_member = _text((await browser.get("/desk/audit", params={"who": member.id})).text)
    assert "Nora North Member Invitation: created" in by_member
    assert "E-mail bo@north.example Role Viewer Ends" in by_member
    assert "Details email bo@north.example role viewer" in by_member, "as it is stored"
    invited = _text((await browser.get("/desk/audit", params={"what": "member"})).text)
    assert "Member: created Nora North" in invited
    assert "E-mail manager@north.example Role Manager Details" in invited
    assert "argon2" not in invited


async def test_a_change_of_a_link_leads_to_the_link_and_names_its_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    page = (await browser.get("/desk/audit", params={"what": "access_request"})).text
    assert f'<a href="/desk/links/{world.north.link_id}">Maison Lune</a>' in page
    assert world.south.link_id not in page


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"by": "api_key"}, True), ({"by": "member"}, False), ({"what": "client"}, True), ({"what": "preset"}, False),
        ({"since": "2000-01-01"}, True), ({"until": "2001-12-31"}, False), ({"since": "2199-01-01"}, False),
        ({"since": "0001-01-01", "until": "9999-12-31"}, True), ({"who": "", "since": "", "what": ""}, True),
    ],
)  # fmt: skip
async def test_filters(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, world: World,
    filters: dict[str, str], found: bool,
) -> None:  # fmt: skip
    await sign_in()
    await _rename(api, world, "Maison Lune SARL")
    for path in ("/desk/audit", "/desk/audit.csv", "/desk/audit.jsonl"):
        answer = await browser.get(path, params=filters)
        assert answer.status_code == 200
        assert ("Maison Lune SARL" in answer.text) == found, path


async def test_a_filter_by_member_or_key(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    member = await sign_in()
    await _rename(api, world, "Maison Lune SARL")
    page = (await browser.get("/desk/audit", params={"who": world.north.key_id})).text
    assert "Maison Lune SARL" in page
    assert re.search(rf'value="{world.north.key_id}"\s+selected', page)
    assert "Maison Lune SARL" not in (await browser.get("/desk/audit", params={"who": member.id})).text


async def test_a_search_is_about_what_a_person_did_and_about_a_client(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    member = await sign_in()
    other = (await api.post("/clients", json={"name": "Atelier Nord"})).json()
    contact = {"role": "billing", "name": "Ida Berg"}
    assert (await api.post(f"/clients/{world.north.client_id}/contacts", json=contact)).status_code == 201
    with acting_as(member.actor):
        async with sessions.begin() as session:
            await members.invite(session, world.north.agency_id, email="bo@north.example", role="viewer")

    async def found(words: str) -> set[tuple[str, str]]:
        page = await browser.get("/desk/audit", params={"q": words})
        file = await browser.get("/desk/audit.jsonl", params={"q": words})
        assert (page.status_code, file.status_code) == (200, 200)
        entries = [json.loads(line) for line in file.text.splitlines()]
        assert page.text.count('<tr class="hov"') == len(entries)
        return {(each["subject_type"], each["subject_id"]) for each in entries}

    lune = await found("  maison ")
    assert {kind for kind, _ in lune} >= {"client", "client_contact", "link", "access_request"}
    assert ("client", world.north.client_id) in lune
    assert ("client", other["id"]) not in lune
    assert await found("atelier") == {("client", other["id"])}
    by_nora = {kind for kind, _ in await found("nora")}
    assert by_nora >= {"member", "member_invitation"}
    assert "client" not in by_nora
    assert ("client", other["id"]) in await found("tests"), "what the key of this name made"
    assert await found("%") == await found("nobody has this name") == set()
    async with sessions.begin() as session:
        for number in range(201):
            await clients.create_client(session, world.north.agency_id, actor=TESTS, name=f"Client {number}")
    many = await browser.get("/desk/audit", params={"q": "client"})
    assert (many.status_code, "More than 200 clients have these words" in many.text) == (422, True)
    await sign_in(corner=world.south)
    assert await found("atelier") == set()
    assert world.north.client_id not in (await browser.get("/desk/audit", params={"q": "maison"})).text


@pytest.mark.parametrize(
    ("filters", "status"),
    [
        ({"since": "yesterday"}, 422), ({"until": "2026-02-30"}, 422), ({"what": "everything"}, 404),
        ({"thing": "nonsense"}, 404), ({"cursor": "nonsense"}, 422), ({"by": "nobody"}, 422),
    ],
)  # fmt: skip
async def test_a_filter_that_cannot_be_read(
    browser: httpx2.AsyncClient, sign_in: SignIn, filters: dict[str, str], status: int
) -> None:
    await sign_in()
    page = await browser.get("/desk/audit", params=filters)
    assert page.status_code == status
    if "since" in filters:
        assert "Enter a day, such as 2026-12-31." in page.text
        assert (await browser.get("/desk/audit.csv", params=filters)).status_code == 404


async def test_it_has_pages(browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World) -> None:
    await sign_in()
    with acting_as(TESTS):
        async with sessions.begin() as session:
            for number in range(60):
                await clients.create_client(session, world.north.agency_id, actor=TESTS, name=f"Client {number:02}")
    first = (await browser.get("/desk/audit", params={"what": "client"})).text
    older = re.search(r'href="(/desk/audit\?[^"]*cursor=[^"]+)"', first)
    assert older is not None
    second = (await browser.get(html.unescape(older[1]))).text
    both = [set(re.findall(r"Client \d\d", page)) for page in (first, second)]
    assert [len(each) for each in both] == [50, 10]
    assert not both[0] & both[1]


async def test_files_are_those_of_the_api(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    await _rename(api, world, "=1+1")
    table = await browser.get("/desk/audit.csv", params={"by": "api_key"})
    assert table.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert '""=1+1' in table.text
    lines = await browser.get("/desk/audit.jsonl", params={"by": "api_key"})
    ids = [json.loads(line)["id"] for line in lines.text.splitlines()]
    assert ids == [row["id"] for row in csv.DictReader(io.StringIO(table.text))]
    assert lines.text == (await api.get("/audit/export", params={"actor_kind": "api_key"})).text


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("member", 403), ("manager", 200), ("owner", 200)])
async def test_roles(browser: httpx2.AsyncClient, sign_in: SignIn, role: Role, status: int) -> None:
    await sign_in(role)
    for path in ("/desk/audit", "/desk/audit.csv", "/desk/audit.jsonl"):
        assert (await browser.get(path)).status_code == status, path
    assert ('href="/desk/audit"' in (await browser.get("/desk")).text) == (status == 200)


async def test_another_agency_and_nobody(browser: httpx2.AsyncClient, sign_in: SignIn, world: World) -> None:
    paths = ("/desk/audit", "/desk/audit.csv", "/desk/audit.jsonl")
    for path in paths:
        assert (await browser.get(path)).status_code == 303, path
    await sign_in(corner=world.south)
    for path in paths:
        page = (await browser.get(path)).text
        assert world.south.link_id in page
        assert world.north.link_id not in page
        assert world.north.key_id not in page
        assert world.north.link_id not in (await browser.get(path, params={"thing": world.south.link_id})).text


def test_every_audited_thing_and_field_has_words() -> None:
    assert set(SUBJECTS) == set(audited())
    for model in audited().values():
        about, table = declaration(model), model.__table__
        assert about
        assert isinstance(table, Table)
        fields = {re.sub("_(hash|encrypted)$", "", name) for name in about.columns(table)}
        assert fields <= audit_words.UNSAID | set(audit_words.FIELDS), about.subject


@pytest.mark.parametrize(
    ("subject", "before", "after", "said", "values"),
    [
        ("link", {"revoked_at": None}, {"revoked_at": "2026-12-01T04:33:44.88+00:00"}, "Link revoked", []),
        ("member", {"totp_enabled_at": "2026-12-01T04:33:44.88+00:00"}, {}, "Second factor switched off", []),
        (
            "link", {"expires_at": "2026-12-01T04:33:44.88+00:00"}, {"expires_at": "2026-12-15T04:33:44+00:00"},
            "End of the link moved", [("Ends", "1 December 2026, 04:33 UTC", "15 December 2026, 04:33 UTC")],
        ),
        (
            "agency", {"brand": {"colour": "#ffffff", "words": {}}}, {"brand": {"colour": "#000000", "words": {}}},
            "Brand changed", [("Colour", "#ffffff", "#000000")],
        ),
        ("api_key", {"scopes": ["links:read"]}, {"scopes": ["links:read", "keys:read"]}, "API key: changed",
         [("May do", "links:read", "links:read and keys:read")]),
        ("preset", {"body": {"a": 1}}, {"body": {"a": 2}}, "Preset: changed",
         [("Content", "see the details", "see the details")]),
        ("client", {"language": "en"}, {"language": None}, "Client: changed", [("Language", "English", None)]),
    ],
)  # fmt: skip
def test_a_change_in_words(
    subject: str, before: dict[str, Any], after: dict[str, Any], said: str, values: list[tuple[str, str, str | None]]
) -> None:
    names = list({**before, **after})
    entry = AuditEntry(
        action="changed",
        subject_type=subject,
        changed=names,
        before=before,
        after=dict.fromkeys(names) | after,
    )
    record, english = AuditRecord(entry, None), locales.ENGLISH
    assert english.text(audit_words.headline(record, SUBJECTS[subject])) == said
    told = [
        (
            english.text(each.words),
            *(None if value is None else english.text(value) for value in (each.before, each.after)),
        )
        for each in audit_words.changes(record, {})
    ]
    assert told == values


def test_a_secret_is_told_as_changed() -> None:
    entry = AuditEntry(action="changed", subject_type="endpoint", changed=["headers_encrypted"], before={}, after={})
    assert [*audit_words.changes(AuditRecord(entry, None), {})] == [
        audit_words.ChangedValue(audit_words.FIELDS["headers"], None, None)
    ]


async def test_seals_are_verified_compared_and_found_broken(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("manager")
    assert "Nothing is sealed yet" in (await browser.get("/desk/audit/seals")).text
    await sealer.seal_all(sessions, keyring())
    assert "Verify them" in (await browser.get("/desk/audit")).text
    page = _text((await browser.get("/desk/audit/seals")).text)
    [printed] = re.findall(r"\b1(?:-[0-9a-f]{4}){5}\b", page)
    assert "Intact." in page
    for given, said in ((printed, "Seal 1 is the same"), ("1-" + "0" * 20, "does not match"), ("<b>", "Enter a seal")):
        assert said in _text((await browser.get("/desk/audit/seals", params={"seal": given})).text)
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        removed = text("DELETE FROM events WHERE agency_id = :agency AND type = 'link.created'")
        await session.execute(removed, {"agency": ids.parse("agency", world.north.agency_id)})
    broken = _text((await browser.get("/desk/audit/seals", params={"seal": printed})).text)
    assert "Not as it was sealed." in broken
    assert "was removed; seal 1 covers it." in broken
    assert "is the same as on" not in broken
    await sign_in("member")
    assert (await browser.get("/desk/audit/seals")).status_code == 403
