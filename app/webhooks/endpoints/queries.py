"""Queries of endpoints and their valid secrets."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.kit.errors import NotFound
from app.webhooks import message
from app.webhooks.models import Endpoint, EndpointHealth, EndpointSecret


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


async def locked(session: AsyncSession, agency_id: str, endpoint_id: str) -> Endpoint:
    """The endpoint, read again and locked until the transaction ends. Raises NotFound.

    The row of its health is locked first, as when attempts are recorded, which prevents deadlocks.
    """
    health = select(EndpointHealth.id).where(EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint_id)
    await session.execute(health.with_for_update(key_share=True))
    found = await session.scalar(
        select(Endpoint)
        .where(Endpoint.agency_id == agency_id, Endpoint.id == endpoint_id, Endpoint.deleted_at.is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def one_at_a_time(session: AsyncSession, agency_id: str) -> None:
    """Serialize the creation of endpoints of an agency until the transaction ends, so that their count is exact."""
    lock = func.hashtextextended(f"webhook endpoints {agency_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(lock)))


async def page(
    session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None, hooks_only: bool = False
) -> Sequence[Endpoint]:
    """Endpoints, newest first; `before` is the id of the last one seen."""
    query = select(Endpoint).where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
    if hooks_only:
        query = query.where(Endpoint.destination == "rest_hook")
    if before is not None:
        query = query.where(Endpoint.id < before)
    return (await session.scalars(query.order_by(Endpoint.id.desc()).limit(limit))).all()


async def every(session: AsyncSession, agency_id: str) -> Sequence[Endpoint]:
    """All endpoints of an agency that are not deleted, also disabled ones."""
    query = select(Endpoint).where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
    return (await session.scalars(query.order_by(Endpoint.id))).all()


async def hook(session: AsyncSession, agency_id: str, endpoint_id: str) -> Endpoint:
    """An endpoint created by `/hooks`, deleted or not. Raises NotFound."""
    found = await session.scalar(
        select(Endpoint).where(
            Endpoint.agency_id == agency_id, Endpoint.id == endpoint_id, Endpoint.destination == "rest_hook"
        )
    )
    if found is None:
        raise NotFound
    return found


async def others_there(session: AsyncSession, endpoint: Endpoint) -> Sequence[Endpoint]:
    """Other endpoints of the agency with the same URL."""
    rows = await every(session, endpoint.agency_id)
    return [row for row in rows if row.url == endpoint.url and row.id != endpoint.id]


async def count(session: AsyncSession, agency_id: str) -> int:
    """Number of an agency's endpoints."""
    query = select(func.count()).where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
    return (await session.execute(query)).scalar_one()


async def live_secrets(session: AsyncSession, agency_id: str, endpoint_id: str) -> Sequence[EndpointSecret]:
    """Valid secrets, the current one first."""
    live = EndpointSecret.expires_at.is_(None) | (EndpointSecret.expires_at > func.now())
    query = select(EndpointSecret).where(
        EndpointSecret.agency_id == agency_id, EndpointSecret.endpoint_id == endpoint_id, live
    )
    in_turn = (EndpointSecret.expires_at.is_not(None), EndpointSecret.id.desc())
    return (await session.scalars(query.order_by(*in_turn))).all()


async def check_opens(session: AsyncSession, keyring: Keyring, agency_id: str, endpoint_id: str) -> None:
    """Decrypt everything that deliveries to an endpoint need. Raises NotFound and DecryptionFailed."""
    endpoint = await find(session, agency_id, endpoint_id)
    open_headers(keyring, endpoint)
    open_options(keyring, endpoint)
    for each in await live_secrets(session, agency_id, endpoint_id):
        signing_key(keyring, each)


def signing_key(keyring: Keyring, row: EndpointSecret) -> bytes:
    """The key bytes of a secret. Raises DecryptionFailed."""
    return message.secret_key(open_secret(keyring, row))


def open_secret(keyring: Keyring, row: EndpointSecret) -> str:
    """A secret in its text form. Raises DecryptionFailed."""
    return keyring.decrypt(row.secret_encrypted, bound_to=secret_place(row.agency_id, row.id))


def open_headers(keyring: Keyring, endpoint: Endpoint) -> dict[str, str]:
    """The endpoint's custom headers with their values. Raises DecryptionFailed."""
    if endpoint.headers_encrypted is None:
        return {}
    opened: dict[str, str] = json.loads(
        keyring.decrypt(endpoint.headers_encrypted, bound_to=headers_place(endpoint.agency_id, endpoint.id))
    )
    return opened


def open_options(keyring: Keyring, endpoint: Endpoint) -> dict[str, Any]:
    """Options of the endpoint's destination. Raises DecryptionFailed."""
    if endpoint.options_encrypted is None:
        return {}
    opened: dict[str, Any] = json.loads(
        keyring.decrypt(endpoint.options_encrypted, bound_to=options_place(endpoint.agency_id, endpoint.id))
    )
    return opened


def encrypted_options(
    keyring: Keyring, agency_id: str, endpoint_id: str, options: Mapping[str, Any] | None
) -> bytes | None:
    """Options in their stored form; None for none."""
    if options is None:
        return None
    return keyring.encrypt(json.dumps(dict(options)), bound_to=options_place(agency_id, endpoint_id))


def secret_place(agency_id: str, secret_id: str) -> str:
    """Binding of an encrypted secret."""
    return f"webhook_secrets.secret_encrypted:{agency_id}:{secret_id}"


def headers_place(agency_id: str, endpoint_id: str) -> str:
    """Binding of encrypted headers."""
    return f"webhook_endpoints.headers_encrypted:{agency_id}:{endpoint_id}"


def options_place(agency_id: str, endpoint_id: str) -> str:
    """Binding of encrypted options."""
    return f"webhook_endpoints.options_encrypted:{agency_id}:{endpoint_id}"
