"""What the operator makes on the database before anybody has a key."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result
from fastapi import FastAPI

from app.cli.main import cli
from app.kit import clock, ids
from app.kit.database import Sessions
from app.tenants.members import passkeys
from app.tenants.members import service as members
from app.tenants.members.passkeys import MemberPasskey
from tests import world as worlds
from tests.world import World

Run = Callable[..., Coroutine[Any, Any, Result]]
WEST = ("--name", "West", "--slug", "west", "--contact-name", "Zoë", "--contact-email", "zoe@west.example")


@pytest.fixture
def run(database_url: str) -> Run:
    """Runs a command on the test's database, without an API key."""
    env = {
        "DATABASE_URL": database_url, "KEYTURN_SECRET_KEYS": worlds.KEYS, "KEYTURN_PUBLIC_URL": worlds.PUBLIC_URL,
        "KEYTURN_URL": None, "KEYTURN_API_KEY": None,
    }  # fmt: skip

    async def command(*words: str, **more: str | None) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, words, env={**env, **more})

    return command


async def test_an_agency_and_its_first_key_which_the_api_takes(run: Run, app: FastAPI) -> None:
    made = await run("agency", "create", *WEST, "--json")
    assert json.loads(made.stdout)["slug"] == "west", made.output
    shown = await run("key", "create", "--name", "CRM", "--scopes", "keys:read", "--days", "7", "--agency", "west")
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 0, shown.output
    exports = dict(each.split("=", 1) for each in lines[-1].removeprefix("export ").split())
    assert exports["KEYTURN_URL"] == worlds.PUBLIC_URL
    headers = {"Authorization": f"Bearer {exports['KEYTURN_API_KEY']}"}
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url=worlds.PUBLIC_URL, headers=headers) as api:
        me = (await api.get("/api/v1/me")).json()
        [key] = (await api.get("/api/v1/keys")).json()["data"]
    assert (me["agency_name"], me["scopes"]) == ("West", ["keys:read"])
    assert key["expires_at"] > key["created_at"]


async def test_a_key_may_do_everything_unless_scopes_are_named(run: Run) -> None:
    made = json.loads((await run("key", "create", "--name", "all", "--agency", "north", "--json")).stdout)
    assert {"links:write", "keys:write", "webhooks:secrets"} <= set(made["scopes"])
    assert made["value"].startswith("kt_live_")
    wrong = await run("key", "create", "--name", "x", "--scopes", "everything", "--agency", "north")
    assert (wrong.exit_code, "everything" in wrong.stderr) == (1, True), wrong.output


async def test_which_agency_has_to_be_clear(run: Run, world: World) -> None:
    unclear = await run("key", "create", "--name", "x")
    assert (unclear.exit_code, "north, south" in unclear.stderr) == (1, True)
    assert (await run("key", "create", "--name", "x", "--agency", "nowhere")).exit_code == 1
    listed = await run("agency", "list")
    assert world.north.agency_id in listed.stdout
    found = json.loads((await run("agency", "list", "--json")).stdout)
    assert [each["slug"] for each in found] == ["north", "south"]


async def test_what_is_wrong_is_said_by_its_option_and_nothing_is_made(run: Run) -> None:
    for words, said in (
        (("--slug", "West!"), "--slug: Use 1 to 40"), (("--slug", "north"), "This slug is in use."),
        (("--contact-email", "nobody"), "--contact-email: Enter an e-mail address such as ana@brand.com."),
    ):  # fmt: skip
        refused = await run("agency", "create", *WEST, *words)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    missing = await run("agency", "create", "--name", "West")
    assert (missing.exit_code, "--slug" in missing.stderr) == (2, True)
    assert len(json.loads((await run("agency", "list", "--json")).stdout)) == 2


async def test_settings_that_are_missing_are_named_each(run: Run, tmp_path: Any) -> None:
    empty = {"DATABASE_URL": "", "KEYTURN_SECRET_KEYS": "", "KEYTURN_DATA_DIR": str(tmp_path)}
    refused = await run("agency", "list", **empty)
    assert refused.exit_code == 2
    assert {"DATABASE_URL", "KEYTURN_SECRET_KEYS"} <= {line.split()[0] for line in refused.stderr.splitlines()}


async def _page(browser: httpx2.AsyncClient, shown: Result) -> str:
    """The page at the address that a command printed."""
    assert shown.exit_code == 0, shown.output
    return (await browser.get(shown.stdout.strip())).text


async def test_the_addresses_of_the_first_owner_and_of_a_new_member(
    run: Run, browser: httpx2.AsyncClient, world: World
) -> None:
    assert "Set up Keyturn" in await _page(browser, await run("setup"))
    invited = await run("member", "invite", "--role", "viewer", "--agency", "north")
    assert f"Join {world.north.name}" in await _page(browser, invited)


async def test_a_member_who_lost_password_and_phone_is_let_in(
    run: Run, browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        nora = await members.add(
            session, agency_id, name="Nora", email="nora@north.example", role="owner", password_hash="-"
        )
        nora.totp_secret_encrypted, nora.totp_enabled_at = b"x", clock.now()
        session.add(
            MemberPasskey(
                agency_id=agency_id, id=ids.new("passkey"), member_id=nora.id, name="Phone", credential_id=b"an id",
                public_key=b"a key", sign_count=0,
            )
        )  # fmt: skip
    invite = ("member", "invite", "--email", "Nora@North.example", "--agency", "north")
    assert "Continue as Nora" in await _page(browser, await run(*invite))
    async with sessions() as session:
        assert (await members.find(session, agency_id, nora.id)).totp_enabled_at is not None
    assert "Continue as Nora" in await _page(browser, await run(*invite, "--lost-phone"))
    async with sessions() as session:
        assert (await members.find(session, agency_id, nora.id)).totp_enabled_at is None
        assert not await passkeys.of_member(session, agency_id, nora.id)
