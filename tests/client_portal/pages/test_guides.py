"""Guides about a platform, which a client can read at any time."""

from tests.client_portal.walk import Walk
from tests.house import House
from tests.world import World


async def test_guides_are_reached_from_the_progress_and_lead_back_where_the_client_was(
    walk: Walk, house: House, world: World
) -> None:
    await walk.start()
    page = (await walk.see("tiktok/guides")).text
    assert f'href="/l/{world.north.link_id}/tiktok/way"' in page
    for said in ("What is a Business Center?", "How do I add a colleague?", "管理中心", "What is a product showcase?",
                 "I only have an ad account, no Business Center", "Written on"):  # fmt: skip
        assert said in page
    await walk.answer()
    await walk.agree()
    await house.work()
    assert f'href="/l/{world.north.link_id}/tiktok/guides"' in (await walk.see("progress")).text
    assert f'href="/l/{world.north.link_id}/progress"' in (await walk.see("tiktok/guides")).text
