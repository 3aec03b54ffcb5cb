"""Passkeys with Chromium's virtual authenticator, and the pages that only a form or half a sign-in leads to."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pyotp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, StorageState
from sqlalchemy import ColumnElement, func, select, update

from app.kit.database import CROSS_TENANT, Sessions
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession
from demo.world import Demo
from tests.browser.conftest import PASSWORD
from tests.browser.look import check_all, complaints

#: A device that keeps passkeys, and whose user is verified by its screen lock and touches it at once.
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
async def nora(chromium: Browser, signed_in: StorageState) -> AsyncIterator[BrowserContext]:
    """A browser in which Nora North is signed in."""
    made = await chromium.new_context(storage_state=signed_in)
    yield made
    await made.close()


async def _authenticated(sessions: Sessions, moment: Any, *only: ColumnElement[bool]) -> None:
    """The members of the demo, or of these sessions, proved then who uses their browser."""
    async with sessions.begin() as session:
        proved = update(MemberSession).where(*only).values(authenticated_at=moment)
        await session.execute(proved, execution_options=CROSS_TENANT)


async def _one_time_address(page: Page) -> str:
    """The address that a page shows once."""
    found = re.search(r"http[^\"\s<]+/desk/join/[\w-]{43}", await page.content())
    assert found
    return found[0]


async def _press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def test_a_passkey_is_made_signs_in_by_button_and_from_the_browsers_list_and_confirms(
    chromium: Browser, nora: BrowserContext, demo: Demo, sessions: Sessions
) -> None:
    desk = f"{demo.addresses.web}/desk"
    await _authenticated(sessions, func.now())
    page = await nora.new_page()
    said = complaints(page)
    device = await nora.new_cdp_session(page)
    await device.send("WebAuthn.enable", {"enableUI": False})
    made = (await device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE}))["authenticatorId"]

    async def verified(is_verified: bool) -> None:
        await device.send("WebAuthn.setUserVerified", {"authenticatorId": made, "isUserVerified": is_verified})

    await page.goto(f"{desk}/account")
    await _press(page, "Add a passkey")
    await check_all(page, "passkey-new")
    await page.get_by_label("Name").fill("Nora’s laptop")
    await _press(page, "Create the passkey")
    await page.get_by_text("Nora’s laptop").wait_for()
    kept = await device.send("WebAuthn.getCredentials", {"authenticatorId": made})
    assert [(each["rpId"], each["isResidentCredential"]) for each in kept["credentials"]] == [("localhost", True)]
    await check_all(page, "account-with-passkey")
    await _press(page, "Add a passkey")
    await _press(page, "Create the passkey")
    await page.get_by_text("already has a passkey for you").wait_for()

    await verified(is_verified=False)
    await nora.clear_cookies()
    await page.goto(f"{desk}/team")
    await _press(page, "Sign in with a passkey")
    await page.get_by_text("No passkey was used").wait_for()
    await check_all(page, "sign-in-without-passkey")
    await verified(is_verified=True)
    await _press(page, "Sign in with a passkey")
    await page.wait_for_url(f"{desk}/team")

    await nora.clear_cookies()
    await page.goto(f"{desk}/account")  # the virtual authenticator answers the browser's own list at once
    await page.wait_for_url(f"{desk}/account")

    # of this browser: other tests use the sessions before it
    newest = select(MemberSession.id).order_by(MemberSession.id.desc()).limit(1).scalar_subquery()
    await _authenticated(sessions, func.now() - members.AUTHENTICATED_FOR, MemberSession.id == newest)
    await page.get_by_role("button", name="Remove Nora’s laptop").click()
    await page.get_by_role("heading", name="Confirm that it’s you").wait_for()
    await check_all(page, "authenticate-again")
    await _press(page, "Use a passkey")
    await page.wait_for_url(re.compile(rf"{desk}/account(#.*)?$"))  # after the act: the next page may not interrupt it
    assert not await page.get_by_text("Nora’s laptop").is_visible()

    async with sessions.begin() as session:
        agency_id = (await session.scalars(select(Member.agency_id).limit(1), execution_options=CROSS_TENANT)).one()
        _, token = await members.invite(session, agency_id, email="pat@north.example", role="viewer")
    await nora.clear_cookies()
    await page.goto(f"{desk}/join/{token}")
    await page.get_by_label("Your name").fill("Pat Passkey")
    await _press(page, "Join with a passkey")
    await page.wait_for_url(re.compile(rf"{desk}(/first-steps.*)?$"))
    await page.goto(f"{desk}/account")
    await page.get_by_text("You have no password.").wait_for()
    await check_all(page, "account-without-password")
    assert said == []

    without = await chromium.new_context(java_script_enabled=False)
    page = await without.new_page()
    await page.goto(f"{desk}/sign-in")
    assert not await page.get_by_role("button", name="Sign in with a passkey").is_visible()
    assert await page.get_by_text("Passkeys need JavaScript").is_visible()
    await without.close()


async def test_each_step_from_an_invitation_to_a_sign_in_with_a_code(
    chromium: Browser, demo: Demo, sessions: Sessions
) -> None:
    desk = f"{demo.addresses.web}/desk"
    async with sessions.begin() as session:
        setup = await members.new_setup_code(session)
    context = await chromium.new_context()
    page = await context.new_page()
    said = complaints(page)
    await page.goto(f"{desk}/setup/{setup}")
    await check_all(page, "setup")
    await page.get_by_label("agency").first.fill("Second Agency")
    await _press(page, "Create")
    await check_all(page, "setup-problems")
    await page.get_by_label("Your name").fill("Sol Second")
    await page.get_by_label("E-mail").fill("sol@second.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await _press(page, "Create")
    await page.wait_for_url(re.compile(rf"{desk}(/first-steps.*)?$"))

    await page.goto(f"{desk}/team")
    await page.get_by_label("E-mail").fill("bo@second.example")
    await _press(page, "Invite")
    await check_all(page, "team-invited")
    invited = await _one_time_address(page)
    await context.clear_cookies()
    await page.goto(invited)
    await check_all(page, "join")
    await page.get_by_label("Your name").fill("Bo Berg")
    await page.get_by_label("Password").fill(PASSWORD)
    await _press(page, "Join with a password")
    await page.wait_for_url(re.compile(rf"{desk}(/first-steps.*)?$"))
    await page.goto(invited)
    await check_all(page, "join-ended")

    await page.goto(f"{desk}/account")
    await _press(page, "Set up")
    await check_all(page, "second-factor")
    secret = (await page.locator(".addr").inner_text()).replace(" ", "")
    await page.get_by_role("textbox", name="Code").fill("000000")
    await _press(page, "Switch on")
    await check_all(page, "second-factor-wrong")
    await page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
    await _press(page, "Switch on")
    await page.get_by_text("Your second factor is on.").wait_for()
    await check_all(page, "recovery-codes")
    (code, *_) = await page.locator(".codes li").all_inner_texts()

    await context.clear_cookies()
    await page.goto(f"{desk}/sign-in")
    for password in ("wrong", PASSWORD):
        await page.get_by_label("E-mail address").fill("bo@second.example")
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        if password == "wrong":
            await check_all(page, "sign-in-wrong")
    await page.get_by_role("heading", name="Enter your code").wait_for()
    await check_all(page, "code")
    for given in ("000000", code):
        await page.get_by_role("textbox", name="Code").fill(given)
        await _press(page, "Sign in")
        if given == "000000":
            await check_all(page, "code-wrong")
    await page.wait_for_url(re.compile(rf"{desk}(/first-steps.*)?$"))
    assert said == []
    await context.close()


async def test_a_one_time_address_is_shown_and_signs_in(
    chromium: Browser, nora: BrowserContext, demo: Demo, sessions: Sessions
) -> None:
    await _authenticated(sessions, func.now())
    page = await nora.new_page()
    await page.goto(f"{demo.addresses.web}/desk/team")
    await page.locator(".people a, table a").first.click()
    await _press(page, "Make a one-time address")
    made = await _one_time_address(page)
    await check_all(page, "one-time-address")
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(made)
    await check_all(page, "enter")
    await page.goto(f"{demo.addresses.web}/desk/oidc/nobody/return")
    await check_all(page, "not-found")
    await context.close()
