"""Keyturn's rooms put together for a test, and the ways of people through them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import DateTime, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes, oauth_callbacks
from app.access.buyers.models import BuyerAccess
from app.access.call_recorder import PlatformCall
from app.access.connections import oauth_flow, token_job
from app.access.connections.models import Authorization, Connection
from app.access.connections.oauth_flow import ExchangeOutcome
from app.access.context import AccessContext
from app.access.grants.models import Grant
from app.access.handshakes import Handshake
from app.access.reconciler.buyer_access import BuyerAccessStrategy
from app.access.reconciler.job import reconcile
from app.access.reconciler.partner_access import PartnerAccessStrategy
from app.access.requests import service as access_requests
from app.events import queries as events
from app.kit import ids, jobs
from app.kit.database import CROSS_TENANT, Sessions, alone
from app.kit.i18n.locales import ENGLISH
from app.links import devices
from app.links import queries as links
from app.links import service as link_service
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest
from app.links.pasted_ids import SelectedAsset
from simulator import seed
from tests.tiktok import ALL, TikTokWorld
from tests.world import CLIENT_BROWSER, TESTS, Corner, World

#: In one statement, because most tests do it many times.
_HURRIED = text("""
    WITH handshakes_due AS (UPDATE handshakes SET due_at = now() WHERE due_at IS NOT NULL),
        buyers_due AS (UPDATE buyer_access SET due_at = now() WHERE due_at IS NOT NULL)
    UPDATE rate_limits SET closed_until = 0
""").execution_options(**CROSS_TENANT)


@asynccontextmanager
async def change_link(sessions: Sessions, corner: Corner) -> AsyncIterator[tuple[AsyncSession, LinkAggregate]]:
    """A transaction with the corner's link, which is saved at its end."""
    async with sessions.begin() as session:
        link = await links.load_link(session, corner.agency_id, corner.link_id, lock=True)
        yield session, link
        await link.save(session)


