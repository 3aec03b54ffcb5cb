"""A restored installation without its key ring: the doctor, the start and the API say which key is missing."""

import asyncio

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from app.cli import cli
from app.doctor import checkup
from app.kit import key_ring
from app.kit.database import Sessions
from app.kit.vault import Vault, new_key
from app.settings import Settings
from app.tables import metadata
from tests import world as worlds
from tests.conftest import running
from tests.webhooks import scenes
from tests.world import World


def test_every_sealed_column_is_known() -> None:
    found = {f"{table.name}.{column.name}" for table, column in key_ring.columns(metadata)}
    assert found >= {"links.token_sealed", "connections.token_sealed", "webhook_secrets.sealed", "intake_files.sealed"}
    for table, _ in key_ring.columns(metadata):
        assert {"agency_id", "id"} <= set(table.columns.keys())


async def test_with_its_key_ring_all_is_well(engine: AsyncEngine, settings: Settings) -> None:
    async with engine.connect() as connection:
        assert await key_ring.unreadable(connection, metadata, worlds.vault()) == []
    (line,) = [each for each in await checkup.database(settings) if each.what == "key ring"]
    assert (line.well, line.words) == (True, "opens what is stored")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (new_key(), "lacks the key test1, which opens links.token_sealed"),
        ("test1:" + "QkJC" * 10 + "QkI=", "does not open links.token_sealed: a key has another value"),
    ],
)
async def test_without_it_the_doctor_names_the_key(settings: Settings, keys: str, said: str) -> None:
    lines = await checkup.database(settings.model_copy(update={"secret_keys": keys}))
    (line,) = [each for each in lines if each.what == "key ring"]
    assert not line.well
    assert said in line.words


async def test_without_it_the_api_names_the_key(settings: Settings, sessions: Sessions, world: World) -> None:
    chosen = settings.model_copy(update={"secret_keys": new_key()})
    headers = {"Authorization": f"Bearer {world.north.key}"}
    async with running(chosen, sessions) as app:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=worlds.PUBLIC_URL, headers=headers) as api:
            answer = await api.get(f"/api/v1/links/{world.north.link_id}/address")
    assert (answer.status_code, answer.json()["code"]) == (503, "key_ring_incomplete")
    assert "the key test1 is missing in KEYTURN_SECRET_KEYS" in answer.json()["detail"]


async def test_without_it_a_test_delivery_is_refused_and_leaves_nothing_waiting(
    settings: Settings, sessions: Sessions, world: World
) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, worlds.vault(), world.north.agency_id, "https://127.0.0.1/")
    chosen = settings.model_copy(update={"secret_keys": new_key()})
    headers = {"Authorization": f"Bearer {world.north.key}"}
    async with running(chosen, sessions) as app:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=worlds.PUBLIC_URL, headers=headers) as api:
            answer = await api.post(
                f"/api/v1/webhooks/endpoints/{endpoint.id}/test", json={"event_type": "ask.verified"}
            )
    assert (answer.status_code, answer.json()["code"]) == (503, "key_ring_incomplete")
    assert "the key test1 is missing in KEYTURN_SECRET_KEYS" in answer.json()["detail"]
    assert await scenes.deliveries(sessions, world.north.agency_id) == []


async def test_without_it_the_command_line_names_the_key(database_url: str, sessions: Sessions, world: World) -> None:
    endpoint, _ = await scenes.make_endpoint(sessions, worlds.vault(), world.north.agency_id, "https://127.0.0.1/")
    env = {
        "DATABASE_URL": database_url,
        "KEYTURN_SECRET_KEYS": new_key(),
        "KEYTURN_PUBLIC_URL": worlds.PUBLIC_URL,
    }
    for words in (["link", "address", world.north.link_id], ["endpoint", "test", endpoint.id]):
        said = await asyncio.to_thread(CliRunner().invoke, cli, [*words, "--agency", "north"], env=env)
        assert said.exit_code == 1, said.exception
        assert "the key test1 is missing in KEYTURN_SECRET_KEYS" in said.stderr
        assert "keyturn doctor" in said.stderr


def test_a_key_that_is_put_back_opens_beside_the_new_one() -> None:
    sealed = worlds.vault().seal("kept", bound_to="x")
    assert Vault.from_text(f"{new_key()},{worlds.KEYS}").open(sealed, bound_to="x") == "kept"
