"""New links in a browser: one made and sent, its preview, many from a CSV file, and a public link."""

import csv
import io

import httpx2
from playwright.async_api import FilePayload, Page, expect

from demo.world import Demo
from tests.browser.conftest import Joined
from tests.browser.look import check_all, downloaded

#: Rows with a name that is a formula, an address that is none, a preset that is none, a cell too many, and a double.
ROWS = """client,contact_name,email,preset,colour
=HYPERLINK("http://evil.example"),Ada,ada@formula.example,,red
Bakery Bo,Bo,bo at bakery,,
Café Cleo,Cleo,cleo@cleo.example,no-such-preset,
Dairy Dan,Dan,dan@dairy.example,,,one too many
Etch & Sons,Eve,eve@etch.example,,
Etch & Sons,Eve,eve@etch.example,,
"""


def _file(content: bytes) -> FilePayload:
    """A CSV file to choose."""
    return {"name": "rows.csv", "mimeType": "text/csv", "buffer": content}


async def _copied(page: Page) -> str:
    """The text on the clipboard."""
    return str(await page.evaluate("navigator.clipboard.readText()"))


async def _made(api: httpx2.AsyncClient, name: str) -> str:
    """The id of a new link that nobody has seen."""
    client = {"name": name, "contact_name": "Kim Kiln", "contact_email": "kim@kiln.example"}
    return str((await api.post("/links", json={"client": client})).raise_for_status().json()["id"])


async def test_a_link_takes_one_typed_field_and_is_copied_written_and_scanned(demo: Demo, joined: Joined) -> None:
    page = await joined("member")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{demo.addresses.web}/desk")
    await page.get_by_role("link", name="New link").first.click()
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "new-link-problems")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_label("Client", exact=True).fill("Kiln & Co")
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.get_by_role("heading", level=1, name="The link is ready")).to_be_visible()

    address = await page.get_by_role("textbox", name="The address").input_value()
    await page.get_by_role("button", name="Copy the address").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await _copied(page) == address
    await page.get_by_role("button", name="Copy the text").click()
    await expect(page.get_by_role("button", name="Copied")).to_have_count(2)
    assert address in await _copied(page)
    assert await _copied(page) == await page.get_by_role("textbox", name="WhatsApp or chat").input_value()
    whatsapp = httpx2.URL(await page.get_by_role("link", name="Open WhatsApp").get_attribute("href") or "")
    assert (whatsapp.host, whatsapp.params["text"]) == ("wa.me", await _copied(page))
    await page.get_by_text("Read the e-mail").click()
    await expect(page.locator("blockquote")).to_contain_text(address)
    mail = httpx2.URL(await page.get_by_role("link", name="Open in your mail program").get_attribute("href") or "")
    assert address in mail.params["body"]
    code = await page.get_by_role("img", name="QR code of the address").locator("svg").bounding_box()
    assert code
    assert min(code["width"], code["height"]) > 120, "a phone cannot scan it"


