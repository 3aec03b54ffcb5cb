"""The agency's logo on its clients' pages."""

import re

import httpx2

from app.kit.database import Sessions
from app.tenants.agencies import logos
from app.tenants.agencies.logo_image import picture
from tests.client_portal.walk import Walk
from tests.tenants.agencies.pictures import drawn
from tests.world import TESTS, World


async def test_the_logo_stands_in_place_of_the_name_and_comes_from_us(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    walk = Walk(browser, world.north)
    await walk.start()
    name = re.compile(r'<p class="who">\s*<b>North Agency</b>')
    for bare in ((await browser.get(world.north.link_path)).text, (await walk.see("way")).text):
        assert "agency-logo" not in bare
        assert '<span class="mark' in bare
    assert name.search(bare)
    async with sessions.begin() as session:
        made = picture(drawn(size=(600, 100)))
        await logos.set_logo(session, world.north.agency_id, made, actor=TESTS)
    page = await browser.get(world.north.link_path)
    assert not name.search((await walk.see("way")).text)
    path = f"/logo/{world.north.slug}/{made.sha256}.png"
    shown = page.text.split('class="agency-logo"')[1].split(">")[0]
    assert f'src="{path}"' in shown
    assert 'alt="North Agency"' in shown
    assert 'width="512"' in shown
    assert "img-src 'self'" in page.headers["content-security-policy"]
    assert (await browser.get(path)).content == made.png
