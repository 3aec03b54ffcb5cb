"""The examination through the simulated TikTok: a good app, a wrong secret, a missing permission, a dead token."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from app.access.connections import service as connections
from app.cli.main import cli
from app.kit.database import Sessions
from app.tenants.agencies import service as agencies
from simulator import seed
from tests import world as worlds
from tests.house import House
from tests.world import TESTS, World

PATH = "/agency/platform-apps/tiktok/health"


async def _health(api: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await api.get(PATH)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _lines(health: dict[str, Any]) -> dict[str, Any]:
    return {line["what"]: line for line in health["lines"]}


async def _use_app(sessions: Sessions, world: World, app_id: str, secret: str) -> None:
    async with sessions.begin() as session:
        await agencies.set_platform_app(
            session, world.north.agency_id, platform="tiktok", app_id=app_id, secret=secret, keyring=worlds.keyring(),
            actor=TESTS,
        )  # fmt: skip


async def test_a_good_app_passes_within_ten_calls(api: httpx2.AsyncClient, house: House, world: World) -> None:
    await house.connect_agency(world.north)
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    before = (await house.tiktok.calls())["total"]
    health = await _health(api)
    calls = (await house.tiktok.calls())["total"] - before
    assert calls <= 10
    assert health["well"], health
    assert (health["app_id"], health["redirect_uri"]) == (
        seed.FULL_APP, "https://go.keyturn.example/callbacks/tiktok",
    )  # fmt: skip
    lines = _lines(health)
    for what in ("app", "agency connection", "your Business Center", "permissions", "reading business centers",
                 "reading ad accounts", "reading partners", "reading what a partner shares", "reading pixels",
                 "rate limit", "redirect address"):  # fmt: skip
        assert lines[what]["status"] == "pass", lines[what]
    read = lines["reading partners"]
    assert (read["operation"], read["code"]) == ("bc/partner/get", 0)
    assert read["platform_request_id"]
    assert read["took_ms"] is not None


async def test_a_wrong_secret_fails_with_tiktoks_own_words(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    await house.connect_agency(world.north)
    await _use_app(sessions, world, seed.FULL_APP, "mistyped")
    health = await _health(api)
    app = _lines(health)["app"]
    assert (health["well"], app["status"], app["code"]) == (False, "fail", 40101)
    assert "My Apps" in app["do"]
    assert _lines(health)["reading partners"]["status"] == "pass", "the token still works"
    assert "mistyped" not in json.dumps(health)


async def test_without_a_connection_a_wrong_secret_still_shows_and_a_right_one_is_not_claimed(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    right = await _health(api)
    assert _lines(right)["app"]["status"] == "cannot_tell"
    assert (right["well"], _lines(right)["agency connection"]["status"]) == (False, "fail")
    assert "POST /api/v1/connections/invitations" in _lines(right)["agency connection"]["do"]
    assert (await house.tiktok.calls())["total"] == 1, "one call, that takes nothing away"
    await _use_app(sessions, world, seed.FULL_APP, "mistyped")
    assert _lines(await _health(api))["app"]["status"] == "fail"


async def test_a_missing_permission_is_told_with_its_cost_and_fails_only_where_nothing_works_without(
    api: httpx2.AsyncClient, house: House, world: World, sessions: Sessions
) -> None:
    await house.connect_agency(world.north)
    async with sessions.begin() as session:
        mine = await connections.of_agency(session, world.north.agency_id, "tiktok")
        assert mine is not None
        token = await house.tiktok.token(seed.NORA_NORTH, app_id=seed.NO_PARTNER_APP)
        mine.scopes = [100, 150, 153]
        mine.token_encrypted = worlds.keyring().encrypt(
            token, bound_to=connections.token_place(world.north.agency_id, mine.id)
        )
    health = await _health(api)
    lines = _lines(health)
    missing = lines["permission Business Center Partner Management"]
    assert (health["well"], missing["status"]) == (False, "fail")
    assert "or verify anything that is shared" in missing["words"]
    refused = lines["reading partners"]
    assert (refused["status"], refused["code"], bool(refused["platform_request_id"])) == ("fail", 40001, True)
    assert lines["permission Change Log"]["status"] == "limited"


async def test_a_dead_token_is_told_and_nothing_more_is_tried(
    api: httpx2.AsyncClient, house: House, world: World
) -> None:
    await house.connect_agency(world.north)
    await house.tiktok.withdraw(seed.NORA_NORTH)
    before = (await house.tiktok.calls())["total"]
    health = await _health(api)
    assert (await house.tiktok.calls())["total"] - before == 2
    lines = _lines(health)
    assert (lines["agency connection"]["status"], lines["agency connection"]["code"]) == ("fail", 40105)
    assert lines["reading partners"]["status"] == "cannot_tell"


async def test_a_closed_budget_is_no_refusal(api: httpx2.AsyncClient, house: House, world: World) -> None:
    await house.connect_agency(world.north)
    await house.tiktok.fault("bc/get/", code=40100)
    lines = _lines(await _health(api))
    assert lines["reading business centers"]["status"] == "cannot_tell"
    assert (lines["rate limit"]["status"], lines["your Business Center"]["status"]) == ("limited", "cannot_tell")


@pytest.mark.usefixtures("tiktok")
async def test_the_command_prints_the_address_to_register_and_exits_with_1_where_something_failed(
    database_url: str, tiktok_server: str
) -> None:
    env = {
        "DATABASE_URL": database_url,
        "KEYTURN_SECRET_KEYS": worlds.KEYS,
        "KEYTURN_PUBLIC_URL": worlds.PUBLIC_URL,
        "TIKTOK_APP_ID": seed.FULL_APP,
        "TIKTOK_APP_SECRET": seed.FULL_APP_SECRET,
        "TIKTOK_API_BASE": f"{tiktok_server}/open_api/v1.3",
        "TIKTOK_REDIRECT_URI": "https://go.keyturn.example/callbacks/tiktok/",
    }
    words = ["doctor", "--tiktok", "--agency", "north"]
    shown = await asyncio.to_thread(CliRunner().invoke, cli, words, env=env)
    assert shown.exit_code == 1, shown.stdout
    assert "register in My Apps, letter by letter" in shown.stdout
    assert "ends in a slash" in shown.stdout
    assert "fail" in shown.stdout
    printed = await asyncio.to_thread(CliRunner().invoke, cli, [*words, "--json"], env=env)
    assert printed.exit_code == 1
    assert _lines(json.loads(printed.stdout))["redirect address"]["status"] == "fail"
    unmeant = await asyncio.to_thread(CliRunner().invoke, cli, ["doctor", "--tiktok"], env=env)
    assert "agency connection" not in unmeant.stdout, "several agencies: the installation's app alone"
