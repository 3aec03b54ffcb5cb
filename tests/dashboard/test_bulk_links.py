"""Many links from a CSV: each row made, known or wrong; files that cannot be read; and the report as a CSV."""

import base64
import csv
import io
import re
from html import unescape

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.dashboard import link_csv
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links.models import Link
from app.mail.service import Mail, MailQueue
from app.tenants.clients.models import Client
from tests import cost
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import SignIn
from tests.world import PUBLIC_URL, World

PAGE = "/desk/links/csv"
ROWS = """client,contact name,e-mail,external id,preset,language
Casa Tinta,Iker,iker@tinta.example,crm-9,Audit only,
Piccolo Forno,,,,,en
MAISON LUNE,,,,,
Other name,,,crm-1,,
Nobody,,not an address,,,
,,,,,
Wrong,,,,no-such-preset,
Silent,,,,,xx
"""


async def send(
    browser: httpx2.AsyncClient, text: str = "", file: bytes | None = None, **fields: str
) -> httpx2.Response:
    """Sends the form as a browser does, by default with pasted rows."""
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(PAGE)).text)
    assert token
    data = {"form_token": token[1], "rows": text, "preset": "run-campaigns", "days": "14", **fields}
    files = {"file": ("clients.csv", b"" if file is None else file, "text/csv")} if file is not None else None
    return await browser.post(PAGE, data=data, files=files or {"file": ("", b"")}, headers=SAME_ORIGIN)


def results(page: str) -> list[tuple[str, str, str]]:
    """Client, result and reason of each row of the report."""
    cells = re.findall(r'<th scope="row">(.*?)</th>\s*<td>(.*?)<span class="small">(.*?)</td>', page, re.DOTALL)
    return [tuple(unescape(" ".join(re.sub(r"<[^>]+>", "", cell).split())) for cell in row) for row in cells]  # type: ignore[misc]


def downloaded(page: str) -> list[list[str]]:
    """The rows of the report's own CSV."""
    found = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    assert found
    return list(csv.reader(io.StringIO(base64.b64decode(found[1]).decode("utf-8-sig"), newline="")))


async def _made(sessions: Sessions, agency_id: str) -> list[tuple[Link, Client]]:
    async with sessions() as session:
        rows = select(Link, Client).join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
        found = await session.execute(rows.where(Link.agency_id == agency_id).order_by(Link.id))
        return [(link, client) for link, client in found]


@pytest.mark.parametrize("as_file", [False, True])
async def test_each_row_is_made_known_or_wrong_and_the_report_says_why(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, as_file: bool
) -> None:
    await sign_in("member")
    north = world.north
    page = (await send(browser, file=b"\xef\xbb\xbf" + ROWS.encode()) if as_file else await send(browser, ROWS)).text
    assert results(page) == [
        ("Casa Tinta", "Made", "For a new client."),
        ("Piccolo Forno", "Made", "For a new client."),
        ("MAISON LUNE", "Known already", "Maison Lune has an active link already, so none was made."),
        ("Other name", "Known already", "Maison Lune has an active link already, so none was made."),
        ("Nobody", "Wrong", "Enter an e-mail address such as ana@brand.com."),
        ("Wrong", "Wrong", "There is no preset “no-such-preset”."),
        ("Silent", "Wrong", "Keyturn does not speak “xx” yet."),
    ]
    assert "2 links made" in page
    made = await _made(sessions, north.agency_id)
    assert [(client.name, link.preset) for link, client in made] == [
        ("Maison Lune", "run-campaigns"), ("Casa Tinta", "audit-only"), ("Piccolo Forno", "run-campaigns"),
    ]  # fmt: skip
    assert (made[1][1].contact_name, made[1][1].external_id) == ("Iker", "crm-9")
    (heading, first, *others) = downloaded(page)
    assert heading[-4:] == ["result", "reason", "link", "address"]
    assert first[:5] == ["2", "Casa Tinta", "Iker", "iker@tinta.example", "crm-9"]
    assert first[-2] == made[1][0].id
    assert (await browser.get(first[-1])).status_code == 200, "the client's page"
    assert [row[0] for row in others] == ["3", "4", "5", "6", "8", "9"], "rows as a spreadsheet numbers them"
    again = (await send(browser, ROWS)).text
    assert {result for _, result, _ in results(again)} == {"Known already", "Wrong"}
    assert len(await _made(sessions, north.agency_id)) == 3


