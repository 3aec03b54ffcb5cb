"""Partners: reading them, and matching them to clients: a known client, a new one, or the agency's choice."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Select, and_, delete, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.access.grants.models import Grant
from app.access.handshakes import Handshake
from app.access.partners.models import Partner
from app.events import catalog
from app.events.recorder import record
from app.events.schema import PartnerData
from app.kit.actor import Actor, system_actor
from app.kit.errors import AppError, NotFound
from app.links.models import Link, LinkPlatform
from app.platforms import declarations
from app.tenants.clients import service as clients
from app.tenants.clients.models import Client

Filter = Literal["linked", "unlinked"]


class PartnerRequestedElsewhere(AppError):
    """Another client record has grants of this partner from its links."""

    status = 409
    code = "partner_requested_elsewhere"
    detail = "Access of this partner was requested on links of another client record."
    hint = "Both are one company: use that client record, or revoke its grants first."


class PartnerLeaving(AppError):
    """Grants of this partner are being removed."""

    status = 409
    code = "partner_leaving"
    detail = "Some of this partner's access is being removed; until then the partner keeps its client."
    hint = "Try again when GET /api/v1/grants shows no grant of it as `revoking`."


async def find(session: AsyncSession, agency_id: str, partner_id: str) -> Partner:
    """One partner. Raises NotFound."""
    found = await session.get(Partner, (agency_id, partner_id))
    if found is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    before: str | None = None,
    only: Filter | None = None,
    words: str = "",
) -> Sequence[Partner]:
    """Partners, newest first; `before` is the id of the last one of the page before.

    `words`: part of the name, or the whole id at the platform.
    """
    rows = select(Partner).where(Partner.agency_id == agency_id)
    if words:
        rows = rows.where(Partner.name.icontains(words, autoescape=True) | (Partner.account_id == words))
    if before:
        rows = rows.where(Partner.id < before)
    if only:
        rows = rows.where(Partner.linked.is_(only == "linked"))
    return (await session.scalars(rows.order_by(Partner.id.desc()).limit(limit))).all()


async def shared(session: AsyncSession, agency_id: str, partners: Sequence[Partner]) -> Mapping[tuple[str, str], int]:
    """Numbers of assets that partners share now, requested or found, by both Business Centers."""
    rows = (
        select(Grant.client_account_id, Grant.agency_account_id, func.count())
        .where(
            Grant.agency_id == agency_id,
            Grant.client_account_id.in_({partner.account_id for partner in partners}),
            Grant.kind.in_(declarations.keys(lambda kind: kind.between_partners)),
            Grant.status.in_(("live", "revoking")),
        )
        .group_by(Grant.client_account_id, Grant.agency_account_id)
    )
    return {
        (account_id, agency_account_id): count for account_id, agency_account_id, count in await session.execute(rows)
    }


async def of_center(
    session: AsyncSession, agency_id: str, platform: str, account_id: str, *, lock: bool = False
) -> Sequence[Partner]:
    """A Business Center as a partner of each of the agency's; `lock` reloads and locks the rows."""
    rows = select(Partner).where(
        Partner.agency_id == agency_id, Partner.platform == platform, Partner.account_id == account_id
    )  # fmt: skip
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(rows.order_by(Partner.id))).all()


async def client_of(session: AsyncSession, agency_id: str, platform: str, account_id: str) -> tuple[str, bool] | None:
    """The client of a Business Center, and True if it is a record of the agency; None if unknown.

    The agency's choice comes first, then grants, then handshakes, then the intake of links.
    """
    grants = _source(2, True, Grant.client_id, Grant.created_at).where(
        Grant.agency_id == agency_id,
        Grant.platform == platform,
        Grant.client_account_id == account_id,
        Grant.access_request_id.is_not(None),
        Grant.status != "ended",
    )
    handshakes = (
        _source(3, True, Handshake.client_id, Handshake.created_at)
        .join(Client, and_(Client.agency_id == Handshake.agency_id, Client.id == Handshake.client_id))
        .where(
            Handshake.agency_id == agency_id, Handshake.platform == platform, Handshake.client_account_id == account_id,
            Client.origin == "made",
        )
    )  # fmt: skip
    chosen = (
        _source(4, True, Link.client_id, Link.created_at)
        .join(LinkPlatform, and_(LinkPlatform.agency_id == Link.agency_id, LinkPlatform.link_id == Link.id))
        .where(
            Link.agency_id == agency_id, LinkPlatform.platform == platform,
            LinkPlatform.client_account_id == account_id,
        )
    )  # fmt: skip
    every = union_all(*(_partners(agency_id, platform, account_id)), grants, handshakes, chosen).subquery()
    rows = select(every.c.client_id, every.c.is_record).order_by(every.c.rank, every.c.since, every.c.client_id)
    found = (await session.execute(rows.limit(1))).one_or_none()
    return (found[0], found[1]) if found else None


def _partners(agency_id: str, platform: str, account_id: str) -> tuple[Select[Any], Select[Any]]:
    """Clients that a partner may match: the agency's choice first, last the client made for another Business Center."""
    linked = _source(1, True, Partner.client_id, Partner.first_seen_at)
    made = _source(5, False, Partner.client_id, Partner.first_seen_at)
    here = (Partner.agency_id == agency_id, Partner.platform == platform, Partner.account_id == account_id)
    return linked.where(*here, Partner.linked), made.where(*here, Partner.client_id.is_not(None))


