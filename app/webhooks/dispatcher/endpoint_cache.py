"""Endpoints as fan-out and sending need them: read and decrypted once, and again when their row changes."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Uuid, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.database import CROSS_TENANT, BulkColumns, Sessions, bulk_table, bulk_values
from app.kit.encryption import DecryptionFailed, Keyring
from app.webhooks.deliveries.creation import ReceivingEndpoint, recipient_of
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.models import Endpoint, EndpointSecret

log = structlog.get_logger(__name__)

#: Maximum number of cached snapshots.
AT_MOST = 5000

#: Raw ids of agency and endpoint.
Key = tuple[uuid.UUID, uuid.UUID]
#: The transaction that wrote the row of an endpoint last. A change of its secrets changes the endpoint too.
RowVersions = Mapping[Key, str]

_KEY: BulkColumns = {"agency_id": Uuid(), "id": Uuid()}


@dataclass(frozen=True, slots=True)
class EndpointSnapshot:
    """An endpoint, deleted or not. `keys` with the moment at which each ends, the current one first.

    `is_decrypted` is False where the keyring lacks its key: events are fanned out to it, but nothing can be sent.
    """

    agency_id: str
    id: str
    recipient: ReceivingEndpoint
    event_types: Sequence[str]
    filter: Mapping[str, Any] | None
    url: str
    destination: str
    seconds: float
    retry_policy: str | Sequence[int]
    concurrency: int
    is_decrypted: bool
    headers: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    keys: Sequence[tuple[bytes, datetime | None]] = field(repr=False)

    def signing(self, now: datetime) -> tuple[bytes, ...]:
        """The keys that sign now."""
        return tuple(key for key, until in self.keys if until is None or until > now)


class EndpointCache:
    """Snapshots of one process, each with the version of the row that it was made of."""

    def __init__(self, sessions: Sessions, keyring: Keyring) -> None:
        self._sessions = sessions
        self._keyring = keyring
        self._kept: dict[Key, tuple[str, EndpointSnapshot]] = {}

    async def get(self, versions: RowVersions) -> dict[Key, EndpointSnapshot]:
        """These endpoints, read again where their version has changed.

        One that changes after its version was read is harmless: next time they differ.
        """
        if len(self._kept) > AT_MOST:
            self._kept.clear()
        found = {
            key: kept[1] for key, version in versions.items() if (kept := self._kept.get(key)) and kept[0] == version
        }
        if stale := versions.keys() - found.keys():
            async with self._sessions() as session:
                read = await _read(session, stale, self._keyring)
            self._kept |= {key: (versions[key], snapshot) for key, snapshot in read.items()}
            found |= read
        return found


async def _read(session: AsyncSession, keys: Collection[Key], keyring: Keyring) -> dict[Key, EndpointSnapshot]:
    asked = bulk_table("asked", _KEY)
    query = select(asked.c.agency_id, asked.c.id, Endpoint).where(
        Endpoint.agency_id == asked.c.agency_id, Endpoint.id == asked.c.id
    )
    given = bulk_values("asked", _KEY, sorted(keys))
    found = (await session.execute(query.execution_options(populate_existing=True, **CROSS_TENANT), given)).all()
    secrets = await _secrets(session, [row[1] for row in found])
    return {
        (agency_id, endpoint_id): _snapshot(row, secrets.get(endpoint_id, ()), keyring)
        for agency_id, endpoint_id, row in found
    }


async def _secrets(session: AsyncSession, ids_: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[EndpointSecret]]:
    endpoint = type_coerce(EndpointSecret.endpoint_id, Uuid())
    live = EndpointSecret.expires_at.is_(None) | (EndpointSecret.expires_at > func.now())
    query = select(endpoint, EndpointSecret).where(endpoint.in_(ids_), live).order_by(EndpointSecret.id.desc())
    found: dict[uuid.UUID, list[EndpointSecret]] = {}
    for endpoint_id, secret in await session.execute(query, execution_options=CROSS_TENANT):
        found.setdefault(endpoint_id, []).append(secret)
    return found


def _snapshot(row: Endpoint, secrets: Sequence[EndpointSecret], keyring: Keyring) -> EndpointSnapshot:
    headers: Mapping[str, str] = {}
    options: Mapping[str, Any] = {}
    keys: Sequence[tuple[bytes, datetime | None]] = ()
    is_decrypted = True
    try:
        headers, options = endpoints.open_headers(keyring, row), endpoints.open_options(keyring, row)
        keys = [(endpoints.signing_key(keyring, secret), secret.expires_at) for secret in secrets]
    except DecryptionFailed as why:  # a key was removed from the keyring: other endpoints are not affected
        is_decrypted = False
        log.error(
            "webhooks.endpoint_encrypted", agency=row.agency_id, endpoint=row.id, key_id=why.key_id, problem=str(why)
        )
    return EndpointSnapshot(
        agency_id=row.agency_id, id=row.id, recipient=recipient_of(row), event_types=row.event_types,
        filter=row.filter, url=row.url, destination=row.destination, seconds=row.timeout_ms / 1000,
        retry_policy=row.retry_policy, concurrency=row.concurrency, is_decrypted=is_decrypted, headers=headers,
        options=options, keys=keys,
    )  # fmt: skip
