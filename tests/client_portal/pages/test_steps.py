"""Steps by hand without JavaScript: one on each page, all on one, ticked where the agency sees them done."""

import re

import pytest

from tests.client_portal.walk import Walk
from tests.house import House
from tests.world import NORTH_BC, World

_STEP = re.compile(r"Step (\d) of (\d)")
_NEXT = re.compile(r'<a class="btn" href="([^"]+)">Next step')
_BACK = re.compile(r'<nav class="trail"[^>]*>\s*<a href="([^"]+)"')
_TITLE = re.compile(r"<h1>([^<]+)</h1>")


@pytest.fixture
async def agreed(walk: Walk, house: House, world: World) -> Walk:
    """A client that agreed to do it by hand; the agency can read what it shares."""
    await house.connect_agency(world.north)
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work()
    return walk


async def _walked(walk: Walk, page: str) -> list[str]:
    """The pages from one step to the last, each by the link to the next."""
    pages = [page]
    while found := _NEXT.search(pages[-1]):
        pages.append((await walk.browser.get(found[1])).text)
    return pages


async def test_one_step_on_each_page_from_the_first_to_the_check(agreed: Walk) -> None:
    progress = (await agreed.see("progress")).text
    assert "Show me the 4 steps" in progress
    assert NORTH_BC not in progress.partition("Your receipt so far")[0], "the number stands where it is pasted"
    pages = await _walked(agreed, (await agreed.see("tiktok/steps")).text)
    assert [_STEP.findall(page) for page in pages] == [[(str(at), "4")] for at in range(1, 5)]
    assert len({_TITLE.findall(page)[0] for page in pages}) == 4
    for page in pages:
        assert page.count('<svg viewBox="0 0 350 186" role="img" aria-label=') == 1
        assert "I see something different" in page
        assert "Menu words checked on" in page
    assert [f'value="{NORTH_BC}"' in page for page in pages] == [False, False, True, False]
    assert "7200000000000000202" in pages[-1]
    assert ["check now" in page for page in pages] == [False, False, False, True]
    assert agreed.goes_to(await agreed.send("check")) == "progress"


async def test_the_way_back_leads_to_the_step_before_and_from_the_first_to_the_progress(agreed: Walk) -> None:
    for step, before in ((3, "steps?step=2"), (1, "progress")):
        page = (await agreed.see(f"tiktok/steps?step={step}")).text
        assert _BACK.findall(page)[0].endswith(before)


@pytest.mark.parametrize(
    ("asked", "shown"), [("", "1"), ("0", "1"), ("99", "4"), ("²", "1"), ("-1", "1"), ("9999999999", "1"), ("x", "1")]
)
async def test_a_step_that_does_not_exist_is_another_one(agreed: Walk, asked: str, shown: str) -> None:
    page = await agreed.see(f"tiktok/steps?step={asked}")
    assert _STEP.findall(page.text) == [(shown, "4")]


async def test_all_steps_on_one_page_have_their_pictures(agreed: Walk) -> None:
    page = (await agreed.see("tiktok/steps?every=true")).text
    assert page.count('role="img"') == 4
    assert f'value="{NORTH_BC}"' in page
    assert page.count("<h1>") == 1
    assert "Done — check now" in page


async def test_what_the_agency_sees_done_is_ticked_and_passed(agreed: Walk, house: House) -> None:
    assert "sees that it’s done" not in (await agreed.see("progress")).text
    await house.tiktok.share_by_hand("7111222233334444601", "7200000000000000201")
    await agreed.send("check")
    await house.work()
    progress = (await agreed.see("progress")).text
    assert progress.count("North Agency sees that it’s done.") == 1
    assert "Show me the 5 steps" in progress
    pages = await _walked(agreed, (await agreed.see("tiktok/steps?step=1")).text)
    assert [_TITLE.findall(page)[0] for page in pages if "sees that it’s done" in page] == [
        "Add North Agency as a partner"
    ]
    assert "Share the ad accounts" in pages[-1]
    shared = pages[-1].partition("7200000000000000201")[2].partition("</li>")[0]
    assert "Shared" in shared, "the one that is there already"
    assert "Shared" not in pages[-1].partition("7200000000000000202")[2].partition("</li>")[0]


async def test_before_the_yes_and_after_the_last_step_there_are_none(walk: Walk, house: House, world: World) -> None:
    await house.connect_agency(world.north)
    await walk.start()
    assert walk.goes_to(await walk.see("tiktok/steps")) == "progress"
    await walk.answer()
    await walk.agree()
    await house.work()
    await house.tiktok.share_by_hand("7111222233334444601", "7200000000000000201", "7200000000000000202")
    await walk.send("check")
    await house.work()
    assert walk.goes_to(await walk.see("tiktok/steps")) == "progress"
    assert walk.goes_to(await walk.see("access-requests/access_00000000000000000000000000/steps")) == "progress"
