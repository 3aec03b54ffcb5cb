"""CPU of whole onboardings of one ad account, by process: `make bench-onboarding`.

A real web process and a real worker on an embedded PostgreSQL that writes to disk, and a simulated TikTok in the
process of the bench, whose CPU does not count. Each client is created by the API, connects TikTok, chooses, agrees, and
is done when its link is completed. What the processes take at rest is subtracted. Prints a table, and as its last line
JSON.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx2
from rich.console import Console
from rich.table import Table

from app.access.context import AccessContext
from app.access.pacing import RetryTiming
from app.assembly import platforms_of
from app.kit.database import make_engine, make_sessions
from app.kit.egress.client import tls_context
from app.kit.html import forms
from app.settings import Settings, load
from bench.webhooks.stage import cpu_of_all, free_port, postgres
from simulator import seed
from tests import world
from tests.client_portal.walk import Walk
from tests.house import House
from tests.tiktok import Simulated, TikTokWorld, simulated
from tests.world import CLIENT_BROWSER, Corner

#: Onboardings before anything is measured: connections are open, statements compiled.
WARM = 3
REST_SECONDS = 10
LONGEST = 60


@dataclass(frozen=True)
class Installation:
    """A running installation, and the people who use it."""

    api: httpx2.AsyncClient
    browser: httpx2.AsyncClient
    tiktok: TikTokWorld
    corner: Corner
    #: process ids by name
    pids: Mapping[str, int]

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each process so far."""
        return {name: cpu_of_all(pid) for name, pid in self.pids.items()}

    async def onboard(self, number: int) -> None:
        """One client, from its creation to its completed link."""
        person = await self.tiktok.add_person(f"Client {number}", f"admin-{number}@client.example")
        account_id = await self.tiktok.add_business_center(f"Client {number}", person)
        account = await self.tiktok.add_ad_account(f"Account {number}", account_id)
        client = (await self.api.post("/clients", json={"name": f"Client {number}"})).json()
        answer = await self.api.post("/links", json={"client_id": client["id"], "preset": "run-campaigns"})
        made = answer.json()
        token = str(made["address"]).rpartition("/")[2]
        walk = Walk(self.browser, replace(self.corner, client_id=client["id"], link_id=made["id"], token=token))
        await self._press(walk.start())
        out = await self._press(walk.send("connection"))
        back = await self.tiktok.consent(out.headers["location"], person)
        home = await self.browser.get("/callbacks/tiktok", params=back)
        await self.browser.get(home.headers["location"])
        await self._press(walk.send("account", account_id=account_id))
        await self._press(walk.send("assets", ad_account=[account]))
        await walk.answer("about")
        await self._press(walk.agree())
        async with asyncio.timeout(LONGEST):
            while (await self.api.get(f"/links/{made['id']}")).json()["status"] != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.5)

    async def _press(self, pressing: Awaitable[httpx2.Response]) -> httpx2.Response:
        answer = await pressing
        assert answer.status_code == 303, (answer.status_code, answer.text[:2000])
        return answer


def settings(url: str, address: str, simulator: Simulated) -> Settings:
    """The settings of the installation."""
    return load(
        database_url=url,
        secret_keys=world.KEYS,
        public_url=address,
        tiktok_app_id=seed.FULL_APP,
        tiktok_app_secret=seed.FULL_APP_SECRET,
        tiktok_auth_url=f"{simulator.address}/portal/auth",
        tiktok_api_base=f"{simulator.address}/open_api/v1.3",
    )


def environment(chosen: Settings) -> dict[str, str]:
    """The same as environment variables."""
    given = chosen.model_dump(exclude_none=True)
    plain = ("tiktok", "database")
    named = {name.upper() if name.startswith(plain) else f"KEYTURN_{name.upper()}": given[name] for name in given}
    return {**os.environ, **{name: str(value) for name, value in named.items()}}


@contextmanager
def processes(chosen: Settings, port: int) -> Iterator[dict[str, int]]:
    """Web and worker; their process ids."""
    commands = {"web": ["web", "--port", str(port)], "worker": ["worker"]}
    started = {
        name: subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "app.cli", *command],
            env=environment(chosen), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name, command in commands.items()
    }  # fmt: skip
    try:
        yield {name: process.pid for name, process in started.items()}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait()


async def measure(of: Installation, number: int) -> dict[str, float]:
    """Milliseconds of CPU of one onboarding, by process; what they take at rest is subtracted."""
    for warm in range(WARM):
        await of.onboard(warm)
    before = of.cpu()
    await asyncio.sleep(REST_SECONDS)
    after = of.cpu()
    at_rest = {name: (after[name] - before[name]) / REST_SECONDS for name in after}
    before, began = of.cpu(), time.perf_counter()
    for each in range(WARM, WARM + number):
        await of.onboard(each)
    after, took = of.cpu(), time.perf_counter() - began
    return {name: round((after[name] - before[name] - at_rest[name] * took) / number * 1000, 1) for name in after}


async def run(url: str, postmaster: int, number: int) -> dict[str, float]:
    """The world, the processes, the figures."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with simulated(f"{address}/callbacks/tiktok") as simulator:
        chosen = settings(url, address, simulator)
        engine = make_engine(url)
        sessions = make_sessions(engine)
        made = await world.make(sessions)
        async with httpx2.AsyncClient(trust_env=False, verify=tls_context()) as http:
            tiktok = TikTokWorld(simulator.address, http)
            tools = AccessContext(
                sessions,
                world.keyring(),
                platforms_of(chosen, http, sessions),
                RetryTiming(settle=timedelta(seconds=1)),
            )
            await House(tools, tiktok, made).connect_agency(made.north)
            await engine.dispose()
            key = {"Authorization": f"Bearer {made.north.key}"}
            with processes(chosen, port) as pids:
                async with (
                    httpx2.AsyncClient(base_url=f"{address}/api/v1", headers=key, trust_env=False, timeout=30) as api,
                    httpx2.AsyncClient(base_url=address, trust_env=False, timeout=30) as browser,
                ):
                    await _until_ready(browser)
                    browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
                    of = Installation(api, browser, tiktok, made.north, {**pids, "PostgreSQL": postmaster})
                    return await measure(of, number)


async def _until_ready(browser: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(LONGEST):
        while True:
            try:
                if (await browser.get("/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.2)


def main() -> int:
    """Run and print. No figure fails the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=10, help="of onboardings")
    given = parser.parse_args()
    with postgres() as (url, postmaster):
        found = asyncio.run(run(url, postmaster, given.number))
    found["all"] = round(sum(found.values()), 1)
    shown = Table("process", "ms of CPU of one onboarding")
    for name, figure in found.items():
        shown.add_row(name, str(figure))
    Console(width=80).print(shown)
    sys.stdout.write(json.dumps({"bench": "onboarding", "number": given.number, "cpu_ms": found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