async def test_a_client_twice_in_a_file_gets_one_link(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    page = await send(browser, "Client;Contact;E-Mail;CRM ID\nTwin;A;a@twin.example;\ntwin;B;;\nTwin;;;7\nTwin;;;8\n")
    assert [result for _, result, _ in results(page.text)] == [
        "Made",
        "Known already",
        "Known already",
        "Known already",
    ]
    page = await send(browser, "client\texternal id\nDouble\t7\nDouble\t8\n")
    assert [result for _, result, _ in results(page.text)] == ["Made", "Made"], "two companies of one name"
    assert len(await _made(sessions, world.north.agency_id)) == 4


async def test_formulas_are_text_and_harmless_in_the_report(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    evil = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", '=HYPERLINK("https://evil.example")', "＝1"]
    written = io.StringIO()
    csv.writer(written).writerows([["client"], *([each] for each in evil)])
    page = (await send(browser, written.getvalue())).text
    assert [client for client, _, _ in results(page)] == evil
    assert [row[1] for row in downloaded(page)[1:]] == [f"'{each}" for each in evil]


@pytest.mark.parametrize("cell", ["plain", "a=b", "", " ", "1-2"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert link_csv.harmless(cell) == cell


@pytest.mark.parametrize("cell", ["\t=1", " =1", "\r\n=1", "\tx"])
def test_blanks_hide_no_formula(cell: str) -> None:
    assert link_csv.harmless(cell) == f"'{cell}"


MANY = "client\n" + "\n".join(f"Client {number}" for number in range(50_000))


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "There is nothing in it."),
        (b"client\n", "There are only headings in it."),
        ("client\nCafé".encode("utf-16"), "This file is not in UTF-8."),
        ("client\nCafé".encode("latin-1"), "This file is not in UTF-8."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This file is not in UTF-8."),
        (b"name of it,e-mail\nA,a@b.example", "There is no column “client”."),
        (b"client,Client\nA,B", "Two columns mean “client”."),
        (b'client\nA\n"B', "row 3 cannot be read"),
        (b'client\n"' + b"x" * 200_000 + b'"', "row 2 cannot be read"),
        (MANY.encode(), "At most 500 rows fit in one go; these are 50,000. Nothing was made."),
    ],
)
async def test_a_file_that_cannot_be_read_is_answered_in_words(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, file: bytes, sentence: str
) -> None:
    await sign_in("manager")
    refused = await send(browser, file=file)
    assert refused.status_code == 422
    assert sentence in refused.text
    if not file.startswith((b"\x89", b"\xff")) and b"\xe9" not in file:
        pasted = await send(browser, file.decode())
        assert (pasted.status_code, sentence in pasted.text) == (422, True)
    assert len(await _made(sessions, world.north.agency_id)) == 1


async def test_a_row_with_too_many_cells_is_wrong_and_the_others_are_made(
    browser: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    await sign_in()
    long = "x" * 3_000
    page = (await send(browser, f"client,city\nTinta, S.L.,Bilbao\nForno,Roma\n{long},\n,Paris\n")).text
    assert [(result, reason) for _, result, reason in results(page)] == [
        ("Wrong", "This row has more cells than there are columns. Check its quotes."),
        ("Made", "For a new client."),
        ("Wrong", "A cell of this row is far too long. Look for a quote that is not closed."),
        ("Wrong", "Enter the name of the client."),
    ]
    assert "This column was not used: city." in page


async def test_a_row_that_fails_leaves_no_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, api: httpx2.AsyncClient
) -> None:
    wanted = {"platform": "meta", "kind": "custom", "role": "MANAGE_CAMPAIGNS", "reason": "To run your campaigns."}
    body = {"slug": "beside", "name": "Beside", "sentence": "The rest.", "access_requests": [wanted], "screens": []}
    assert (await api.post("/presets", json=body)).status_code == 201
    await sign_in()
    page = (await send(browser, "client,preset\nHalf,beside\nWhole,\n")).text
    assert [result for _, result, _ in results(page)] == ["Wrong", "Made"]
    async with sessions() as session:
        names = select(Client.name).where(Client.agency_id == world.north.agency_id).order_by(Client.id)
        assert (await session.scalars(names)).all() == ["Maison Lune", "Whole"]


async def test_a_row_that_is_refused_does_not_stop_the_others(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, api: httpx2.AsyncClient
) -> None:
    wanted = {"platform": "meta", "kind": "custom", "role": "MANAGE_CAMPAIGNS", "reason": "To run your campaigns."}
    body = {"slug": "beside", "name": "Beside", "sentence": "The rest.", "access_requests": [wanted], "screens": []}
    assert (await api.post("/presets", json=body)).status_code == 201
    await api.put("/agency/platforms/meta", json={"identifiers": {"portfolio_id": "1234567890123456"}})
    await sign_in()
    rows = "client,preset\nFirst,beside\nSecond,run-campaigns\nThird,beside\n"
    page = (await send(browser, rows, None, **{"account-tiktok": "9999999999999999999"})).text
    assert results(page) == [
        ("First", "Made", "For a new client."),
        ("Second", "Wrong", "Your agency has no such account for clients to share with. Choose another."),
        ("Third", "Made", "For a new client."),
    ]
    made = await _made(sessions, world.north.agency_id)
    assert [client.name for _link, client in made] == ["Maison Lune", "First", "Third"]


async def test_only_members_and_above_upload_and_only_their_own_form(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    assert (await browser.get(PAGE)).status_code == 303
    data = {"rows": "client\nA", "preset": "run-campaigns", "days": "14", "form_token": "0" * 64}
    assert (await browser.post(PAGE, data=data, headers=SAME_ORIGIN)).status_code == 303
    for role in ("viewer", "member"):
        await sign_in(role)
        assert (await browser.get(PAGE)).status_code == (403 if role == "viewer" else 200)
        assert (await browser.post(PAGE, data=data, headers=SAME_ORIGIN)).status_code == 403, "a wrong token"
        if role == "viewer":
            rows = {"rows": "client\nA", "preset": "run-campaigns", "days": "14"}
            assert (await press(browser, "/desk", PAGE, **rows)).status_code == 403
    assert len(await _made(sessions, world.north.agency_id)) == 1


async def test_another_agencys_clients_are_unknown(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in(corner=world.south)
    page = (await send(browser, "client,external id\nMaison Lune,crm-1\nNew here,crm-2\n")).text
    assert world.north.link_id not in page
    assert world.south.link_id in page
    assert len(await _made(sessions, world.north.agency_id)) == 1


async def test_the_links_are_e_mailed_if_wanted(
    app: FastAPI, browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, keyring: Keyring
) -> None:
    await sign_in()
    assert "E-mail each contact" not in (await browser.get(PAGE)).text
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    assert "E-mail each contact" in (await browser.get(PAGE)).text
    page = (await send(browser, "client,e-mail\nTinta,iker@tinta.example\nSilent,\n", send="mail")).text
    assert results(page)[1] == ("Silent", "Wrong", "There is no e-mail address to send the link to.")
    assert [row[-1] for row in downloaded(page)[1:]] == ["", ""], "no address of a link that was sent"
    async with sessions() as session:
        mails = select(Mail.to_email).where(Mail.agency_id == world.north.agency_id)
        assert (await session.scalars(mails)).all() == ["iker@tinta.example"]


async def test_finding_a_client_needs_as_many_statements_among_many(
    browser: httpx2.AsyncClient, sign_in: SignIn, engine: AsyncEngine
) -> None:
    await sign_in()

    async def needed(path: str) -> int:
        with cost.meter(engine) as meter:
            async with meter.measure() as measured:
                assert (await browser.get(path)).status_code == 200
        return len(measured.statements)

    pages = ("/desk/links/new?q=", "/desk/links/new", PAGE)
    for path in pages:
        await needed(path)  # connections are opened
    few = [await needed(path) for path in pages]
    await send(browser, "client\n" + "\n".join(f"Client {number}" for number in range(15)))
    assert [await needed(path) for path in pages] == few
