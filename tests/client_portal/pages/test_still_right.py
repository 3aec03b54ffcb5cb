"""The receipt asks once a quarter if the access is still right; that and erasure work after the link has ended."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.kit import clock
from app.kit.database import Sessions
from app.links.models import AccessReview, Link
from app.links.reviews import QUARTER
from tests.client_portal.pages.test_device import device
from tests.client_portal.walk import Walk
from tests.house import House
from tests.world import World


async def _reviews(sessions: Sessions, world: World) -> list[str | None]:
    async with sessions() as session:
        rows = select(AccessReview.name).where(AccessReview.agency_id == world.north.agency_id)
        return list(await session.scalars(rows.order_by(AccessReview.id)))


async def _ended(sessions: Sessions, world: World) -> None:
    async with sessions.begin() as session:
        over = {"revoked_at": clock.now(), "status": "revoked"}
        await session.execute(update(Link).where(Link.agency_id == world.north.agency_id).values(**over))


@pytest.mark.parametrize("ended", [False, True])
async def test_one_tap_is_kept_with_name_and_date_and_told(
    walk: Walk, sessions: Sessions, house: House, world: World, ended: bool
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    token = await walk.token()
    if ended:
        await _ended(sessions, world)
    for _twice in range(2):
        sent = await walk.send("still-right", form_token=token)
        assert walk.goes_to(sent) == "receipt#still-right"
    assert await _reviews(sessions, world) == ["Theo Brand"]
    assert (await house.events(world.north)).count("review.completed") == 1
    page = (await walk.see("receipt")).text
    assert ("You said so on" in page) is ended, "the receipt is whole once all is done, or the link ended"


async def test_it_is_asked_again_after_a_quarter(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await _ended(sessions, world)
    token_page = (await walk.see("receipt")).text
    assert "Yes, still right" in token_page
    await walk.send("still-right", form_token=await walk.token())
    assert "Yes, still right" not in (await walk.see("receipt")).text
    async with sessions.begin() as session:
        older = AccessReview.created_at - QUARTER - timedelta(days=1)
        mine = update(AccessReview).where(AccessReview.agency_id == world.north.agency_id)
        await session.execute(mine.values(created_at=older))
    assert "Yes, still right" in (await walk.see("receipt")).text
    await walk.send("still-right", form_token=await walk.token())
    assert len(await _reviews(sessions, world)) == 2


async def test_erasure_is_asked_for_after_the_link_ended(
    walk: Walk, sessions: Sessions, house: House, world: World
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    token = await walk.token()
    await _ended(sessions, world)
    for _twice in range(2):
        assert walk.goes_to(await walk.send("erasure-request", form_token=token)) == "receipt#data"
    assert (await house.events(world.north)).count("link.erasure_requested") == 1


async def test_neither_works_on_a_new_device_or_before_the_consent(
    app: FastAPI, walk: Walk, sessions: Sessions, world: World
) -> None:
    await walk.start()
    await walk.send("still-right")
    assert await _reviews(sessions, world) == []
    await walk.answer()
    await walk.agree()
    async with device(app, world) as other:
        for form in ("still-right", "erasure-request"):
            assert other.goes_to(await other.send(form, form_token=await walk.token())) == "device"
    assert await _reviews(sessions, world) == []
