"""The simulated TikTok of the tests: a server for other processes, the same in memory, and what people do at it."""

import asyncio
import pickle
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import httpx2
import uvicorn
from starlette.types import ASGIApp

from app.kit.egress.client import tls_context
from simulator import seed
from simulator.api.connection import WithTransport
from simulator.control import overview
from simulator.server import create_simulator
from simulator.simulator import Simulator

#: A ticked box of the consent page.
_OFFERED = re.compile(r'name="advertiser_ids"\s+value="([^"]*)"\s+checked')
REDIRECT = "https://go.keyturn.example/callbacks/tiktok"
ALL = object()


class InMemory(httpx2.AsyncBaseTransport):
    """Calls of this process reach the simulator without a connection, which takes less time.

    Dropped connections and time-outs look as they do over HTTP: tests/access/worlds/test_over_http.py plays a sample.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx2.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; raises what a connection would raise."""
        try:
            async with asyncio.timeout(request.extensions["timeout"]["read"]):
                return await self._inner.handle_async_request(request)
        except ConnectionResetError as dropped:
            raise httpx2.RemoteProtocolError(str(dropped), request=request) from dropped
        except TimeoutError as late:
            raise httpx2.ReadTimeout("", request=request) from late


@dataclass(frozen=True)
class Simulated:
    """The simulator of this test process, and the address at which other processes find it."""

    app: WithTransport
    address: str

    def reset(self) -> None:
        """The seeded world, no faults, no switches, no calls."""
        self._simulator.reset(1)

    def keep(self) -> bytes:
        """All that makes a difference there, for `restore`."""
        there = self._simulator
        return pickle.dumps((there.world, there.switches, there.random, there.script, there.calls))

    def restore(self, kept: bytes) -> None:
        """As it was."""
        there = self._simulator
        there.world, there.switches, there.random, there.script, there.calls = pickle.loads(kept)

    @property
    def _simulator(self) -> Simulator:
        return cast(Simulator, self.app.app.state.simulator)

    def world(self) -> dict[str, Any]:
        """Everything there is."""
        return overview.world(self._simulator)

    def client(self) -> httpx2.AsyncClient:
        """A client that reaches the simulator in memory, everything else over HTTP. To be closed."""
        return httpx2.AsyncClient(trust_env=False, verify=tls_context(), mounts={self.address: InMemory(self.app)})