async def test_a_client_of_the_same_name_is_shown_before_a_second_link_is_made(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    await _made(api, "Twice & Co")
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/links/new")
    await page.get_by_label("Client", exact=True).fill("twice & co")
    await page.get_by_role("button", name="Make the link").click()
    choice = page.get_by_role("group", name="You have this client already, or is it another one?")
    await expect(choice).to_contain_text("Has 1 active link")
    await check_all(page, "new-link-known-client")
    await choice.get_by_role("radio", name="Another company").check()
    await page.get_by_role("button", name="Make the link").click()
    await expect(page.get_by_role("heading", level=1, name="The link is ready")).to_be_visible()
    clients = (await api.get("/clients?limit=200")).json()["data"]
    assert len([each for each in clients if each["name"].lower() == "twice & co"]) == 2


async def test_the_preview_in_another_language_and_lane_records_nothing(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    link_id = await _made(api, "Preview & Co")
    before = (await api.get(f"/links/{link_id}")).json()
    events = (await api.get(f"/events?subject_id={link_id}")).json()
    page = await joined("viewer")
    await page.goto(f"{demo.addresses.web}/desk/links/{link_id}")
    await page.get_by_role("link", name="See as the client").click()
    preview = page.get_by_role("complementary", name="Preview")
    await expect(preview).to_contain_text("Preview of what Preview & Co sees.")
    english = await page.get_by_role("heading", level=1).inner_text()
    await preview.locator("a[lang=en-XA]").click()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text(english)
    await expect(page.locator("html")).to_have_attribute("lang", "en-XA")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator("aside.preview nav").first.get_by_role("link").last.click()
    await expect(page.locator("main input#account_id")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en-XA")
    await check_all(page, "preview-pseudo-by-hand")
    await page.locator("main button[type=submit]").first.click()
    await expect(page.locator("aside.preview")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en-XA")
    after = (await api.get(f"/links/{link_id}")).json()
    assert after == before
    assert after["opened_at"] is None
    assert [each["type"] for each in events["data"]] == ["link.sent", "link.created"]
    assert (await api.get(f"/events?subject_id={link_id}")).json() == events


async def test_a_csv_file_gets_a_report_of_each_row_and_no_formula_in_its_download(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    page = await joined("member")
    await page.goto(f"{demo.addresses.web}/desk/links/csv")
    await page.get_by_label("CSV file").set_input_files(_file(b"\xff"))
    await page.get_by_role("button", name="Make the links").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "csv-problem")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_label("CSV file").set_input_files(_file(ROWS.encode()))
    await page.get_by_role("button", name="Make the links").click()
    await expect(page.get_by_role("heading", level=1, name="2 links made")).to_be_visible()
    await expect(page.get_by_text("3 rows are wrong.")).to_be_visible()
    await expect(page.get_by_text("This column was not used: colour.")).to_be_visible()
    report = page.get_by_role("region", name="Rows")
    for name, said in (
        ("=HYPERLINK", "For a new client."),
        ("Bakery Bo", "Wrong"),
        ("Café Cleo", "There is no preset “no-such-preset”."),
        ("Dairy Dan", "This row has more cells than there are columns."),
    ):
        await expect(report.get_by_role("row").filter(has_text=name)).to_contain_text(said)
    doubled = report.get_by_role("row").filter(has_text="Etch & Sons")
    await expect(doubled.last).to_contain_text("has an active link already, so none was made.")
    await check_all(page, "csv-report")
    given = list(csv.DictReader(io.StringIO((await downloaded(page, "Download the report")).removeprefix("\ufeff"))))
    assert [each["result"] for each in given] == ["Made", "Wrong", "Wrong", "Wrong", "Made", "Known already"]
    assert given[0]["client"].startswith("'=HYPERLINK")
    assert [bool(each["address"]) for each in given] == [True, False, False, False, True, False]
    assert httpx2.get(given[4]["address"], follow_redirects=True).status_code == 200
    names = {each["name"] for each in (await api.get("/clients?limit=200")).json()["data"]}
    assert names.isdisjoint({"Bakery Bo", "Café Cleo", "Dairy Dan"})


async def test_a_public_link_counts_who_started_and_is_paused_and_ended(demo: Demo, joined: Joined) -> None:
    page = await joined("member")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{demo.addresses.web}/desk/public-links/new")
    await page.get_by_label("New clients an hour, at most").fill("many")
    await page.get_by_role("button", name="Make the public link").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await check_all(page, "public-link-problems")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_label("New clients an hour, at most").fill("20")
    await page.get_by_role("button", name="Make the public link").click()
    await expect(page.get_by_role("img", name="QR code of the address")).to_be_visible()
    await page.get_by_role("button", name="Copy the address").first.click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    address = await _copied(page)
    await page.goto(page.url.removesuffix("/address"))
    here = page.url
    started = page.locator("dl.stats > div").filter(has=page.get_by_text("Started", exact=True))
    await expect(started).to_contain_text("0")

    await page.goto(address)
    await page.locator("input[name=company]").fill("Walk-in Works")
    await page.locator("input[name=name]").fill("Wanda Walk")
    await page.locator("input[name=email]").fill("wanda@walkin.example")
    await page.get_by_role("button", name="Start").click()
    await page.wait_for_url(lambda url: url != address)
    await page.goto(here)
    await expect(started).to_contain_text("1")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Visitors read that they can come back later")).to_be_visible()
    await check_all(page, "public-link-paused")
    await page.get_by_role("button", name="Resume").click()
    await page.get_by_text("End this public link").click()
    await page.get_by_role("button", name="End it now").click()
    await expect(page.get_by_role("link", name="Address and QR code")).to_have_count(0)
    await check_all(page, "public-link-ended")
