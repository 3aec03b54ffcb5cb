"""Statements of the main requests and of the worker's main rounds: none may become dearer unnoticed.

Each is done twice, for one agency and then for the other, and the second time counts: connections are open, statements
compiled, caches full. With KEYTURN_FIGURES=FILE all figures are written there, for `make house`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.html import forms
from app.webhooks.context import WebhookContext
from simulator import seed
from tests import cost
from tests.client_portal.walk import BY_HAND, Walk, trip
from tests.cost import Cost, Meter
from tests.house import House
from tests.kit.egress.receivers import ALLOW, OK, Receiver, answers, receiver
from tests.webhooks import scenes
from tests.world import CLIENT_BROWSER, PUBLIC_URL, Corner, World

#: Statements of the steps of a delivery.
DELIVERY = {"event recorded": 1, "fan-out": 2, "claim, send, write": 3, "fan-out that sends at once": 3}
#: Until every connection that a worker keeps was used.
TURNS = 6
Action = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Scene:
    """One of the two agencies, with its client in front of the link."""

    house: House
    api: httpx2.AsyncClient
    walk: Walk
    member: str

    @property
    def corner(self) -> Corner:
        """Who it is."""
        return self.walk.corner

    async def form(self, screen: str, **fields: Any) -> Action:
        """A form that is ready to be sent."""
        token = await self.walk.token()
        return lambda: self.walk.send(screen, form_token=token, **fields)

    async def connect(self) -> None:
        """The agency connects; the client opens the link, connects and picks its Business Center."""
        await self.house.connect_agency(self.corner, self.member)
        await self.walk.start()
        await trip(self.walk, self.house)
        await self.walk.send("account", account_id=seed.MAISON_LUNE)


async def create_client(scene: Scene) -> Action:
    return lambda: scene.api.post("/clients", json={"name": "Atelier Nord", "external_id": "crm-2"})


async def read_client(scene: Scene) -> Action:
    return lambda: scene.api.get(f"/clients/{scene.corner.client_id}")


async def create_link(scene: Scene) -> Action:
    given = {"client_id": scene.corner.client_id, "preset": "run-campaigns"}
    return lambda: scene.api.post("/links", json=given)


async def choose_by_hand(scene: Scene) -> Action:
    await scene.walk.start()
    await scene.walk.answer("lane", "account")
    return await scene.form("assets", **BY_HAND["assets"])


async def choose_connected(scene: Scene) -> Action:
    await scene.connect()
    return await scene.form("assets", ad_account=[seed.LUNE_EU, seed.LUNE_UK])


async def consent_by_hand(scene: Scene) -> Action:
    await scene.walk.start()
    await scene.walk.answer()
    return await scene.form("review", **await scene.walk.consent())


async def consent_connected(scene: Scene) -> Action:
    await scene.connect()
    await scene.walk.send("assets", ad_account=[seed.LUNE_EU, seed.LUNE_UK])
    await scene.walk.answer("about")
    return await scene.form("review", **await scene.walk.consent())


async def share(scene: Scene) -> Action:
    await scene.house.work()  # the other agency's is done
    await scene.house.connect_agency(scene.corner, scene.member)
    await scene.house.connect_client(scene.corner)
    await scene.house.agree(scene.corner, seed.LUNE_EU)
    return scene.house.reconcile


async def verify(scene: Scene) -> Action:
    await scene.house.work()  # the other agency's is done
    await scene.house.connect_agency(scene.corner, scene.member)
    await scene.house.connect_client(scene.corner)
    await scene.house.agree(scene.corner, seed.LUNE_EU, seed.LUNE_UK)
    await scene.house.reconcile()
    return scene.house.reconcile


@pytest.fixture
def meter(engine: AsyncEngine) -> Iterator[Meter]:
    with cost.meter(engine) as made:
        yield made


@pytest.fixture
async def twice(app: FastAPI, house: House, world: World) -> AsyncIterator[list[Scene]]:
    async with AsyncExitStack() as stack:
        made = []
        for corner, member in ((world.south, seed.SIMON_SOUTH), (world.north, seed.NORA_NORTH)):
            program, browser = [
                await stack.enter_async_context(
                    httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL + path)
                )
                for path in ("/api/v1", "")
            ]
            program.headers["Authorization"] = f"Bearer {corner.key}"
            browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
            await program.get("/me")  # when a key was used last is written down now and then
            made.append(Scene(house, program, Walk(browser, corner), member))
        yield made


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[str, dict[str, int]]]:
    """All that was measured, by name."""
    found: dict[str, dict[str, int]] = {}
    yield found
    if file := os.environ.get("KEYTURN_FIGURES"):
        Path(file).write_text(json.dumps(found), encoding="utf-8")


def keep(figures: dict[str, dict[str, int]], name: str, spent: Cost) -> None:
    """Keep the figures of what was measured."""
    figures[name] = {
        "statements": len(spent.statements), "transaction_control": len(spent.transaction_control),
        "files": len(spent.files), "functions": len(spent.functions),
    }  # fmt: skip


def check(name: str, spent: Cost, most: int) -> None:
    """Say what is to be done where statements are not as many as the table says."""
    number = len(spent.statements)
    assert number <= most, "\n".join([f"{name}: {number} statements, {most} before:", *spent.statements])
    assert number == most, f"{name} is down to {number} statements from {most}: lower the limit"


@pytest.mark.parametrize(
    ("name", "prepare", "most"),
    [
        ("POST /api/v1/clients", create_client, 4),
        ("GET /api/v1/clients/{id}", read_client, 2),
        ("POST /api/v1/links", create_link, 9),
        # with the pixels, which had a screen of their own
        ("client chooses two ad accounts, by hand", choose_by_hand, 11),
        ("client chooses two ad accounts, connected", choose_connected, 11),
        # with the checks, of which some can hold the consent up
        ("client agrees, by hand", consent_by_hand, 12),
        ("client agrees, connected", consent_connected, 11),
        ("worker round that shares", share, 18),
        ("worker round that verifies two ad accounts", verify, 26),
    ],
)
async def test_no_request_takes_more_statements(
    name: str,
    prepare: Callable[[Scene], Awaitable[Action]],
    most: int,
    twice: list[Scene],
    meter: Meter,
    figures: dict[str, dict[str, int]],
) -> None:
    for scene in twice:
        action = await prepare(scene)
        async with meter.measure() as spent:
            answer = await action()
        assert answer is None or answer.status_code in (200, 201, 303), answer.text
    keep(figures, name, spent)
    check(name, spent, most)


#: Of a whole onboarding with one ad account, and of each further one: web and worker, BEGIN and COMMIT left out.
ONBOARDING, FURTHER_ACCOUNT = 188, 10


async def onboard(scene: Scene, meter: Meter, *accounts: str) -> Cost:
    """A client from the first page to the receipt, as a browser shows each page before its form is sent."""
    walk, house, spent = scene.walk, scene.house, Cost()

    async def count(*actions: Action) -> None:
        nonlocal spent
        for action in actions:
            async with meter.measure() as cost:
                await action()
            spent += cost

    def screen(name: str, **fields: Any) -> list[Action]:
        return [lambda: walk.see(name), lambda: walk.send(name, form_token=token, **fields)]

    await house.connect_agency(scene.corner, scene.member)
    await count(walk.start)
    token = await walk.token()
    await count(lambda: trip(walk, house))
    await count(*screen("assets", ad_account=accounts), *screen("about", **BY_HAND["about"]))
    given: dict[str, str] = {}

    async def read() -> None:
        given.update(await walk.consent())

    await count(read, lambda: walk.send("review", form_token=token, **given), lambda: walk.see("progress"))
    for _ in range(4):
        await house.hurry()
        await count(lambda: house.reconcile(scene.corner))
    await count(lambda: walk.see("receipt"))
    assert await house.statuses(scene.corner) == [("verified", None)] * len(accounts)
    return spent


async def test_no_onboarding_takes_more_statements(
    twice: list[Scene], meter: Meter, figures: dict[str, dict[str, int]]
) -> None:
    south, north = twice
    several = await onboard(south, meter, seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US)
    one = await onboard(north, meter, seed.LUNE_EU)
    keep(figures, "onboarding, one ad account", one)
    keep(figures, "onboarding, three ad accounts", several)
    further = (len(several.statements) - len(one.statements)) / 2
    counted = f"{len(one.statements)} with one account, {len(several.statements)} with three"
    assert len(one.statements) <= ONBOARDING, counted
    assert further <= FURTHER_ACCOUNT, counted


async def test_no_delivery_takes_more_statements(
    sessions: Sessions, keyring: Keyring, world: World, meter: Meter, figures: dict[str, dict[str, int]]
) -> None:
    egress, agency_id = Egress(allow=ALLOW), world.north.agency_id
    tools = WebhookContext(sessions, keyring, egress, PUBLIC_URL, worker="test:1")
    async with receiver(answers(OK)) as there, scenes.worker_loops(tools) as loops:
        await scenes.make_endpoint(sessions, keyring, agency_id, there.url)
        for turn in range(1, TURNS + 1):
            async with meter.measure() as recorded:
                await scenes.record_event(sessions, agency_id)
            async with meter.measure() as fanned:
                await loops.fan_out()
            async with meter.measure() as sent:
                loops.claim()
                await arrived(there, 2 * turn - 1)
                await loops.settle()
            await scenes.happen(sessions, agency_id)
            async with meter.measure() as at_once:
                await loops.fan_out_at_once()
                await arrived(there, 2 * turn)
                await loops.settle()
    await egress.close()
    steps = {
        "event recorded": recorded, "fan-out": fanned, "claim, send, write": sent,
        "fan-out that sends at once": at_once,
    }  # fmt: skip
    for name, spent in {**steps, "a delivery, from record to write": recorded + fanned + sent}.items():
        keep(figures, name, spent)
    for name, spent in steps.items():
        check(name, spent, DELIVERY[name])


async def arrived(there: Receiver, number: int) -> None:
    async with asyncio.timeout(20):
        while len(there.requests) < number:  # noqa: ASYNC110 - the receiver rings no bell
            await asyncio.sleep(0.001)
