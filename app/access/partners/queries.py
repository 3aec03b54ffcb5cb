"""Reading partners, and which client a Business Center belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Select, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants.models import Grant
from app.access.handshakes import Handshake
from app.access.partners.models import Partner
from app.kit.errors import NotFound
from app.links.models import Intake, Link
from app.tenants.clients.models import Client

Filter = Literal["linked", "unlinked"]


async def find(session: AsyncSession, agency_id: str, partner_id: str) -> Partner:
    """One partner. Raises NotFound."""
    found = await session.get(Partner, (agency_id, partner_id))
    if found is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None, only: Filter | None = None
) -> Sequence[Partner]:
    """Partners, the last found first; `before` is the id of the last one seen."""
    rows = select(Partner).where(Partner.agency_id == agency_id)
    if before:
        rows = rows.where(Partner.id < before)
    if only:
        rows = rows.where(Partner.linked.is_(only == "linked"))
    return (await session.scalars(rows.order_by(Partner.id.desc()).limit(limit))).all()


async def shared(session: AsyncSession, agency_id: str, partners: Sequence[Partner]) -> Mapping[tuple[str, str], int]:
    """Numbers of assets that partners share now, requested or found, by both Business Centers."""
    rows = (
        select(Grant.bc_id, Grant.agency_bc_id, func.count())
        .where(
            Grant.agency_id == agency_id,
            Grant.bc_id.in_({partner.bc_id for partner in partners}),
            Grant.kind.in_(("ad_account", "catalog")),
            Grant.status.in_(("live", "revoking")),
        )
        .group_by(Grant.bc_id, Grant.agency_bc_id)
    )
    return {(bc_id, agency_bc_id): count for bc_id, agency_bc_id, count in await session.execute(rows)}


async def of_center(
    session: AsyncSession, agency_id: str, platform: str, bc_id: str, *, lock: bool = False
) -> Sequence[Partner]:
    """A Business Center as a partner of each of the agency's; `lock` reads them anew and keeps others away."""
    rows = select(Partner).where(
        Partner.agency_id == agency_id, Partner.platform == platform, Partner.bc_id == bc_id
    )  # fmt: skip
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(rows.order_by(Partner.id))).all()


async def client_of(session: AsyncSession, agency_id: str, platform: str, bc_id: str) -> tuple[str, bool] | None:
    """The client a Business Center belongs to, and whether it is a record of the agency's; None where nobody knows.

    What the agency said comes first, then access that was proved, then handshakes, then what clients gave on a link.
    """
    grants = _source(2, True, Grant.client_id, Grant.created_at).where(
        Grant.agency_id == agency_id,
        Grant.platform == platform,
        Grant.bc_id == bc_id,
        Grant.access_request_id.is_not(None),
        Grant.status != "ended",
    )
    handshakes = (
        _source(3, True, Handshake.client_id, Handshake.created_at)
        .join(Client, and_(Client.agency_id == Handshake.agency_id, Client.id == Handshake.client_id))
        .where(
            Handshake.agency_id == agency_id, Handshake.platform == platform, Handshake.bc_id == bc_id,
            Client.origin == "made",
        )
    )  # fmt: skip
    intakes = (
        _source(4, True, Link.client_id, Link.created_at)
        .join(Intake, and_(Intake.agency_id == Link.agency_id, Intake.id == Link.id))
        .where(Link.agency_id == agency_id, Intake.bc_id == bc_id)
    )
    every = union_all(*(_partners(agency_id, platform, bc_id)), grants, handshakes, intakes).subquery()
    rows = select(every.c.client_id, every.c.is_record).order_by(every.c.rank, every.c.since, every.c.client_id)
    found = (await session.execute(rows.limit(1))).one_or_none()
    return (found[0], found[1]) if found else None


def _partners(agency_id: str, platform: str, bc_id: str) -> tuple[Select[Any], Select[Any]]:
    """Clients that a partner may match: the agency's choice first, last the client made for another Business Center."""
    linked = _source(1, True, Partner.client_id, Partner.first_seen_at)
    made = _source(5, False, Partner.client_id, Partner.first_seen_at)
    here = (Partner.agency_id == agency_id, Partner.platform == platform, Partner.bc_id == bc_id)
    return linked.where(*here, Partner.linked), made.where(*here, Partner.client_id.is_not(None))


def _source(rank: int, is_record: bool, client_id: Any, since: Any) -> Select[Any]:
    return select(
        literal(rank).label("rank"), literal(is_record).label("is_record"), client_id.label("client_id"),
        since.label("since"),
    )  # fmt: skip
