"""Playing one row: real rounds of reconciling, over HTTP to the simulator, held against what is true there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import handshakes
from app.access.call_recorder import PlatformCall
from app.access.connections import service as connections
from app.access.handshakes import Handshake
from app.access.pacing import MOST_ACCEPTED, RetryTiming
from app.kit import ids
from app.kit.database import reading
from app.kit.i18n.locales import ENGLISH
from app.links import queries as links
from app.links.aggregate import LinkAggregate
from app.links.models import AccessRequest, Link
from app.links.pasted_ids import SelectedAsset
from app.links.status import OVER, PROVED
from tests.access.worlds import truth
from tests.access.worlds.row import GREEN, Row, Shown, Wanted
from tests.house import House, change_link
from tests.prepared import Prepared
from tests.tiktok import ALL
from tests.world import Corner

ROUNDS = 8
#: A world that refuses for ever: how many rounds until it rests, and how many without a change are rest.
MOST_ROUNDS, STILL = 80, 3
_CHOSEN = ("ad_account", "pixel", "catalog")
#: Said of things that are there: a pixel that is linked and silent; one that the agency's token may not see yet.
_THERE_ALL_THE_SAME = frozenset({"pixel_silent", "pixel_events_unread", "agency_must_reauthorize"})


@dataclass
class Stage:
    """Where a row is played. `can_look`: whether somebody's token can read what became of what was proved."""

    house: House
    row: Row
    corner: Corner
    can_look: bool

    async def load_link(self, session: AsyncSession) -> LinkAggregate:
        """The link with all that hangs on it."""
        return await links.load_link(session, self.corner.agency_id, self.corner.link_id)

    async def access_requests(self) -> Sequence[AccessRequest]:
        """The access requests of the link, in order."""
        return await self.house.access_requests(self.corner)

    async def agree(self, wanted: Sequence[Wanted], *, lane: str | None = None, account_id: str | None = None) -> None:
        """The client chooses and says yes."""
        async with change_link(self.house.tools.sessions, self.corner) as (session, link):
            if lane:
                link.choose_lane("tiktok", lane)
            link.choose_account(
                "tiktok", account_id or link.on("tiktok").client_account_id or self.row.account_id, None
            )
            for kind in _CHOSEN:
                chosen = [
                    SelectedAsset(each.asset_id, None, each.parent_asset_id) for each in wanted if each.kind == kind
                ]
                if chosen:
                    link.choose_assets("tiktok", kind, chosen)
            roles = {(each.kind, each.asset_id): each.role for each in wanted}
            for access_request in link.access_requests:
                access_request.role = roles.get(
                    (access_request.kind, access_request.asset_id or ""), access_request.role
                )
            link.give_consent("Ana Client", ["as shown"], locale=ENGLISH)
            await link.save(session)
            await handshakes.start_for_link(session, link)

    async def ask_for(self, wanted: Sequence[Wanted]) -> None:
        """The agency asks for more than the ad accounts of the preset:
        one access request for each kind, one for each person.
        """
        first = {each.kind: each for each in reversed(wanted) if each.kind in ("pixel", "catalog")}
        for each in first.values():
            await self.house.ask_for(self.corner, each.kind, each.role, needs_events=each.needs_events)
        for each in wanted:
            if each.kind == "person":
                number = ids.new("person")
                await self.house.ask_for(self.corner, "person", each.role, person_email=each.asset_id, asset_id=number)

    async def settle(self) -> None:
        """Rounds until nothing moves any more; after each, nothing may be green that is not true."""
        before: object = None
        waits = MOST_ACCEPTED if self.row.to_the_end else 0
        for _ in range(ROUNDS * (1 + waits)):
            await self.house.work(1)
            now, rests = await self._look()
            if now == before or rests:
                if not waits:
                    break
                waits -= 1
                await self.house.later(self.house.tools.timing.accepted)
            before = now
        await self._no_false_red()

    async def come_to_rest(self) -> None:
        """Rounds until nothing moves although all patience has passed; after each, nothing may be green untruly."""
        patience, still = self.house.tools.timing, 0
        before, _ = await self._look()
        for _ in range(MOST_ROUNDS):
            await self.house.work(1)
            now, _ = await self._look()
            still = still + 1 if now == before else 0
            before = now
            if still == STILL:
                return
            if still:
                await self.house.later(max(patience.settle, patience.accepted, patience.silence, patience.proof))
        pytest.fail(f"it does not come to rest: {before}")

    async def _look(self) -> tuple[object, bool]:
        """The statuses shown with the number of writes, and True if everything rests; nothing may be falsely green."""
        agency_id, link_id = self.corner.agency_id, self.corner.link_id
        writes = select(func.count()).where(
            PlatformCall.agency_id == agency_id, PlatformCall.purpose.in_(("share", "unshare"))
        )
        moving = exists().where(
            Handshake.agency_id == agency_id, Handshake.due_at.is_not(None), Handshake.watching.is_(False)
        )
        here = select(Link.status, writes.scalar_subquery(), moving).where(
            Link.agency_id == agency_id, Link.id == link_id
        )
        async with reading(self.house.tools.sessions) as session:
            status, written, moves = (await session.execute(here)).one()
            asked = await links.access_requests(session, agency_id, link_id)
            if status == "completed" or any(each.status == "verified" for each in asked):
                self._no_false_green(await self.load_link(session), await self.house.tiktok.world())
        shown = [(each.id, each.status, each.code, each.next_actor, each.seen_by) for each in asked]
        return (shown, written), not moves

    def _no_false_green(self, link: LinkAggregate, world: dict[str, Any]) -> None:
        """Nothing is verified, and no link complete, that is not so at TikTok."""
        for access_request in link.access_requests if self.can_look else ():
            if (
                access_request.status == "verified" and access_request.unwanted_at is None
            ):  # else it is shown as leaving, and we may be at it
                sees = truth.in_force(world, link.access_requests, access_request, self._account_id(link))
                covers = access_request.kind == "person" and sees == "ADMIN"  # of the whole Business Center
                assert covers or sees == access_request.role, (
                    f"false green: {access_request.kind} {access_request.asset_id} is {sees}"
                )
                assert access_request.role_seen == sees
                assert not access_request.needs_events or truth.is_busy(world, access_request), (
                    f"false green: {access_request.asset_id} is silent"
                )
        statuses = {access_request.status for access_request in link.access_requests if access_request.required}
        if link.link.status == "completed":  # what merely cannot be read any more is the agency's to mend
            assert statuses <= {*PROVED, *OVER, "unverifiable"}, f"complete, with {statuses}"

    async def _no_false_red(self) -> None:
        world = await self.house.tiktok.world()
        async with self.house.tools.sessions() as session:
            link = await self.load_link(session)
            agency_looks = await connections.of_agency(session, self.corner.agency_id, "tiktok") is not None
        for access_request in link.access_requests:
            if (
                access_request.status in ("blocked", "drifted", "awaiting_client")
                and access_request.code not in _THERE_ALL_THE_SAME
            ):
                there = (
                    truth.in_force(world, link.access_requests, access_request, self._account_id(link))
                    if agency_looks
                    else None
                )
                assert there != access_request.role, (
                    f"false red: {access_request.kind} {access_request.asset_id} is {there}, shown "
                    f"{access_request.code}"
                )

    def _account_id(self, link: LinkAggregate) -> str:
        return link.on("tiktok").client_account_id or self.row.account_id


