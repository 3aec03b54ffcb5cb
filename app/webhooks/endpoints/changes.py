"""Changing an endpoint: only what is named changes, and only as long as nobody else changed it meanwhile."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.encryption import Keyring
from app.kit.errors import AppError, Hint
from app.webhooks.endpoints import etag, headers, queries, service, states
from app.webhooks.endpoints.models import Endpoint, EndpointHealth
from app.webhooks.endpoints.service import EndpointSpec


class EndpointChanged(AppError):
    """It is not what the caller last saw."""

    status = 412
    code = "endpoint_changed"
    hint = Hint(
        "Read it again, look at what is different, and send your change with the ETag you got in `If-Match`.",
        at_terminal="Read it with `keyturn endpoint show`, look at what is different, and give its version to "
        "`--if-match`.",
    )


class UrlInOptions(AppError):
    """Its deliveries go where its options say."""

    status = 409
    code = "url_in_options"
    detail = "The address of a destination is part of its options."
    hint = "PUT /api/v1/webhooks/destinations/{id}/options changes it."


@dataclasses.dataclass(frozen=True)
class EndpointUpdate:
    """The endpoint as it is now, and the names of what changed."""

    endpoint: Endpoint
    what: list[str]


async def change_endpoint(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    changes: Mapping[str, Any],
    *,
    if_match: str | None = None,
    keyring: Keyring,
    actor: str,
    verify: bool = False,
) -> EndpointUpdate:
    """Gives the fields of a Wish that are named their new values; `url` is already vetted.

    Raises NotFound, EndpointChanged, UrlInOptions, EventTypeUnknown and Malformed. `verify` as for a new endpoint.
    """
    endpoint = await current(session, agency_id, endpoint_id, if_match)
    before = _wish(endpoint, keyring)
    after = dataclasses.replace(before, **changes)
    after = dataclasses.replace(after, headers=headers.unmasked(after.headers, before.headers))
    service.check(after)
    what = [
        each.name
        for each in dataclasses.fields(EndpointSpec)
        if getattr(before, each.name) != getattr(after, each.name)
    ]
    fields = [name for name in what if name != "enabled"]
    if "url" in fields and endpoint.destination != "webhook":
        raise UrlInOptions
    if fields:
        for name, value in service.columns(agency_id, endpoint_id, after, keyring).items():
            setattr(endpoint, name, value)
        if "url" in fields:
            await _moved(session, endpoint, verify=verify)
        await states.updated(session, endpoint, ",".join(fields), actor)
    if "enabled" in what:
        await _switch(session, endpoint, after.enabled, actor)
    return EndpointUpdate(endpoint, what)


async def current(session: AsyncSession, agency_id: str, endpoint_id: str, if_match: str | None) -> Endpoint:
    """The endpoint, locked, if it still has the version the caller saw. Raises NotFound and EndpointChanged."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if not etag.allows(if_match, endpoint.version):
        raise EndpointChanged(f"The endpoint was changed since you read it: its ETag is {etag.of(endpoint.version)}.")
    return endpoint


def _wish(endpoint: Endpoint, keyring: Keyring) -> EndpointSpec:
    return EndpointSpec(
        url=endpoint.url,
        event_types=endpoint.event_types,
        description=endpoint.description,
        filter=endpoint.filter,
        payload_mode=endpoint.payload_mode,
        personal=endpoint.personal,
        retry_policy=endpoint.retry_policy,
        timeout_ms=endpoint.timeout_ms,
        headers=queries.open_headers(keyring, endpoint),
        metadata=endpoint.details,
        ordering=endpoint.ordering,
        concurrency=endpoint.concurrency,
        rate_limit=endpoint.rate_limit,
        enabled=endpoint.status != "disabled",
        hook=endpoint.hook,
    )


async def _moved(session: AsyncSession, endpoint: Endpoint, *, verify: bool) -> None:
    """Another receiver: how the old one was doing says nothing, and what it answered neither."""
    wanted = verify and not endpoint.hook and endpoint.destination == "webhook"
    endpoint.verification = "wanted" if wanted else "none"
    if endpoint.status != "disabled":
        endpoint.status = "pending_verification" if wanted else "active"
    await session.execute(
        update(EndpointHealth)
        .where(EndpointHealth.agency_id == endpoint.agency_id, EndpointHealth.id == endpoint.id)
        .values(**states.WELL)
        .execution_options(synchronize_session=False)
    )


async def _switch(session: AsyncSession, endpoint: Endpoint, enabled: bool, actor: str) -> None:
    if enabled:
        await states.enable(session, endpoint.agency_id, endpoint.id, actor=actor)
    else:
        await states.disable(session, endpoint.agency_id, endpoint.id, reason="user", actor=actor)
