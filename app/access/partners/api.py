"""JSON routes: partners."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.partners import service
from app.access.partners import service as partners
from app.access.partners.models import Partner
from app.access.partners.service import Filter
from app.kit.database import Session
from app.kit.input.fields import Line200, PublicId, RequestShape, Time
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router("/partners")
Reader = Annotated[Principal, requires("grants:read")]
Writer = Annotated[Principal, requires("clients:write")]


class PartnerView(BaseModel):
    """Another Business Center that works with one of yours, as the platform lists it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["partner_01ksy1q3e0fzs8qj5m8g3d4w80"])
    platform: str = Field(examples=["tiktok"])
    agency_account_id: str = Field(description="Your Business Center.", examples=["7000999988887777666"])
    account_id: str = Field(description="The partner's.", examples=["7111222233334444555"])
    name: str = Field(description="From the platform.", examples=["Brand SA"])
    client_id: str | None = Field(
        description="Its client; null while it shares nothing with you.",
        examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"],
    )
    linked: bool = Field(
        description="The client is a record of yours, not one that an import created.",
        examples=[False],
    )
    shared: int = Field(description="Ad accounts and catalogs it shares with you now.", examples=[3])
    first_seen_at: Time
    last_seen_at: Time
    gone_at: Time | None = Field(description="Time from which the platform no longer lists it.")

    @classmethod
    async def many(cls, session: AsyncSession, agency_id: str, rows: Sequence[Partner]) -> "list[PartnerView]":
        """From the rows, with the number of shared assets of each."""
        counted = await partners.shared(session, agency_id, rows)
        return [
            cls(
                id=row.id, platform=row.platform, agency_account_id=row.agency_account_id, account_id=row.account_id,
                name=row.name,
                client_id=row.client_id, linked=row.linked, shared=counted.get((row.account_id,
                row.agency_account_id), 0),
                first_seen_at=row.first_seen_at, last_seen_at=row.last_seen_at, gone_at=row.gone_at,
            )
            for row in rows
        ]  # fmt: skip


class PartnersClient(RequestShape):
    """Client of a partner."""

    client_id: PublicId = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])


@router.get("")
async def list_partners(
    caller: Reader,
    session: Session,
    only: Annotated[
        Filter | None, Query(description="Only those that are linked to a client record of yours, or that are not.")
    ] = None,
    q: Annotated[Line200 | None, Query(description="Part of the name, or the whole id at the platform.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PartnerView]:
    """List the partners of your Business Centers, newest first, including those that are gone."""
    rows = await service.page(
        session, caller.agency_id, limit=limit + 1, before=before(cursor, "partner"), only=only, words=q or ""
    )  # fmt: skip
    return by_id(await PartnerView.many(session, caller.agency_id, rows), limit)


@router.get("/{partner_id}")
async def get_partner(caller: Reader, session: Session, partner_id: str) -> PartnerView:
    """Retrieve a partner."""
    row = await service.find(session, caller.agency_id, partner_id)
    return (await PartnerView.many(session, caller.agency_id, [row]))[0]


@router.put("/{partner_id}/client")
async def link_partner(caller: Writer, session: Session, partner_id: str, given: PartnersClient) -> PartnerView:
    """Link a partner to a client record of yours.

    Its found grants move there, and a client that an import created for it is removed.
    """
    row = await service.link_partner(
        session, caller.agency_id, partner_id, client_id=given.client_id, actor=caller.actor
    )
    return (await PartnerView.many(session, caller.agency_id, [row]))[0]