async def play(house: House, row: Row, prepared: Prepared | None = None) -> Stage:
    """From the world of a row to what is shown before and after the humans did their part."""
    patience = RetryTiming(settle=timedelta(seconds=row.settle), proof=timedelta(seconds=row.proof))
    stage = await begin(house, row, patience, prepared)
    for do in row.then:
        await do(stage)
    await stage.settle()
    if row.behind:
        await _expect(stage, (GREEN,), "before anything happens behind our back")
        stage.can_look = not row.blind
        for do in row.behind:
            await do(stage)
        await stage.settle()
    await _expect(stage, row.before, "before the humans did their part")
    stage.can_look = True
    for do in row.mend:
        await do(stage)
    if row.mend:
        await stage.settle()
    await _expect(stage, row.after, "after the humans did their part")
    return stage


async def begin(house: House, row: Row, patience: RetryTiming, prepared: Prepared | None = None) -> Stage:
    """The world of a row up to the client's yes, which rows with the same seeded world and wishes share."""
    patient = replace(house.tools, timing=patience)
    stage = Stage(replace(house, tools=patient), row, house.world.north, can_look=True)
    if row.make or prepared is None:
        await _until_the_yes(stage)
    else:
        asked = (tuple(row.wanted), row.lane, row.person, row.ticked, row.account_id, row.agency, patience)
        await prepared.reach(asked, lambda: _until_the_yes(stage))
    return stage


async def _until_the_yes(stage: Stage) -> None:
    row = stage.row
    for do in row.make:
        await do(stage)
    await stage.ask_for(row.wanted)
    if row.agency:
        await stage.house.connect_agency(stage.corner)
    if row.person and row.lane == "connected":
        ticked = ALL if row.ticked is None else row.ticked
        await stage.house.connect_client(stage.corner, row.person, ticked=ticked)
    await stage.agree(row.wanted, lane=row.lane, account_id=row.account_id)


async def _expect(stage: Stage, expected: Sequence[Shown], when: str) -> None:
    """One entry for each access request, or one for all of them."""
    order = ("ad_account", "pixel", "catalog", "person")
    access_requests = sorted(await stage.access_requests(), key=lambda access_request: order.index(access_request.kind))
    shown = [
        Shown(access_request.status, access_request.code, access_request.next_actor)
        for access_request in access_requests
    ]
    wanted = list(expected) if len(expected) == len(stage.row.wanted) else list(expected) * len(stage.row.wanted)
    assert shown == wanted, f"{when}: {shown}, not {wanted}"
