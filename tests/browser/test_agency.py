"""The agency's own pages in a browser: team, API keys, audit log, time to access."""

import csv
import io
import json

import httpx2
from playwright.async_api import Browser, Page, expect

from app.kit.database import Sessions
from app.tenants.members import service as members
from demo.world import Demo
from tests.browser.conftest import PASSWORD, Joined, forget_the_proof
from tests.browser.look import check_all, downloaded


async def _name_of(page: Page) -> str:
    """The name of the member who is signed in."""
    return await page.locator(".me b").inner_text()


async def test_a_manager_invites_somebody_changes_their_role_and_removes_them(
    chromium: Browser, demo: Demo, joined: Joined
) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/team")
    await page.get_by_label("E-mail address").fill("nobody@home")
    await page.get_by_role("button", name="Invite").click()
    await expect(page.locator("#email-problem")).to_be_visible()
    await check_all(page, "team-email-wrong")
    await page.get_by_label("E-mail address").fill("ida@north.example")
    await page.get_by_role("radio", name="Viewer").check()
    await page.get_by_role("button", name="Invite").click()
    await expect(page.get_by_role("heading", name="ida@north.example is invited")).to_be_visible()
    await check_all(page, "team-invited")

    guest = await chromium.new_context(viewport={"width": 390, "height": 844})
    ida = await guest.new_page()
    await ida.goto(await page.locator(".addr").inner_text())
    await ida.get_by_label("Your name").fill("Ida Invited")
    await ida.get_by_label("Password").fill(PASSWORD)
    await ida.get_by_role("button", name="Join with a password").click()
    await ida.goto(f"{demo.addresses.web}/desk/team")
    await expect(ida.get_by_role("button", name="Invite")).to_have_count(0)
    await check_all(ida, "team-viewer")

    await page.goto(f"{demo.addresses.web}/desk/team")
    await page.get_by_role("link", name="Ida Invited").click()
    await page.get_by_label("What Ida Invited may do").select_option("member")
    await page.get_by_role("button", name="Change the role").click()
    await expect(page.get_by_role("definition").filter(has_text="Member")).to_be_visible()
    await check_all(page, "team-member-changed")
    await page.get_by_text("Remove Ida Invited", exact=True).click()
    await page.get_by_role("button", name="Yes, remove Ida Invited now").click()
    await expect(page.get_by_role("heading", level=1, name="Team")).to_be_visible()
    await expect(page.get_by_text("Ida Invited")).to_have_count(0)
    await ida.reload()
    await expect(ida.get_by_role("heading", name="Sign in")).to_be_visible()
    await guest.close()


async def test_the_last_owner_of_an_agency_stays(chromium: Browser, demo: Demo, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        setup = await members.new_setup_code(session)
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{demo.addresses.web}/desk/setup/{setup}")
    await page.get_by_label("agency").first.fill("Owner’s Own")
    await page.get_by_label("Your name").fill("Olga Owner")
    await page.get_by_label("E-mail").fill("olga@own.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create").click()
    await page.goto(f"{demo.addresses.web}/desk/team")
    await page.get_by_role("link", name="Olga Owner").first.click()
    await page.get_by_label("What Olga Owner may do").select_option("viewer")
    await page.get_by_role("button", name="Change the role").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is the last owner.")
    await check_all(page, "team-last-owner")
    await page.get_by_text("Remove Olga Owner", exact=True).click()
    await page.get_by_role("button", name="Yes, remove Olga Owner now").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is the last owner.")
    await context.close()


async def test_an_api_key_is_made_shown_once_and_revoked_by_who_proves_who_they_are(
    demo: Demo, joined: Joined, sessions: Sessions
) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/keys/new")
    await page.get_by_role("button", name="Make the key").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please check 2 things")
    await check_all(page, "key-problems")
    await page.get_by_role("textbox", name="Name").fill("Reports")
    await page.get_by_role("checkbox", name="links:read").check()
    await page.get_by_role("button", name="Make the key").click()
    await expect(page.get_by_role("heading", name="Copy the key now")).to_be_visible()
    value = await page.get_by_label("Value of the key").input_value()
    await check_all(page, "key-made")
    headers = {"Authorization": f"Bearer {value}"}
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.web}/api/v1", headers=headers) as program:
        assert (await program.get("/links")).status_code == 200
        await page.get_by_role("link", name="I have copied it").click()
        assert value not in await page.content()

        await forget_the_proof(sessions, page)
        await page.get_by_role("link", name="Revoke Reports").click()
        await page.get_by_role("button", name="Revoke the key").click()
        await expect(page.get_by_role("heading", name="Confirm that it’s you")).to_be_visible()
        await page.get_by_label("Password").fill("a wrong password")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_text("This is not your password.")).to_be_visible()
        await check_all(page, "key-revocation-password-wrong")
        assert (await program.get("/links")).status_code == 200
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("row", name="Reports")).to_contain_text("Revoked")
        assert (await program.get("/links")).status_code == 401
    await check_all(page, "keys-revoked")


async def test_the_audit_log_is_filtered_and_exported_as_it_is_shown(
    demo: Demo, api: httpx2.AsyncClient, joined: Joined
) -> None:
    (await api.post("/links", json={"client": {"name": "Audited Atelier"}})).raise_for_status()
    page = await joined("manager")
    name = await _name_of(page)
    await page.goto(f"{demo.addresses.web}/desk/audit")
    await page.get_by_label("What").select_option(label="Client")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="Audited Atelier").first).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)
    await page.get_by_text("Details").first.click()
    await check_all(page, "audit-filtered")
    lines = [json.loads(line) for line in (await downloaded(page, "Export JSONL")).splitlines()]
    rows = list(csv.DictReader(io.StringIO(await downloaded(page, "Export CSV"))))
    assert len(lines) == len(rows) > 0
    assert "Audited Atelier" in json.dumps(lines, ensure_ascii=False)
    assert all("client" in json.dumps(each) for each in lines)

    await page.goto(f"{demo.addresses.web}/desk/audit")
    await page.get_by_label("From", exact=True).fill("2039-01-01")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("No change fits.")).to_be_visible()
    await check_all(page, "audit-nothing")


async def test_a_member_is_told_that_a_page_needs_another_role(demo: Demo, joined: Joined) -> None:
    page = await joined("member")
    for path in ("keys", "audit"):
        await page.goto(f"{demo.addresses.web}/desk/{path}")
        await expect(page.get_by_text("Your role does not allow this.").first).to_be_visible()
    await check_all(page, "role-missing")


async def test_time_to_access_is_chosen_and_exported(demo: Demo, joined: Joined) -> None:
    page = await joined("viewer")
    await page.goto(f"{demo.addresses.web}/desk/time-to-access")
    await page.get_by_role("link", name="Year").click()
    await page.get_by_label("Preset", exact=True).select_option("run-campaigns")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("link", name="Year")).to_have_attribute("aria-current", "true")
    await check_all(page, "time-to-access-preset")
    shown = await page.get_by_role("region", name="Median by month").get_by_role("row").nth(1).inner_text()
    (row,) = csv.DictReader(io.StringIO(await downloaded(page, "CSV of: Median by month")))
    assert row["links"] in shown.split()
    assert float(row["median_seconds"]) > 0