@dataclass(frozen=True)
class House:
    """Database, keys, platforms and the simulated TikTok."""

    tools: AccessContext
    tiktok: TikTokWorld
    world: World

    async def connect_agency(
        self, corner: Corner, person: str = seed.NORA_NORTH, *, ticked: object = ALL
    ) -> ExchangeOutcome:
        """A member opens the one-time address and authorizes."""
        tools = self.tools
        async with tools.sessions.begin() as session:
            _, token = await oauth_flow.invite_agency(session, corner.agency_id, platform="tiktok")
            address, cookie = await oauth_flow.start_for_agency(session, tools.platforms, tools.keyring, token=token)
        back = await self._back(await self.tiktok.consent(address, person, ticked=ticked))
        arrived = await oauth_callbacks.of_agency(
            tools.sessions, tools.platforms, tools.keyring, handle=back.handle, cookie=cookie
        )
        return arrived.outcome

    async def share(self, corner: Corner, *asset_ids: str) -> None:
        """Both sides authorize, the client agrees to these ad accounts, and the worker shares and verifies them."""
        await self.connect_agency(corner)
        await self.connect_client(corner)
        await self.agree(corner, *asset_ids)
        await self.work()

    async def open_link(self, corner: Corner, cookie: str = CLIENT_BROWSER) -> str:
        """The client presses Start: the cookie."""
        async with change_link(self.tools.sessions, corner) as (session, link):
            await devices.open_link(session, link, cookie)
        return cookie

    async def connect_client(
        self, corner: Corner, person: str = seed.ANA_CLIENT, *, ticked: object = ALL, cancel: bool = False
    ) -> ExchangeOutcome:
        """The client goes to TikTok and comes back."""
        tools, cookie = self.tools, await self.open_link(corner)
        address = await self.set_out(corner, cookie)
        back = await self._back(await self.tiktok.consent(address, person, ticked=ticked, cancel=cancel))
        arrived = await oauth_callbacks.of_client(
            tools.sessions, tools.platforms, tools.keyring, agency_id=corner.agency_id, link_id=corner.link_id,
            handle=back.handle, cookie=cookie,
        )  # fmt: skip
        return arrived.outcome

    async def set_out(self, corner: Corner, cookie: str) -> str:
        """The address at TikTok to which the client's browser is sent."""
        tools = self.tools
        async with tools.sessions.begin() as session:
            return await oauth_flow.start_for_link(
                session, tools.platforms.default, tools.keyring, agency_id=corner.agency_id, link_id=corner.link_id,
                cookie=cookie,
            )  # fmt: skip

    async def _back(self, query: dict[str, str]) -> oauth_flow.CallbackTarget:
        async with self.tools.sessions.begin() as session:
            return await oauth_flow.receive(
                session, self.tools.keyring, state=query["state"], code=query.get("auth_code")
            )

    async def ask_for(self, corner: Corner, kind: str, role: str, *, required: bool = True, **more: Any) -> str:
        """The link asks for one more access: the access request's id."""
        async with self.tools.sessions.begin() as session:
            access_request = AccessRequest(
                agency_id=corner.agency_id,
                id=ids.new("access"),
                link_id=corner.link_id,
                platform="tiktok",
                kind=kind,
                role=role,
                reason="To see which ads lead to sales.",
                required=required,
                position=9,
                next_actor="client",
                **more,
            )
            session.add(access_request)
        return access_request.id

    async def agree(
        self,
        corner: Corner,
        *asset_ids: str,
        lane: str = "connected",
        account_id: str = seed.MAISON_LUNE,
        pixels: Sequence[tuple[str, str]] = (),
        catalogs: Sequence[str] = (),
    ) -> None:
        """The client chooses and says yes; pixels come with the ad account they are to be used in."""
        async with change_link(self.tools.sessions, corner) as (session, link):
            browser = await devices.open_link(session, link, CLIENT_BROWSER)
            await devices.claim(session, link, browser)
            link.choose_lane("tiktok", lane)
            link.choose_account("tiktok", account_id, None)
            link.choose_assets("tiktok", "ad_account", [SelectedAsset(each) for each in asset_ids])
            if pixels:
                link.choose_assets("tiktok", "pixel", [SelectedAsset(code, None, account) for code, account in pixels])
            if catalogs:
                link.choose_assets("tiktok", "catalog", [SelectedAsset(each) for each in catalogs])
            link.give_consent("Ana Client", ["as shown"], locale=ENGLISH)
            await link.save(session)
            await handshakes.start_for_link(session, link)

    async def another_link(self, corner: Corner) -> Corner:
        """The same client with a second link."""
        async with self.tools.sessions.begin() as session:
            made, token = await link_service.create_link(
                session, corner.agency_id, client_id=corner.client_id, preset="run-campaigns",
                keyring=self.tools.keyring, actor=TESTS,
            )  # fmt: skip
        return replace(corner, link_id=made.link.id, token=token)

    async def check_now(self, corner: Corner) -> None:
        """The client presses the button."""
        async with change_link(self.tools.sessions, corner) as (session, link):
            await access_requests.check_link(session, link)

    async def work(self, rounds: int = 6) -> None:
        """What the worker would do now and in the next while: pauses are cut short, leases are not."""
        for _ in range(rounds):
            await self.hurry()
            await self.reconcile()
            for buyer_access in await jobs.claim(self.tools.sessions, BuyerAccess, limit=1, lease=self.tools.lease):
                await reconcile(BuyerAccessStrategy(self.tools), buyer_access)
            for connection in await jobs.claim(self.tools.sessions, Connection, limit=10, lease=self.tools.lease):
                await token_job.run(self.tools, connection)

    async def hurry(self) -> None:
        """What is due some time is due now."""
        async with alone(self.tools.sessions) as session:
            await session.execute(_HURRIED)

    async def reconcile(self, corner: Corner | None = None) -> None:
        """One round of each handshake that is due, or of those of one corner."""
        where = Handshake.agency_id == corner.agency_id if corner else None
        for row in await jobs.claim(self.tools.sessions, Handshake, limit=10, lease=self.tools.lease, where=where):
            await reconcile(PartnerAccessStrategy(self.tools), row)

    async def later(self, by: timedelta) -> None:
        """Time passes, without anybody waiting for it: all that Keyturn remembers of access is that much older."""
        async with self.tools.sessions.begin() as session:
            for model in (Handshake, AccessRequest, Grant, Connection, Authorization, PlatformCall):
                older = {
                    column.key: column - by
                    for column in model.__table__.columns
                    if isinstance(column.type, DateTime) and column.key not in ("updated_at", "expires_at")
                }
                moved = update(model).values(older)
                await session.execute(moved.execution_options(synchronize_session=False, **CROSS_TENANT))

    async def access_requests(self, corner: Corner) -> Sequence[AccessRequest]:
        """The access requests of the corner's link."""
        async with self.tools.sessions() as session:
            return await links.access_requests(session, corner.agency_id, corner.link_id)

    async def statuses(self, corner: Corner) -> list[tuple[str, str | None]]:
        """State and code of each access request."""
        return [(access_request.status, access_request.code) for access_request in await self.access_requests(corner)]

    async def events(self, corner: Corner) -> list[str]:
        """The types of everything that happened, oldest first."""
        async with self.tools.sessions() as session:
            newest = await events.newest(session, corner.agency_id, limit=200)
        return [each.type for each in reversed(newest)]

    async def platform_calls(self, corner: Corner, purpose: str) -> Sequence[PlatformCall]:
        """The evidence of one purpose, oldest first."""
        rows = select(PlatformCall).where(PlatformCall.agency_id == corner.agency_id, PlatformCall.purpose == purpose)
        async with self.tools.sessions() as session:
            return (await session.scalars(rows.order_by(PlatformCall.id))).all()
