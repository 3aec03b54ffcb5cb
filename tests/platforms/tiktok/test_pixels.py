"""Pixels over HTTP: linked, seen from both sides, unlinked, and what a refused list leaves open."""

from datetime import timedelta

import pytest

from app.kit import clock
from app.platforms.port import Access, Denied, RecordedCall
from app.platforms.tiktok.adapter import TikTok
from simulator import seed
from tests.tiktok import TikTokWorld

CODE = seed.PIXEL_LUNE_CODE


async def test_a_pixel_is_linked_seen_by_both_sides_and_unlinked(
    platform: TikTok, tiktok: TikTokWorld, ana: Access, nora: Access, kept: list[RecordedCall]
) -> None:
    record, lune = kept.append, seed.MAISON_LUNE
    await platform.share(
        ana, bc_id=lune, partner_id=seed.NORTH_AGENCY, asset_ids=[seed.LUNE_UK], role="OPERATOR", record=record
    )
    assert seed.LUNE_UK not in await platform.pixel_accounts(ana, bc_id=lune, code=CODE, record=record)
    for _ in range(2):  # doing it again changes nothing
        await platform.link_pixel(ana, bc_id=lune, code=CODE, account_ids=[seed.LUNE_UK], link=True, record=record)
    assert seed.LUNE_UK in await platform.pixel_accounts(ana, bc_id=lune, code=CODE, record=record)
    nora_again = Access(await tiktok.token(seed.NORA_NORTH), nora.app_id)  # ticked what was shared meanwhile
    assert CODE in await platform.pixels_of(nora_again, account_id=seed.LUNE_UK, record=record)
    await platform.link_pixel(ana, bc_id=lune, code=CODE, account_ids=[seed.LUNE_UK], link=False, record=record)
    assert seed.LUNE_UK not in await platform.pixel_accounts(ana, bc_id=lune, code=CODE, record=record)
    assert CODE not in await platform.pixels_of(nora_again, account_id=seed.LUNE_UK, record=record)


async def test_where_the_list_of_links_is_refused_the_ad_account_tells(
    platform: TikTok, tiktok: TikTokWorld, ana: Access, kept: list[RecordedCall]
) -> None:
    await tiktok.switch(pixel_links_denied=True)
    with pytest.raises(Denied) as refused:
        await platform.pixel_accounts(ana, bc_id=seed.MAISON_LUNE, code=CODE, record=kept.append)
    assert refused.value.about_asset
    assert refused.value.call.code == 40002
    assert CODE in await platform.pixels_of(ana, account_id=seed.LUNE_EU, record=kept.append)


async def test_events_since_a_day_are_counted_browsers_and_servers_together(
    platform: TikTok, tiktok: TikTokWorld, ana: Access, kept: list[RecordedCall]
) -> None:
    week = clock.now() - timedelta(days=7)
    old = {"browser": 1000, "server": 0, "days_ago": 9}
    await tiktok.pixel_events(seed.PIXEL_LUNE, PAGE_VIEW={"browser": 5, "server": 2, "days_ago": 1}, ON_WEB_ORDER=old)
    assert await platform.pixel_events(ana, account_id=seed.LUNE_EU, code=CODE, since=week, record=kept.append) == {
        "PAGE_VIEW": 7
    }
    await tiktok.pixel_events(seed.PIXEL_LUNE)
    assert await platform.pixel_events(ana, account_id=seed.LUNE_EU, code=CODE, since=week, record=kept.append) == {}


async def test_an_account_that_was_not_ticked_is_refused_not_empty(
    platform: TikTok, nora: Access, kept: list[RecordedCall]
) -> None:
    with pytest.raises(Denied) as refused:
        await platform.pixels_of(nora, account_id=seed.LUNE_US, record=kept.append)
    assert refused.value.call.code in (40001, 40002)
