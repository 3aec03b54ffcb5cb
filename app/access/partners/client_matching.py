"""Matching of partners to clients: a known client, a new one, or the record that the agency names."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access.grants.models import Grant
from app.access.partners import queries
from app.access.partners.models import Partner
from app.events.recorder import KEYTURN
from app.tenants.clients import service as clients


async def alone(session: AsyncSession, agency_id: str, platform: str, bc_id: str) -> None:
    """Until the transaction ends nobody else decides whose Business Center this is. To be taken before any row."""
    place = f"partners:{agency_id}:{platform}:{bc_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(place, 0))))


async def settle(session: AsyncSession, partner: Partner) -> str:
    """The client of a partner that shares something: the one it is known as, else one made in its name.

    A client made for it gives way to a record that has come to be known since.
    """
    if partner.linked and partner.client_id is not None:
        return partner.client_id
    known = await queries.client_of(session, partner.agency_id, partner.platform, partner.bc_id)
    if known is None:
        made, _ = await clients.create_client(
            session, partner.agency_id, actor=KEYTURN, name=partner.name, origin="found"
        )
        known = (made.id, False)
    client_id, is_record = known
    if partner.client_id is not None and partner.client_id != client_id and await is_leaving(session, partner):
        return partner.client_id
    if (partner.client_id, partner.linked) != known:
        await move(session, partner, client_id, linked=is_record, actor=KEYTURN)
    return client_id


async def match(session: AsyncSession, agency_id: str, platform: str, bc_id: str) -> None:
    """A link came to know its Business Center: what an import found of it belongs to the client of the link."""
    await alone(session, agency_id, platform, bc_id)
    for partner in await queries.of_center(session, agency_id, platform, bc_id, lock=True):
        if partner.client_id is not None:
            await settle(session, partner)


async def is_leaving(session: AsyncSession, partner: Partner) -> bool:
    """True if access found of this partner is being taken away: the handshake at work on it knows its client."""
    rows = select(Grant.id).where(*_found(partner), Grant.status == "revoking")
    return (await session.execute(select(rows.exists()))).scalar_one()


async def move(session: AsyncSession, partner: Partner, client_id: str, *, linked: bool, actor: str) -> None:
    """The partner, and all access found of it, is this client's from now on; `alone` was called before.

    A client that an import had made for it is removed, unless something else hangs on it.
    """
    everywhere = await queries.of_center(session, partner.agency_id, partner.platform, partner.bc_id, lock=True)
    before = {each.client_id for each in everywhere if each.client_id not in (None, client_id)}
    for each in everywhere:
        each.client_id, each.linked = client_id, linked
    await session.flush()
    await _drop_doubles(session, partner, client_id)
    moved = update(Grant).where(*_found(partner), Grant.client_id != client_id).values(client_id=client_id)
    await session.execute(moved.execution_options(synchronize_session=False))
    for old in sorted(filter(None, before)):
        await clients.remove_found_client(session, partner.agency_id, old, actor=actor)


async def _drop_doubles(session: AsyncSession, partner: Partner, client_id: str) -> None:
    """The client has the very same access by its own: that row stays, with its access request and its history."""
    own = aliased(Grant)
    same = (
        select(own.id)
        .where(
            own.agency_id == partner.agency_id, own.client_id == client_id, own.platform == Grant.platform,
            own.kind == Grant.kind, own.asset_id == Grant.asset_id, own.agency_bc_id == Grant.agency_bc_id,
            func.coalesce(own.parent_asset_id, "") == func.coalesce(Grant.parent_asset_id, ""), own.status != "ended",
        )
        .exists()
    )  # fmt: skip
    doubles = delete(Grant).where(*_found(partner), Grant.client_id != client_id, Grant.status != "ended", same)
    await session.execute(doubles.execution_options(synchronize_session=False))


def _found(partner: Partner):  # type: ignore[no-untyped-def]  # conditions; their types say less than their words
    """The grants of this Business Center that nobody asked for here."""
    return (
        Grant.agency_id == partner.agency_id, Grant.platform == partner.platform, Grant.bc_id == partner.bc_id,
        Grant.access_request_id.is_(None),
    )  # fmt: skip
