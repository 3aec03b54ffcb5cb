"""An agency connects, and what its Business Center has already is there, as clients and grants."""

import asyncio

from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.access.imports.models import Import
from app.access.reconciler.imports import BATCH, ImportStrategy
from app.access.reconciler.job import reconcile
from app.kit import jobs
from app.kit.database import CROSS_TENANT
from app.platforms.rate_limit_policy import Limits
from simulator import seed
from tests.access.imports.scenes import Scene
from tests.tiktok import TikTokWorld


async def test_connecting_shows_partners_shares_and_roles_without_any_client(scene: Scene, tiktok: TikTokWorld) -> None:
    await tiktok.share_by_hand(seed.BRAND_FR, *seed.BRAND_FR_ACCOUNTS)
    await tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, seed.CATALOG_LUNE, role="ANALYST")
    await scene.house.connect_agency(scene.corner)
    ended = await scene.run()
    assert (ended.status, ended.reason, ended.partners_total, ended.partners_done, ended.catalogs_done) == (
        "done", "connected", 2, 2, 2,
    )  # fmt: skip
    grants = {(grant.kind, grant.asset_id): grant for grant in await scene.grants()}
    assert {
        key: (grant.role, grant.origin, grant.access_request_id, grant.seen_by) for key, grant in grants.items()
    } == {
        ("ad_account", seed.BRAND_FR_ACCOUNTS[0]): ("OPERATOR", "found", None, "agency"),
        ("ad_account", seed.BRAND_FR_ACCOUNTS[1]): ("OPERATOR", "found", None, "agency"),
        ("ad_account", seed.LUNE_EU): ("ANALYST", "found", None, "agency"),
        ("catalog", seed.CATALOG_LUNE): ("AD_PROMOTE", "found", None, "agency"),
    }
    assert grants["ad_account", seed.LUNE_EU].asset_name == "Maison Lune EU"
    assert {client.name for client in await scene.found_clients()} == {"Brand FR", "Maison Lune"}
    told = await scene.house.events(scene.corner)
    assert (told.count("client.created"), told.count("grant.found"), told[-1]) == (3, 4, "import.finished")


async def test_two_hundred_partners_are_there_within_a_minute_at_the_default_pace(
    scene: Scene, tiktok: TikTokWorld
) -> None:
    """Counted in calls: those of the list and of every partner's ad accounts, at the pace of a handshake."""
    await scene.crowd(200)
    await scene.connect()
    connecting = (await tiktok.calls())["by_path"]
    while (await scene.imports())[0].partners_done < 200:
        await scene.turn()
    calls = (await tiktok.calls())["by_path"]
    needed = calls["bc/partner/asset/get/"] + calls["bc/partner/get/"] - connecting.get("bc/partner/get/", 0)
    assert len(await scene.grants("live")) == 200
    assert len(await scene.found_clients()) == 200
    assert needed <= 200 + 4 + BATCH  # a turn may begin with catalogs before it ends
    assert needed / _pace_of_handshakes(Limits(8, 480)) < 60
    ended = await scene.run()
    assert (ended.status, ended.partners_done, ended.catalogs_done, ended.grants_found) == ("done", 200, 200, 200)


def _pace_of_handshakes(limits: Limits) -> float:
    """Calls a second of priority HANDSHAKE: three quarters of the window of 1.2 s, and of the minute."""
    return min(limits.qps * 3 // 4 / 1.2, limits.qpm * 3 // 4 / 62)


async def test_five_thousand_shares_are_written_in_batches_and_not_again_the_next_day(
    scene: Scene, engine: AsyncEngine
) -> None:
    await scene.crowd(2, accounts_each=2500)
    await scene.connect()
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    ended = await scene.run()
    assert (ended.status, ended.grants_found) == ("done", 5000)
    assert len(await scene.grants("live")) == 5000
    written = [each for each in statements if not each.lstrip().startswith("SELECT") and "rate_limits" not in each]
    assert len(written) < 300  # 5,000 grants with 5,000 events, the evidence of 102 calls
    again = await scene.a_day_later()
    assert (again.status, again.reason, again.grants_found, again.grants_ended) == ("done", "watch", 0, 0)
    assert len(await scene.grants()) == 5000


async def test_workers_that_die_at_any_moment_cost_nothing_and_make_nothing_twice(scene: Scene) -> None:
    await scene.crowd(30, accounts_each=2)
    await scene.house.connect_agency(scene.corner)
    tools = scene.house.tools
    for moment in range(1, 25):
        claimed = await jobs.claim(tools.sessions, Import, limit=1, lease=tools.lease)
        if not claimed:
            break
        turn = asyncio.create_task(reconcile(ImportStrategy(tools), claimed[0]))
        await asyncio.wait({turn}, timeout=0.03 * moment)
        turn.cancel()
        await asyncio.wait({turn})
        await _lease_runs_out(scene)
    ended = await scene.run()
    assert (ended.status, ended.partners_total, ended.partners_done, ended.catalogs_done) == ("done", 30, 30, 30)
    assert ended.grants_found == 60
    assert len(await scene.grants()) == 60
    assert len(await scene.found_clients()) == 30


async def _lease_runs_out(scene: Scene) -> None:
    async with scene.house.tools.sessions.begin() as session:
        await session.execute(update(Import).values(lease_until=None).execution_options(**CROSS_TENANT))


async def test_two_workers_at_once_make_nothing_twice(scene: Scene) -> None:
    await scene.crowd(12, accounts_each=2)
    await scene.house.connect_agency(scene.corner)
    await asyncio.gather(scene.run(), scene.run())
    ended = await scene.run()
    assert (ended.status, ended.grants_found, len(await scene.grants())) == ("done", 24, 24)


async def test_two_agencies_share_a_partner_and_see_each_its_own(scene: Scene, tiktok: TikTokWorld) -> None:
    await tiktok.share_by_hand(seed.BIG_RETAIL, seed.BIG_ACCOUNTS[0], role="ANALYST")
    await tiktok.share_by_hand(seed.BIG_RETAIL, seed.BIG_ACCOUNTS[0], seed.BIG_ACCOUNTS[1], partner=seed.SOUTH_AGENCY)
    south = Scene(scene.house, scene.house.world.south)
    await scene.house.connect_agency(scene.corner)
    await scene.house.connect_agency(south.corner, seed.SIMON_SOUTH)
    await scene.run()
    assert [(grant.asset_id, grant.role) for grant in await scene.grants()] == [(seed.BIG_ACCOUNTS[0], "ANALYST")]
    theirs = {(grant.asset_id, grant.role) for grant in await south.grants()}
    assert theirs == {(seed.BIG_ACCOUNTS[0], "OPERATOR"), (seed.BIG_ACCOUNTS[1], "OPERATOR")}
    mine, other = await scene.found_clients(), await south.found_clients()
    assert ([each.name for each in mine], mine[0].id in {each.id for each in other}) == (["Big Retail"], False)
