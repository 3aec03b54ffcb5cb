"""Reading endpoints and their live secrets."""

import json
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.refusal import NotFound
from app.kit.vault import Vault
from app.webhooks.endpoints import secret
from app.webhooks.endpoints.model import Endpoint, EndpointSecret


async def find(session: AsyncSession, agency_id: str, endpoint_id: str) -> Endpoint:
    """One endpoint that is not deleted. Raises NotFound."""
    found = await session.scalar(
        select(Endpoint).where(
            Endpoint.agency_id == agency_id, Endpoint.id == endpoint_id, Endpoint.deleted_at.is_(None)
        )
    )
    if found is None:
        raise NotFound
    return found


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[Endpoint]:
    """Endpoints, newest first; `before` is the id of the last one seen."""
    query = select(Endpoint).where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
    if before is not None:
        query = query.where(Endpoint.id < before)
    return (await session.scalars(query.order_by(Endpoint.id.desc()).limit(limit))).all()


async def every(session: AsyncSession, agency_id: str) -> Sequence[Endpoint]:
    """All endpoints of an agency that are not deleted, disabled ones too."""
    query = select(Endpoint).where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
    return (await session.scalars(query.order_by(Endpoint.id))).all()


async def count(session: AsyncSession, agency_id: str) -> int:
    """How many endpoints an agency has."""
    query = select(func.count()).where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
    return (await session.execute(query)).scalar_one()


async def live_secrets(session: AsyncSession, agency_id: str, endpoint_id: str) -> Sequence[EndpointSecret]:
    """The secrets that sign now, the newest first."""
    live = EndpointSecret.expires_at.is_(None) | (EndpointSecret.expires_at > func.now())
    query = select(EndpointSecret).where(
        EndpointSecret.agency_id == agency_id, EndpointSecret.endpoint_id == endpoint_id, live
    )
    return (await session.scalars(query.order_by(EndpointSecret.id.desc()))).all()


def signing_key(vault: Vault, sealed: EndpointSecret) -> bytes:
    """The key bytes of a secret. Raises SealBroken."""
    return secret.key(vault.open(sealed.sealed, bound_to=secret_place(sealed.agency_id, sealed.id)))


def open_headers(vault: Vault, endpoint: Endpoint) -> dict[str, str]:
    """The endpoint's custom headers with their values. Raises SealBroken."""
    if endpoint.headers_sealed is None:
        return {}
    opened: dict[str, str] = json.loads(
        vault.open(endpoint.headers_sealed, bound_to=headers_place(endpoint.agency_id, endpoint.id))
    )
    return opened


def secret_place(agency_id: str, secret_id: str) -> str:
    """What a sealed secret is bound to."""
    return f"webhook_secrets.sealed:{agency_id}:{secret_id}"


def headers_place(agency_id: str, endpoint_id: str) -> str:
    """What sealed headers are bound to."""
    return f"webhook_endpoints.headers_sealed:{agency_id}:{endpoint_id}"
