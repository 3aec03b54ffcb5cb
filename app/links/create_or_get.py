"""Creation of a link from outside: for a client that may be new, once for each id in the agency's CRM."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.links import queries, service
from app.links.aggregate import LinkAggregate
from app.tenants.clients import service as clients


@dataclass(frozen=True)
class LinkRequest:
    """Request for a link. `client`: fields of a client given with the request, else `client_id`."""

    preset: str
    client_id: str | None = None
    client: Mapping[str, Any] | None = None
    expires_at: datetime | None = None
    external_id: str | None = None
    requested_by: str | None = None
    agency_bc_id: str | None = None


async def order_link(
    session: AsyncSession, agency_id: str, wanted: LinkRequest, *, keyring: Keyring, public_url: str, actor: str
) -> tuple[LinkAggregate, str | None]:
    """The link and, if it is new, its address: it counts as sent. A known `external_id` gives the existing one.

    Raises NotFound, PresetUnknown, BusinessCenterMissing, InvalidInput.
    """
    if wanted.external_id is None:
        return await _create(session, agency_id, wanted, keyring, public_url, actor)
    if known := await _known(session, agency_id, wanted.external_id):
        return known, None
    try:
        async with session.begin_nested():
            return await _create(session, agency_id, wanted, keyring, public_url, actor)
    except IntegrityError:  # somebody else was a moment faster
        if known := await _known(session, agency_id, wanted.external_id):
            return known, None
        raise


async def _known(session: AsyncSession, agency_id: str, external_id: str) -> LinkAggregate | None:
    link = await queries.by_external_id(session, agency_id, external_id)
    return await queries.load_link(session, agency_id, link.id) if link else None


async def _create(
    session: AsyncSession, agency_id: str, wanted: LinkRequest, keyring: Keyring, public_url: str, actor: str
) -> tuple[LinkAggregate, str]:
    client_id = wanted.client_id
    if client_id is None:
        client, _ = await clients.create_client(session, agency_id, actor=actor, **(wanted.client or {}))
        client_id = client.id
    made, token = await service.create_link(
        session, agency_id, client_id=client_id, preset=wanted.preset, keyring=keyring, actor=actor,
        expires_at=wanted.expires_at, external_id=wanted.external_id, requested_by=wanted.requested_by,
        agency_bc_id=wanted.agency_bc_id, sent=True,
    )  # fmt: skip
    return made, service.address_of(made, token, public_url)