@contextmanager
def simulated(redirect_uri: str = REDIRECT) -> Iterator[Simulated]:
    """A simulator, served on a free port of this machine."""
    app = create_simulator(redirect_uris=[redirect_uri])
    config = uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_keep_alive=600)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Simulated(app, f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join()


@dataclass(frozen=True)
class TikTokWorld:
    """What a test does at TikTok, and what it can look at there."""

    address: str
    http: httpx2.AsyncClient
    #: of this process; it is asked for its world without HTTP
    simulated: Simulated | None = None

    async def switch(self, **switches: Any) -> None:
        """E.g. partner_approval=True, read_lag=3, qps=5, flaky=0.2, lost_answers=0.2, reauthorize=True,
        pixel_links_denied=True."""
        await self._control("PATCH", "switches", switches)

    async def fault(self, path: str, **fault: Any) -> None:
        """The next call of a path answers otherwise: code=…, drop=True, lost=True, http_status=…, delay=…."""
        await self._control("POST", "faults", {"path": path, **fault})

    async def clear_faults(self) -> None:
        """Whatever was still to go wrong does not."""
        await self._control("DELETE", "faults")

    async def calls(self) -> dict[str, Any]:
        """What was called: `by_path`, `by_app`, `total`, `second_shares`, `shares`, `max_calls_in_one_second`,
        `max_calls_in_any_second`, and the lines of the log in `calls`."""
        return dict(await self._control("GET", "calls"))

    async def counts(self) -> dict[str, Any]:
        """The same without the lines, which is quicker after thousands of calls."""
        return dict(await self._control("GET", "calls?last=0"))

    async def world(self) -> dict[str, Any]:
        """Everything there is."""
        return self.simulated.world() if self.simulated else dict(await self._control("GET", "world"))

    async def share_by_hand(
        self,
        bc_id: str,
        *asset_ids: str,
        role: str = "OPERATOR",
        catalog_role: str = "AD_PROMOTE",
        partner: str = seed.NORTH_AGENCY,
    ) -> None:
        """Somebody shares in Business Center's own pages: assets of any type, `role` is that of ad accounts."""
        body = {"bc_id": bc_id, "partner_id": partner, "asset_ids": list(asset_ids)}
        await self._control("POST", "shares", {**body, "advertiser_role": role, "catalog_role": catalog_role})

    async def change_role_by_hand(
        self, bc_id: str, *asset_ids: str, role: str, partner: str = seed.NORTH_AGENCY
    ) -> None:
        """Somebody gives a partner a larger or smaller role on what it has."""
        body = {"bc_id": bc_id, "partner_id": partner, "asset_ids": list(asset_ids), "role": role}
        await self._control("PATCH", "shares", body)

    async def part_by_hand(self, bc_id: str, partner: str = seed.NORTH_AGENCY) -> None:
        """Somebody ends the partnership, with all that was shared."""
        await self._control("DELETE", "partnerships", {"bc_id": bc_id, "partner_id": partner})

    async def link_pixel_by_hand(self, pixel_id: str, *advertiser_ids: str) -> None:
        """Somebody links a pixel, by its asset id, to ad accounts."""
        body = {"pixel_id": pixel_id, "advertiser_ids": list(advertiser_ids), "linked": True}
        await self._control("POST", "pixel-links", body)

    async def unlink_pixel_by_hand(self, pixel_id: str, *advertiser_ids: str) -> None:
        """Somebody takes a pixel off ad accounts."""
        body = {"pixel_id": pixel_id, "advertiser_ids": list(advertiser_ids), "linked": False}
        await self._control("POST", "pixel-links", body)

    async def pixel_links(self, pixel_id: str) -> list[str]:
        """The ad accounts a pixel is linked to."""
        pixels = (await self.world())["pixels"]
        return next(list(each["advertiser_ids"]) for each in pixels if each["asset_id"] == pixel_id)

    async def pixel_events(self, pixel_id: str, **events: Any) -> None:
        """All that reached a pixel: PAGE_VIEW={"browser": 5, "server": 0, "days_ago": 8}; nothing for a silent one."""
        await self._control("PUT", f"pixels/{pixel_id}/events", events)

    async def unshare_by_hand(self, bc_id: str, *asset_ids: str, partner: str = seed.NORTH_AGENCY) -> None:
        """Somebody removes shares there."""
        await self._control("DELETE", "shares", {"bc_id": bc_id, "partner_id": partner, "asset_ids": list(asset_ids)})

    async def approve(self, partner: str, bc_id: str = seed.NORTH_AGENCY) -> None:
        """The receiving side approves a partner's request."""
        await self._control("POST", "partner-approvals", {"bc_id": bc_id, "partner_id": partner})

    async def invite_by_hand(
        self, bc_id: str, email: str, *asset_ids: str, role: str = "STANDARD", advertiser_role: str = "ANALYST"
    ) -> None:
        """An admin invites somebody in Business Center's own pages."""
        body = {"email": email, "role": role, "asset_ids": list(asset_ids), "advertiser_role": advertiser_role}
        await self._control("POST", f"business-centers/{bc_id}/invitations", body)

    async def accept_invitation(self, bc_id: str, email: str) -> str:
        """Whoever was invited says yes: their id."""
        body = {"email": email, "accept": True}
        return str((await self._control("POST", f"business-centers/{bc_id}/invitation-answers", body))["person_id"])

    async def reject_invitation(self, bc_id: str, email: str) -> None:
        """Whoever was invited says no."""
        await self._control("POST", f"business-centers/{bc_id}/invitation-answers", {"email": email, "accept": False})

    async def make_member(self, bc_id: str, person: str, role: str = "STANDARD") -> None:
        """Somebody is a member from now on, or another kind of member."""
        await self._control("PUT", f"business-centers/{bc_id}/members/{person}", {"role": role})

    async def remove_member(self, bc_id: str, person: str) -> None:
        """An admin removes a member."""
        await self._control("DELETE", f"business-centers/{bc_id}/members/{person}")

    async def assign_by_hand(self, bc_id: str, person: str, asset_id: str, role: str | None = "OPERATOR") -> None:
        """An admin gives a member an asset, changes the role, or with None takes it away."""
        body = {"person": person, "asset_id": asset_id, "role": role}
        await self._control("PUT", f"business-centers/{bc_id}/assignments", body)

    async def assigned(self, bc_id: str, person: str) -> dict[str, str]:
        """What a member holds there: role by asset id."""
        world = await self.world()
        assets = [*world["ad_accounts"], *world["pixels"], *world["other_assets"]]
        found = {each["asset_id"]: each["assigned"].get(bc_id, {}).get(person) for each in assets}
        return {asset_id: role for asset_id, role in found.items() if role is not None}

    async def member_statuses(self, bc_id: str) -> dict[str, str]:
        """Everybody there by e-mail address: BOUND, PENDING or REJECTED."""
        world = await self.world()
        center = next(each for each in world["business_centers"] if each["bc_id"] == bc_id)
        emails = {person["person_id"]: person["email"] for person in world["persons"]}
        statuses = {emails[person]: "BOUND" for person in center["members"]}
        return statuses | {each["email"]: each["relation_status"] for each in center["invitations"].values()}

    async def add_person(self, name: str, email: str) -> str:
        """Somebody who can sign in at TikTok, and is in no Business Center."""
        return str((await self._control("POST", "persons", {"name": name, "email": email}))["person_id"])

    async def add_business_center(self, name: str, *admins: str, standard: Sequence[str] = (), **fields: Any) -> str:
        """A Business Center; status="REVIEWING", verification_status="FAILED", type="AGENCY", currency=…, timezone=…"""
        members = dict.fromkeys(standard, "STANDARD") | dict.fromkeys(admins, "ADMIN")
        body = {"name": name, "members": members, **fields}
        return str((await self._control("POST", "business-centers", body))["bc_id"])

    async def change_business_center(self, bc_id: str, **fields: Any) -> None:
        """E.g. status="PUNISH", verification_status="EXPIRED", type="AGENCY", name=…"""
        await self._control("PATCH", f"business-centers/{bc_id}", fields)

    async def add_ad_account(self, name: str, owner_bc_id: str | None = None, **fields: Any) -> str:
        """An ad account: owner_person_id=…, status=…, rejection_reason=…, currency=…, timezone=…, requested_by={…}."""
        return await self.add_asset("ADVERTISER", name, owner_bc_id, **fields)

    async def add_asset(self, asset_type: str, name: str, owner_bc_id: str | None = None, **fields: Any) -> str:
        """An asset of any type; a pixel also takes owner_advertiser_id, the ad account it was made in."""
        body = {"asset_type": asset_type, "name": name, "owner_bc_id": owner_bc_id, **fields}
        return str((await self._control("POST", "assets", body))["asset_id"])

    async def pixel_code(self, pixel_id: str) -> str:
        """The code of a pixel."""
        pixels = (await self.world())["pixels"]
        return next(str(each["pixel_code"]) for each in pixels if each["asset_id"] == pixel_id)

    async def change_ad_account(self, advertiser_id: str, **fields: Any) -> None:
        """E.g. status="STATUS_LIMIT", rejection_reason=…, currency=…, timezone=…, name=…, balance=…, owner_bc_id=…"""
        await self._control("POST", f"ad-accounts/{advertiser_id}", fields)

    async def request(self, bc_id: str, advertiser_id: str, status: str | None = "PENDING") -> None:
        """A Business Center asked a personal owner: PENDING, BOUND, REJECTED, UNBOUND, or None for never asked."""
        body = {"relation_status": status}
        await self._control("PUT", f"assets/{advertiser_id}/requests/{bc_id}", body)

    async def crowd(
        self, partners: int, accounts_each: int = 1, *, bc_id: str = seed.NORTH_AGENCY, role: str = "OPERATOR"
    ) -> list[dict[str, Any]]:
        """Many new partners of one agency, each with `bc_id`, `admin` and the `asset_ids` it shares with it."""
        body = {"bc_id": bc_id, "partners": partners, "accounts_each": accounts_each, "role": role}
        return list((await self._control("POST", "crowds", body))["partners"])

    async def activities(self, bc_id: str) -> list[dict[str, Any]]:
        """The activity log of a Business Center, oldest first."""
        return list((await self.world())["activities"].get(bc_id, []))

    async def token(self, person: str, app_id: str = seed.FULL_APP) -> str:
        """A token of a person who ticked everything, without the way through the consent page."""
        body = {"person": person, "app_id": app_id}
        return str((await self._control("POST", "tokens", body))["access_token"])

    async def withdraw(self, person: str) -> None:
        """A person ends the authorization at TikTok."""
        await self._control("POST", "tokens/revocation", {"person": person})

    async def consent(self, address: str, person: str, *, ticked: Any = ALL, cancel: bool = False) -> dict[str, str]:
        """A person at the consent page: what the way back carries."""
        asked = dict(parse_qsl(urlsplit(address).query))
        page = await self.http.get(f"{self.address}/portal/auth", params={**asked, "person": person})
        assert page.status_code == 200, page.text
        if ticked is ALL:
            ticked = _OFFERED.findall(page.text)
        answer = await self.http.post(
            f"{self.address}/portal/auth",
            data={
                **asked, "person": person, "advertiser_ids": ticked, "decision": "cancel" if cancel else "authorize",
            },
        )  # fmt: skip
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(asked["redirect_uri"])
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"{self.address}/simulator/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None