def _source(rank: int, is_record: bool, client_id: Any, since: Any) -> Select[Any]:
    return select(
        literal(rank).label("rank"), literal(is_record).label("is_record"), client_id.label("client_id"),
        since.label("since"),
    )  # fmt: skip


async def link_partner(
    session: AsyncSession, agency_id: str, partner_id: str, *, client_id: str, actor: Actor
) -> Partner:
    """Link a partner to a client: found grants move there. Repeating it changes nothing.

    Raises NotFound, PartnerRequestedElsewhere, PartnerLeaving.
    """
    partner = await find(session, agency_id, partner_id)
    client = await clients.find(session, agency_id, client_id)
    await lock_business_center(session, agency_id, partner.platform, partner.account_id)
    await session.refresh(partner)
    if partner.client_id == client_id and partner.linked:
        return partner
    if await _is_asked_elsewhere(session, partner, client_id):
        raise PartnerRequestedElsewhere
    if partner.client_id != client_id and await is_leaving(session, partner):
        raise PartnerLeaving
    await move_to_client(session, partner, client_id, linked=True, actor=actor)
    await record(
        session, catalog.PARTNER_LINKED, agency_id=agency_id, subject_id=partner.id, actor=actor,
        data=PartnerData(
            **clients.facts(client), platform=partner.platform, platform_account_id=partner.account_id
        ),
    )  # fmt: skip
    return partner


async def _is_asked_elsewhere(session: AsyncSession, partner: Partner, client_id: str) -> bool:
    rows = select(Grant.id).where(
        Grant.agency_id == partner.agency_id, Grant.platform == partner.platform,
        Grant.client_account_id == partner.account_id,
        Grant.access_request_id.is_not(None), Grant.status != "ended", Grant.client_id != client_id,
    )  # fmt: skip
    return (await session.execute(select(rows.exists()))).scalar_one()


async def match_account(session: AsyncSession, agency_id: str, platform: str, account_id: str) -> None:
    """Match the partners of a Business Center that a link names: their found grants move to the client of the link."""
    await lock_business_center(session, agency_id, platform, account_id)
    for partner in await of_center(session, agency_id, platform, account_id, lock=True):
        if partner.client_id is not None:
            await match_partner(session, partner)


async def match_partner(session: AsyncSession, partner: Partner) -> str:
    """The client of a partner that shares something: the known one, else a new one with its name.

    A record that became known later replaces a client that was created for it.
    """
    if partner.linked and partner.client_id is not None:
        return partner.client_id
    known = await client_of(session, partner.agency_id, partner.platform, partner.account_id)
    if known is None:
        made, _ = await clients.create_client(
            session, partner.agency_id, actor=system_actor(), name=partner.name, origin="found"
        )
        known = (made.id, False)
    client_id, is_record = known
    if partner.client_id is not None and partner.client_id != client_id and await is_leaving(session, partner):
        return partner.client_id
    if (partner.client_id, partner.linked) != known:
        await move_to_client(session, partner, client_id, linked=is_record, actor=system_actor())
    return client_id


async def lock_business_center(session: AsyncSession, agency_id: str, platform: str, account_id: str) -> None:
    """Lock the matching of a Business Center until the commit. Must come before any row lock."""
    place = f"partners:{agency_id}:{platform}:{account_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(place, 0))))


async def is_leaving(session: AsyncSession, partner: Partner) -> bool:
    """True if found grants of this partner are being removed: their handshake depends on the client."""
    rows = select(Grant.id).where(*_found(partner), Grant.status == "revoking")
    return (await session.execute(select(rows.exists()))).scalar_one()


async def move_to_client(
    session: AsyncSession, partner: Partner, client_id: str, *, linked: bool, actor: Actor
) -> None:
    """Move a partner and its found grants to a client; the caller holds `lock_business_center`.

    A client that an import created for it is removed, unless something else refers to it.
    """
    everywhere = await of_center(session, partner.agency_id, partner.platform, partner.account_id, lock=True)
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
    """Delete found grants that the client has itself: its row stays, with access request and history."""
    own = aliased(Grant)
    same = (
        select(own.id)
        .where(
            own.agency_id == partner.agency_id, own.client_id == client_id, own.platform == Grant.platform,
            own.kind == Grant.kind, own.asset_id == Grant.asset_id, own.agency_account_id == Grant.agency_account_id,
            func.coalesce(own.parent_asset_id, "") == func.coalesce(Grant.parent_asset_id, ""), own.status != "ended",
        )
        .exists()
    )  # fmt: skip
    doubles = delete(Grant).where(*_found(partner), Grant.client_id != client_id, Grant.status != "ended", same)
    await session.execute(doubles.execution_options(synchronize_session=False))


def _found(partner: Partner):  # type: ignore[no-untyped-def]  # conditions
    """Conditions: grants of this Business Center without access request."""
    return (
        Grant.agency_id == partner.agency_id, Grant.platform == partner.platform,
        Grant.client_account_id == partner.account_id,
        Grant.access_request_id.is_(None),
    )  # fmt: skip
