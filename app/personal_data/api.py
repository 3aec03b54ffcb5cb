"""JSON routes: personal data of a client and of a link."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import Session
from app.kit.i18n.locales import english
from app.personal_data import service
from app.personal_data.service import Extent
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router

router = api_router()
Reader = Annotated[Principal, requires("clients:read")]
Eraser = Annotated[Principal, requires("clients:erase")]


class PersonalDataView(BaseModel):
    """Personal data that an erasure erases, and what stays."""

    client_id: str = Field(examples=["client_01ksy1q3e0fzs8qj5m8g3d4w7t"])
    link_ids: list[str] = Field(description="The links.", examples=[["link_01ksy1q3e0fzs8qj5m8g3d4w7s"]])
    counts: dict[str, int] = Field(
        description=f"Number of entries by kind: {', '.join(f'`{kind}`' for kind in service.COUNTED)}.",
        examples=[dict.fromkeys(service.COUNTED, 1)],
    )
    grants: int = Field(description="Grants of the client that exist. They stay.", examples=[2])
    erased: list[str] = Field(description="What an erasure erases, in sentences.")
    kept: list[str] = Field(description="What stays, with the reason, in sentences.")
    effects: list[str] = Field(description="What follows, in sentences.")

    @classmethod
    async def of(cls, session: AsyncSession, extent: Extent) -> "PersonalDataView":
        """The personal data of an extent, now."""
        found = await service.inventory(session, extent)
        return cls(
            client_id=extent.client.id, link_ids=extent.link_ids, counts=dict(found.counts), grants=found.grants,
            erased=[english(each) for each in service.erased_by(extent)],
            kept=[english(each) for each in service.KEPT], effects=[english(each) for each in service.EFFECTS],
        )  # fmt: skip


@router.get("/clients/{client_id}/personal-data")
async def get_client_personal_data(caller: Reader, session: Session, client_id: str) -> PersonalDataView:
    """Return which personal data of a client and its links there are, and what an erasure would leave."""
    return await PersonalDataView.of(session, await service.of_client(session, caller.agency_id, client_id))


@router.delete("/clients/{client_id}/personal-data")
async def erase_client_personal_data(
    request: Request, caller: Eraser, session: Session, client_id: str
) -> PersonalDataView:
    """Erase the personal data of a client and all its links, for ever, and revoke the links. Shared access stays.

    The client gets a neutral name and keeps its id in your CRM. Returns what is left. Can be repeated.
    """
    return await _erase(request, caller, session, await service.of_client(session, caller.agency_id, client_id))


@router.get("/links/{link_id}/personal-data")
async def get_link_personal_data(caller: Reader, session: Session, link_id: str) -> PersonalDataView:
    """Return which personal data of the client there are on one link, and what an erasure would leave."""
    return await PersonalDataView.of(session, await service.of_link(session, caller.agency_id, link_id))


@router.delete("/links/{link_id}/personal-data")
async def erase_link_personal_data(
    request: Request, caller: Eraser, session: Session, link_id: str
) -> PersonalDataView:
    """Erase the client's personal data on one link, for ever, and revoke it. Shared access stays.

    The name and contact of the client stay, as its other links use them. Returns what is left. Can be repeated.
    """
    return await _erase(request, caller, session, await service.of_link(session, caller.agency_id, link_id))


async def _erase(request: Request, caller: Principal, session: AsyncSession, extent: Extent) -> PersonalDataView:
    services = services_of(request)
    await service.erase(session, extent, keyring=services.keyring, public_url=services.public_url, actor=caller.actor)
    return await PersonalDataView.of(session, extent)
