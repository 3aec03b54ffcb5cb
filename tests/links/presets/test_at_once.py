"""Two at once: who archives a preset archives the version that somebody else is just saving."""

import asyncio

import httpx2
from fastapi import FastAPI

from app.kit.database import Sessions
from app.links.own_platforms import service as own_platforms
from app.links.presets import service as presets
from tests.links.presets.test_api import made
from tests.tenants.api_keys.test_idempotency import until_waiting
from tests.world import TESTS, World


async def test_a_new_version_that_is_being_saved_is_archived_too(
    sessions: Sessions, world: World, app: FastAPI, api: httpx2.AsyncClient
) -> None:
    agency_id = world.north.agency_id
    assert (await made(api)).status_code == 201
    async with sessions() as session:
        platforms = await own_platforms.requestable(session, agency_id, app.state.services.platforms)
        row = await presets.newest_row(session, agency_id, "mine")
        assert row is not None

    async def archive() -> None:
        async with sessions.begin() as session:
            await presets.archive_preset(session, agency_id, "mine", actor=TESTS)

    async with sessions.begin() as session:
        await presets.change_preset(
            session, agency_id, "mine", {**row.body, "name": "Other"}, platforms=platforms, actor=TESTS
        )
        other = asyncio.create_task(archive())
        waiting = asyncio.create_task(until_waiting(sessions))
        await asyncio.wait({other, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    await other
    async with sessions() as session:
        assert [each.name for each in await presets.archived(session, agency_id)] == ["Other"]
