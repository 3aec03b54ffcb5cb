"""Decisions of the agency about a partner."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants.models import Grant
from app.access.partners import client_matching, queries
from app.access.partners.models import Partner
from app.events import catalog
from app.events.recorder import record
from app.kit.errors import AppError
from app.tenants.clients import service as clients


class PartnerRequestedElsewhere(AppError):
    """Another client record has access of this partner that was asked for on its links."""

    status = 409
    code = "partner_requested_elsewhere"
    detail = "Access of this partner was asked for on links of another client record."
    hint = "Both are one company: use that client record, or take its grants away first."


class PartnerLeaving(AppError):
    """Access of this partner is being taken away at this moment."""

    status = 409
    code = "partner_leaving"
    detail = "Some of this partner's access is being taken away; until it is gone the partner stays where it is."
    hint = "Try again when GET /api/v1/grants shows no grant of it as `revoking`."


async def link_partner(
    session: AsyncSession, agency_id: str, partner_id: str, *, client_id: str, actor: str
) -> Partner:
    """The partner is this client: access found of it moves there. Saying so again changes nothing.

    Raises NotFound, PartnerRequestedElsewhere, PartnerLeaving.
    """
    partner = await queries.find(session, agency_id, partner_id)
    client = await clients.find(session, agency_id, client_id)
    await client_matching.alone(session, agency_id, partner.platform, partner.bc_id)
    await session.refresh(partner)
    if partner.client_id == client_id and partner.linked:
        return partner
    if await _is_asked_elsewhere(session, partner, client_id):
        raise PartnerRequestedElsewhere
    if partner.client_id != client_id and await client_matching.is_leaving(session, partner):
        raise PartnerLeaving
    await client_matching.move(session, partner, client_id, linked=True, actor=actor)
    await record(
        session, catalog.PARTNER_LINKED, agency_id=agency_id, subject_id=partner.id, actor=actor,
        data={**clients.facts(client), "platform": partner.platform, "tiktok_bc_id": partner.bc_id},
    )  # fmt: skip
    return partner


async def _is_asked_elsewhere(session: AsyncSession, partner: Partner, client_id: str) -> bool:
    rows = select(Grant.id).where(
        Grant.agency_id == partner.agency_id, Grant.platform == partner.platform, Grant.bc_id == partner.bc_id,
        Grant.access_request_id.is_not(None), Grant.status != "ended", Grant.client_id != client_id,
    )  # fmt: skip
    return (await session.execute(select(rows.exists()))).scalar_one()
