"""Endpoints made ready to be sent to: opened once, and again when their row changes."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Uuid, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import bulk_params
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import DecryptionFailed, Keyring
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints.models import Endpoint, EndpointSecret

lines = structlog.get_logger(__name__)

#: As many are kept; a larger installation opens some of them again.
AT_MOST = 5000

Key = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class EndpointSnapshot:
    """What sending needs of an endpoint. `keys` with the moment at which each ends, the current one first."""

    agency_id: str
    id: str
    url: str
    destination: str
    seconds: float
    retry_policy: str | Sequence[int]
    concurrency: int
    hook: bool
    headers: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    keys: Sequence[tuple[bytes, datetime | None]] = field(repr=False)

    def signing(self, now: datetime) -> tuple[bytes, ...]:
        """The keys that sign now."""
        return tuple(key for key, until in self.keys if until is None or until > now)


class EndpointCache:
    """The prepared endpoints of one process, each under the stamp of the row it was made of."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._kept: dict[Key, tuple[str, EndpointSnapshot]] = {}

    async def get(self, sessions: Sessions, stamps: Mapping[Key, str]) -> dict[uuid.UUID, EndpointSnapshot]:
        """These endpoints by id, read again where their stamp has changed; deleted ones too, but none that
        cannot be opened.

        The stamp is the transaction that wrote the row last. Whoever changes a secret changes the endpoint too.
        """
        if len(self._kept) > AT_MOST:
            self._kept.clear()
        stale = [key for key in stamps if key not in self._kept or self._kept[key][0] != stamps[key]]
        if stale:
            for key in stale:
                self._kept.pop(key, None)
            async with sessions() as session:
                read = await _read(session, stale, self._keyring)
            self._kept |= {key: (stamps[key], made) for key, made in read.items()}
        return {key[1]: self._kept[key][1] for key in stamps if key in self._kept}


async def _read(session: AsyncSession, keys: Sequence[Key], keyring: Keyring) -> dict[Key, EndpointSnapshot]:
    columns: bulk_params.Columns = {"agency_id": Uuid(), "id": Uuid()}
    asked = bulk_params.table("asked", columns)
    query = select(asked.c.agency_id, asked.c.id, Endpoint).where(
        Endpoint.agency_id == asked.c.agency_id, Endpoint.id == asked.c.id
    )
    given = bulk_params.values("asked", columns, sorted(keys))
    found = (await session.execute(query.execution_options(populate_existing=True, **CROSS_TENANT), given)).all()
    secrets = await _secrets(session, [row[1] for row in found])
    made: dict[Key, EndpointSnapshot] = {}
    for agency_id, endpoint_id, row in found:
        try:
            made[agency_id, endpoint_id] = _prepared(row, secrets.get(endpoint_id, ()), keyring)
        except DecryptionFailed as why:  # a key was taken out of the ring: everybody else is sent to all the same
            lines.error(
                "webhooks.endpoint_encrypted",
                agency=row.agency_id,
                endpoint=row.id,
                key_id=why.key_id,
                problem=str(why),
            )
    return made


async def _secrets(session: AsyncSession, ids_: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[EndpointSecret]]:
    endpoint = type_coerce(EndpointSecret.endpoint_id, Uuid())
    live = EndpointSecret.expires_at.is_(None) | (EndpointSecret.expires_at > func.now())
    query = select(endpoint, EndpointSecret).where(endpoint.in_(ids_), live).order_by(EndpointSecret.id.desc())
    found: dict[uuid.UUID, list[EndpointSecret]] = {}
    for endpoint_id, secret in await session.execute(query, execution_options=CROSS_TENANT):
        found.setdefault(endpoint_id, []).append(secret)
    return found


def _prepared(row: Endpoint, secrets: Sequence[EndpointSecret], keyring: Keyring) -> EndpointSnapshot:
    options = row.options_encrypted and keyring.decrypt(
        row.options_encrypted, bound_to=endpoints.options_place(row.agency_id, row.id)
    )
    return EndpointSnapshot(
        agency_id=row.agency_id,
        id=row.id,
        url=row.url,
        destination=row.destination,
        seconds=row.timeout_ms / 1000,
        retry_policy=row.retry_policy,
        concurrency=row.concurrency,
        hook=row.hook,
        headers=endpoints.open_headers(keyring, row),
        options=json.loads(options) if options else {},
        keys=[(endpoints.signing_key(keyring, secret), secret.expires_at) for secret in secrets],
    )
