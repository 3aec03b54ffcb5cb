"""Two at once: of two who use one invitation one joins, and of two owners who leave one stays; the last invitation."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import Sessions
from app.tenants.members import service as members
from tests.dashboard.conftest import CHEAP_HASH
from tests.tenants.api_keys.test_idempotency import until_waiting
from tests.world import World

Act = Callable[[AsyncSession], Awaitable[object]]


async def _second_refused(sessions: Sessions, first: Act, second: Act, refusal: type[Exception]) -> None:
    """Both begin before either is committed; the second is refused."""

    async def later() -> None:
        async with sessions.begin() as session:
            await second(session)

    async with sessions.begin() as session:
        await first(session)
        await session.flush()
        other = asyncio.create_task(later())
        waiting = asyncio.create_task(until_waiting(sessions))
        await asyncio.wait({other, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    with pytest.raises(refusal):
        await other


async def test_of_two_with_one_invitation_one_joins(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        _, token = await members.invite(session, agency_id, email=None, role="owner")

    def join(name: str) -> Act:
        return lambda session: members.join(
            session, token, name=name, email=f"{name}@x.example", password_hash=CHEAP_HASH
        )

    await _second_refused(sessions, join("ada"), join("eve"), members.InvitationEnded)
    async with sessions() as session:
        assert [each.name for each in await members.every(session, agency_id)] == ["ada"]


async def test_of_two_owners_who_leave_one_stays(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        ada, bo = [
            await members.add(
                session, agency_id, name=name, email=f"{name}@x.example", role="owner", password_hash=CHEAP_HASH
            )
            for name in ("ada", "bo")
        ]  # fmt: skip
    await _second_refused(
        sessions,
        lambda session: members.remove(session, agency_id, ada.id, by="owner"),
        lambda session: members.change_role(session, agency_id, bo.id, "viewer", by="owner"),
        members.LastOwner,
    )
    async with sessions() as session:
        assert [(each.name, each.role) for each in await members.every(session, agency_id)] == [("bo", "owner")]


async def test_of_two_who_make_the_last_invitation_one_is_refused(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        for _ in range(members.MOST_INVITATIONS - 1):
            await members.invite(session, agency_id, email=None, role="viewer")

    def invite(session: AsyncSession) -> Awaitable[object]:
        return members.invite(session, agency_id, email=None, role="viewer")

    await _second_refused(sessions, invite, invite, members.TooManyInvitations)
    async with sessions.begin() as session:
        pending = await members.pending_invitations(session, agency_id)
        assert len(pending) == members.MOST_INVITATIONS
        await members.withdraw(session, agency_id, pending[0].id, by="owner")
        await members.invite(session, agency_id, email=None, role="viewer")
        await members.invite(session, world.south.agency_id, email=None, role="viewer")
