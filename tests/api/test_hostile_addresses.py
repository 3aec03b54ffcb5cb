"""Every place that takes an address: hostile ones get one plain reason, and nothing is sent or kept."""

import re
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import select

from app.kit.database import Sessions
from app.kit.egress import address_guard
from app.kit.egress.client import Egress
from app.settings import Settings
from app.webhooks.models import Delivery, Endpoint
from tests import world as worlds
from tests.conftest import running
from tests.kit.egress.receivers import leads_to
from tests.kit.egress.servers.hostile import HOSTILE
from tests.kit.egress.test_ip_ranges import FORBIDDEN
from tests.webhooks import rows
from tests.world import World

WELL = "https://hooks.example.com/in"
TYPES = {"event_types": ["access.*"]}
MADE = {
    "endpoint": ("/webhooks/endpoints", {"url": WELL, **TYPES}),
    "slack": ("/webhooks/endpoints", {"destination": "slack", "options": {"webhook_url": WELL}}),
    "http": ("/webhooks/endpoints", {"destination": "http_request", **TYPES, "options": {"url": WELL}}),
}  # fmt: skip
#: Method, path, and body with the address for `ADDRESS`; what the path needs.
ADDRESS = "<address>"
PLACES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a new endpoint": ("POST", "/webhooks/endpoints", {"url": ADDRESS, **TYPES}),
    "a changed endpoint": ("PATCH", "/webhooks/endpoints/{endpoint}", {"url": ADDRESS}),
    "a new Slack": ("POST", "/webhooks/endpoints", {"destination": "slack", "options": {"webhook_url": ADDRESS}}),
    "a changed Slack": ("PATCH", "/webhooks/endpoints/{slack}", {"options": {"webhook_url": ADDRESS}}),
    "a new HTTP request": ("POST", "/webhooks/endpoints", {"destination": "http_request", "options": {"url": ADDRESS}}),
    "a changed HTTP request": ("PATCH", "/webhooks/endpoints/{http}", {"options": {"url": ADDRESS}}),
    "a hook": ("POST", "/hooks", {"target_url": ADDRESS, **TYPES}),
    "a logo": ("PUT", "/agency/logo", {"url": ADDRESS}),
}
REASON = "The host name does not lead to a public address."
#: What a reason must not tell: an address, or who resolved it.
_TELLS = re.compile(r"\d+\.\d+\.\d+\.\d+|::|resolver|aiohttp|Errno|Traceback")


@pytest_asyncio.fixture
async def closed(settings: Settings, sessions: Sessions) -> AsyncIterator[FastAPI]:
    """The application of an installation that opened no private network."""
    async with running(settings.model_copy(update={"egress_allow": ""}), sessions) as app:
        await _lead(app, "93.184.216.34")
        yield app
        await app.state.services.egress.close()


@pytest_asyncio.fixture
async def caller(closed: FastAPI, world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """A program of the north agency."""
    headers = {"Authorization": f"Bearer {world.north.key}"}
    base = f"{worlds.PUBLIC_URL}/api/v1"
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(closed), base_url=base, headers=headers) as client:
        yield client


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses for which a socket was made; none ever is."""
    made: list[str] = []

    def watched(where: tuple[int, int, int, str, tuple[str, int]]) -> NoReturn:
        made.append(where[4][0])
        raise OSError("no call leaves this machine")

    monkeypatch.setattr(address_guard, "plain_socket", watched)
    return made


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_address_is_refused(
    closed: FastAPI, caller: httpx2.AsyncClient, sessions: Sessions, world: World, dialled: list[str], place: str
) -> None:
    known = await _made(caller)
    before = await _kept(sessions, world)
    wrong = [url for url in HOSTILE if (reason := await _reason(caller, place, known, url)) is None or not reason]
    assert wrong == []
    assert dialled == []
    assert await _kept(sessions, world) == before
    assert await rows.count(sessions, Delivery, world.north.agency_id) == 0


@pytest.mark.parametrize("place", PLACES)
async def test_a_name_of_a_forbidden_address_is_refused(
    closed: FastAPI, caller: httpx2.AsyncClient, sessions: Sessions, world: World, dialled: list[str], place: str
) -> None:
    known = await _made(caller)
    before = await _kept(sessions, world)
    for address in FORBIDDEN:
        for found in ([address], ["93.184.216.34", address]):
            await _lead(closed, *found)
            assert await _reason(caller, place, known, WELL) == REASON, (place, address)
    assert dialled == []
    assert await _kept(sessions, world) == before


async def _lead(app: FastAPI, *addresses: str) -> None:
    """Every name leads there from now on."""
    before: Egress = app.state.services.egress
    app.state.services.egress = Egress(lookup=leads_to(*addresses), tls=before._tls, own_hosts=["go.keyturn.example"])
    await before.close()


async def _made(caller: httpx2.AsyncClient) -> dict[str, str]:
    """Something to change, of each kind."""
    known = {}
    for name, (path, given) in MADE.items():
        answer = await caller.post(path, json=given)
        assert answer.status_code == 201, answer.text
        known[name] = answer.json()["id"]
    return known


async def _reason(caller: httpx2.AsyncClient, place: str, known: dict[str, str], url: str) -> str | None:
    """The one reason that is told; None where the address was not refused properly."""
    method, path, body = PLACES[place]
    answer = await caller.request(method, path.format(**known), json=_filled(body, url))
    told = answer.json()
    if answer.status_code != 422 or len(told["errors"]) != 1:
        return None
    [reason] = told["errors"].values()
    inside = reason.replace(url, "")
    return None if _TELLS.search(inside) or "\n" in inside else str(reason)


def _filled(body: Any, url: str) -> Any:
    if isinstance(body, dict):
        return {key: _filled(value, url) for key, value in body.items()}
    return url if body == ADDRESS else body


async def _kept(sessions: Sessions, world: World) -> list[tuple[Any, ...]]:
    """The endpoints of the agency, as far as an address goes in."""
    columns = (Endpoint.id, Endpoint.url, Endpoint.version, Endpoint.options_encrypted)
    query = select(*columns).where(Endpoint.agency_id == world.north.agency_id).order_by(Endpoint.id)
    async with sessions() as session:
        return [tuple(row) for row in await session.execute(query)]
