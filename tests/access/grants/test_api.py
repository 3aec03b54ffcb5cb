"""Grants over HTTP."""

import httpx2

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from tests.api import belongings
from tests.world import World


async def test_grants_are_listed_and_filtered(
    api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    mine = await belongings.of(sessions, keyring, world.north)
    (grant,) = (await api.get("/grants")).json()["data"]
    assert grant["id"] == mine["grant_id"]
    assert (await api.get(f"/grants/{grant['id']}")).json() == grant | {"buyers": []}
    for params, count in (
        ({"client_id": world.north.client_id}, 1),
        ({"client_id": world.south.client_id}, 0),
        ({"updated_since": grant["updated_at"]}, 1),
        ({"updated_since": "2199-01-01T00:00:00Z"}, 0),
    ):
        assert len((await api.get("/grants", params=params)).json()["data"]) == count, params
