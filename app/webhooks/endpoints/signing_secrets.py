"""Signing secrets of an endpoint: rotate, show, revoke."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.catalog import EventType
from app.events.recorder import record
from app.events.schema import EndpointData
from app.kit.actor import Actor
from app.kit.encryption import Keyring
from app.kit.errors import AppError, NotFound
from app.webhooks import message
from app.webhooks.endpoints import queries, service
from app.webhooks.models import EndpointSecret

#: Maximum number of secrets that sign at once.
LIVE_AT_MOST = 2


class RotationUnderWay(AppError):
    """The previous secret is still valid, and only two may sign at once."""

    status = 409
    code = "rotation_under_way"
    detail = "The secret was rotated recently, and the previous one still signs."
    hint = "Wait until it expires, end it early, or drop it with `force: true`."


class SecretInUse(AppError):
    """The given secret already signs."""

    status = 409
    code = "secret_in_use"
    detail = "This secret already signs the deliveries of this endpoint."
    hint = "Give another one, or none to generate one."


class LastSecret(AppError):
    """An endpoint needs a secret to sign deliveries."""

    status = 409
    code = "last_secret"
    detail = "This is the only secret of the endpoint."
    hint = "Rotate it; with `grace_seconds: 0` it is revoked at once."


async def rotate_secret(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    *,
    grace: timedelta,
    given: str | None = None,
    force: bool = False,
    keyring: Keyring,
    actor: Actor,
) -> tuple[EndpointSecret, str]:
    """Create a new secret and return it with its text. The previous one also signs for `grace`. `force` drops the one
    before that.

    Raises NotFound, SecretRefused, SecretInUse and RotationUnderWay.
    """
    text = message.new_secret() if given is None else service.readable_secret(given)
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    live = await queries.live_secrets(session, agency_id, endpoint_id)
    if any(queries.signing_key(keyring, each) == message.secret_key(text) for each in live):
        raise SecretInUse
    if len(live) >= LIVE_AT_MOST and not force:
        raise RotationUnderWay
    for current in live[:1]:
        current.expires_at = func.now() + grace
    await _drop(session, agency_id, endpoint_id, live[1:])
    made = service.encrypted_secret(endpoint, text, keyring)
    session.add(made)
    endpoint.version += 1  # workers keep its keys for as long as its row stays the same
    await session.flush()
    await _record(session, catalog.SECRET_ROTATED, agency_id, endpoint_id, actor)
    return made, text


async def show_secrets(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: Actor
) -> Sequence[EndpointSecret]:
    """Valid secrets, the current one first; the access is recorded. Raises NotFound."""
    await queries.find(session, agency_id, endpoint_id)
    await _record(session, catalog.SECRET_SHOWN, agency_id, endpoint_id, actor)
    return await queries.live_secrets(session, agency_id, endpoint_id)


async def end_secret(session: AsyncSession, agency_id: str, endpoint_id: str, secret_id: str, *, actor: Actor) -> None:
    """Revoke one of two secrets; the other signs alone. Raises NotFound and LastSecret."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    live = await queries.live_secrets(session, agency_id, endpoint_id)
    ended = next((each for each in live if each.id == secret_id), None)
    if ended is None:
        raise NotFound
    if len(live) == 1:
        raise LastSecret
    await _drop(session, agency_id, endpoint_id, [ended])
    for left in live:
        if left is not ended:
            left.expires_at = None
    endpoint.version += 1  # workers keep its keys for as long as its row stays the same
    await session.flush()
    await _record(session, catalog.SECRET_ENDED, agency_id, endpoint_id, actor)


async def _drop(session: AsyncSession, agency_id: str, endpoint_id: str, ended: Sequence[EndpointSecret]) -> None:
    """Delete these secrets and expired ones."""
    expired = EndpointSecret.expires_at <= func.now()
    await session.flush()
    await session.execute(
        delete(EndpointSecret)
        .where(
            EndpointSecret.agency_id == agency_id,
            EndpointSecret.endpoint_id == endpoint_id,
            expired | EndpointSecret.id.in_([each.id for each in ended]),
        )
        .execution_options(synchronize_session=False)
    )


async def _record(
    session: AsyncSession, kind: EventType[EndpointData], agency_id: str, endpoint_id: str, actor: Actor
) -> None:
    data = EndpointData(endpoint_id=endpoint_id)
    await record(session, kind, agency_id=agency_id, subject_id=endpoint_id, actor=actor, data=data)
