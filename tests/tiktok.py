"""The simulated TikTok of the tests: a real server, and what people do at it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import uvicorn

from app.demo.tiktok_simulator import seed
from app.demo.tiktok_simulator.server import create_simulator

REDIRECT = "https://go.keyturn.example/callbacks/tiktok"
ALL = object()


@contextmanager
def serving() -> Iterator[str]:
    """A simulator on a free port of this machine: its address."""
    config = uvicorn.Config(create_simulator(redirect_uris=[REDIRECT]), port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@dataclass(frozen=True)
class TikTokWorld:
    """What a test does at TikTok, and what it can look at there."""

    address: str
    http: httpx2.AsyncClient

    async def reset(self) -> None:
        """The seeded world, no faults, no switches."""
        await self._control("POST", "reset", {"seed": 1})
        await self._control("DELETE", "faults")

    async def switch(self, **switches: Any) -> None:
        """E.g. partner_approval=True, read_lag=3, qps=5, flaky=0.2, lost_answers=0.2."""
        await self._control("PATCH", "switches", switches)

    async def fault(self, path: str, **fault: Any) -> None:
        """The next call of a path answers otherwise: code=…, drop=True, lost=True, http_status=…, delay=…."""
        await self._control("POST", "faults", {"path": path, **fault})

    async def calls(self) -> dict[str, Any]:
        """What was called: `by_path`, `total`, `second_shares`, `shares`."""
        return dict(await self._control("GET", "calls"))

    async def world(self) -> dict[str, Any]:
        """Everything there is."""
        return dict(await self._control("GET", "world"))

    async def share_by_hand(
        self, bc_id: str, *asset_ids: str, role: str = "OPERATOR", partner: str = seed.NORTH_AGENCY
    ) -> None:
        """Somebody shares in Business Center's own pages."""
        body = {"bc_id": bc_id, "partner_id": partner, "asset_ids": list(asset_ids), "advertiser_role": role}
        await self._control("POST", "shares", body)

    async def unshare_by_hand(self, bc_id: str, *asset_ids: str, partner: str = seed.NORTH_AGENCY) -> None:
        """Somebody removes shares there."""
        await self._control("DELETE", "shares", {"bc_id": bc_id, "partner_id": partner, "asset_ids": list(asset_ids)})

    async def approve(self, partner: str, bc_id: str = seed.NORTH_AGENCY) -> None:
        """The receiving side approves a partner's request."""
        await self._control("POST", "partner-approvals", {"bc_id": bc_id, "partner_id": partner})

    async def token(self, person: str) -> str:
        """A token of a person who ticked everything, without the way through the consent page."""
        body = {"person": person, "app_id": seed.FULL_APP}
        return str((await self._control("POST", "tokens", body))["access_token"])

    async def withdraw(self, person: str) -> None:
        """A person ends the authorisation at TikTok."""
        await self._control("POST", "tokens/revocation", {"person": person})

    async def consent(self, address: str, person: str, *, ticked: Any = ALL, cancel: bool = False) -> dict[str, str]:
        """A person at the consent page: what the way back carries."""
        asked = dict(parse_qsl(urlsplit(address).query))
        page = await self.http.get(f"{self.address}/portal/auth", params=asked)
        assert page.status_code == 200, page.text
        if ticked is ALL:
            accounts = (await self.world())["ad_accounts"]
            ticked = [each["asset_id"] for each in accounts]
        answer = await self.http.post(
            f"{self.address}/portal/auth",
            data={
                **asked, "person": person, "advertiser_ids": ticked, "decision": "cancel" if cancel else "authorise",
            },
        )  # fmt: skip
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(asked["redirect_uri"])
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"{self.address}/simulator/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None
