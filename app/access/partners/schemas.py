"""Partners, as the API and the command line take and show them."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.partners import queries
from app.access.partners.models import Partner
from app.kit.input.fields import PublicId, RequestShape, Time


class PartnerView(BaseModel):
    """Another Business Center that works with one of yours, as the platform lists it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["partner_01ksy1q3e0fzs8qj5m8g3d4w80"])
    platform: str = Field(examples=["tiktok"])
    agency_bc_id: str = Field(description="Your Business Center.", examples=["7000999988887777666"])
    bc_id: str = Field(description="The partner's.", examples=["7111222233334444555"])
    name: str = Field(description="As the platform gives it.", examples=["Brand SA"])
    client_id: str | None = Field(
        description="The client it is; null as long as it shares nothing with you.",
        examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"],
    )
    linked: bool = Field(
        description="The client is a record of yours, not one made by the import.",
        examples=[False],
    )
    shared: int = Field(description="Ad accounts and catalogs it shares with you now.", examples=[3])
    first_seen_at: Time
    last_seen_at: Time
    gone_at: Time | None = Field(description="Since when the platform lists it no more.")

    @classmethod
    async def many(cls, session: AsyncSession, agency_id: str, rows: Sequence[Partner]) -> "list[PartnerView]":
        """From the rows, with how much each shares."""
        counted = await queries.shared(session, agency_id, rows)
        return [
            cls(
                id=row.id, platform=row.platform, agency_bc_id=row.agency_bc_id, bc_id=row.bc_id, name=row.name,
                client_id=row.client_id, linked=row.linked, shared=counted.get((row.bc_id, row.agency_bc_id), 0),
                first_seen_at=row.first_seen_at, last_seen_at=row.last_seen_at, gone_at=row.gone_at,
            )
            for row in rows
        ]  # fmt: skip


class PartnersClient(RequestShape):
    """Client of a partner."""

    client_id: PublicId = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
