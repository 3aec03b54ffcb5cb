"""What people do in the worlds of the table, each as a value that a row can hold."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.access.connections.models import Authorization, Connection
from app.access.grants import service as grants
from app.access.requests import service as access_requests
from app.client_portal import service as portal
from app.kit.i18n.locales import ENGLISH
from app.kit.i18n.message import _
from app.tenants.agencies import service as agencies
from simulator import seed
from tests.access.worlds.row import Do, Wanted
from tests.access.worlds.stage import Stage
from tests.house import change_link
from tests.tiktok import ALL
from tests.world import TESTS


def at(act: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Do:
    """Somebody does this at TikTok: a method of `TikTokWorld` with what it takes."""
    return lambda stage: act(stage.house.tiktok, *args, **more)


def fault(path: str, **how: Any) -> Do:
    """The next call of a path goes wrong."""
    return lambda stage: stage.house.tiktok.fault(path, **how)


def connect(who: str = seed.ANA_CLIENT, *, ticked: object = ALL, cancel: bool = False) -> Do:
    """Somebody authorizes for the client."""
    return lambda stage: stage.house.connect_client(stage.corner, who, ticked=ticked, cancel=cancel)


def connect_agency(stage: Stage) -> Awaitable[object]:
    """A member of the agency authorizes."""
    return stage.house.connect_agency(stage.corner)


def connect_agency_earlier(stage: Stage) -> Awaitable[object]:
    """A member of the agency authorized when nothing of the client's was there yet to be ticked."""
    return stage.house.connect_agency(stage.corner, ticked=())


def check(stage: Stage) -> Awaitable[object]:
    """The client presses "Check again"."""
    return stage.house.check_now(stage.corner)


def work(stage: Stage) -> Awaitable[object]:
    """Keyturn does what it can meanwhile."""
    return stage.settle()


async def set_out(stage: Stage) -> None:
    """The client goes to TikTok, and has not come back for a quarter of an hour."""
    cookie = await stage.house.open_link(stage.corner)
    await stage.house.set_out(stage.corner, cookie)
    async with stage.house.tools.sessions.begin() as session:
        trips = update(Authorization).where(
            Authorization.agency_id == stage.corner.agency_id, Authorization.link_id == stage.corner.link_id
        )
        await session.execute(trips.values(created_at=Authorization.created_at - timedelta(minutes=15)))


def choose(*wanted: Wanted, account_id: str | None = None) -> Do:
    """The client takes back the yes to what was not shared yet, chooses anew and agrees."""

    async def anew(stage: Stage) -> None:
        async with change_link(stage.house.tools.sessions, stage.corner) as (session, link):
            await portal.withdraw_consent(session, link)
        await stage.agree(wanted, account_id=account_id)

    return anew


def switch_lane(lane: str) -> Do:
    """The client goes on by hand, or connected."""

    async def switch(stage: Stage) -> None:
        async with change_link(stage.house.tools.sessions, stage.corner) as (session, link):
            await portal.choose_lane(session, link, "tiktok", lane)

    return switch


async def take_center(stage: Stage) -> None:
    """The client says that the Business Center from which it was seen is its own."""
    for access_request in await stage.access_requests():
        if access_request.shared_from_account_id is not None:
            async with change_link(stage.house.tools.sessions, stage.corner) as (session, link):
                await portal.adopt_sharing_account(
                    session, link, access_request.id, said=[_("Yes, it’s ours")], locale=ENGLISH
                )


async def attest(stage: Stage) -> None:
    """A member of the agency says of every access request that it works."""
    for access_request in await stage.access_requests():
        async with stage.house.tools.sessions.begin() as session:
            await access_requests.attest(
                session, access_request.agency_id, access_request.id, by="Nora North", actor=TESTS
            )


async def revoke(stage: Stage) -> None:
    """The agency no longer wants what it was given."""
    async with stage.house.tools.sessions.begin() as session:
        for access_request in await stage.access_requests():
            grant = await grants.of_access_request(session, access_request.agency_id, access_request.id)
            if grant is not None:
                await grants.revoke_grant(session, access_request.agency_id, grant.id, actor=TESTS)


async def reduce(stage: Stage) -> None:
    """The client wants the role lowered wherever it is higher than agreed."""
    for access_request in await stage.access_requests():
        if access_request.code == "role_higher_than_requested":
            async with change_link(stage.house.tools.sessions, stage.corner) as (session, link):
                await access_requests.lower_role(session, link, access_request.id)


def use_app(app_id: str, secret: str) -> Do:
    """The agency enters the TikTok app that is used from now on."""

    async def enter(stage: Stage) -> None:
        async with stage.house.tools.sessions.begin() as session:
            await agencies.set_platform_app(
                session, stage.corner.agency_id, platform="tiktok", app_id=app_id, secret=secret,
                keyring=stage.house.tools.keyring, actor=TESTS,
            )  # fmt: skip

    return enter


async def forget_client(stage: Stage) -> None:
    """72 hours passed: the client's token was given back although not all is done."""
    async with stage.house.tools.sessions.begin() as session:
        mine = (Connection.agency_id == stage.corner.agency_id) & (Connection.side == "client")
        await session.execute(update(Connection).where(mine).values(due_at=Connection.created_at))
