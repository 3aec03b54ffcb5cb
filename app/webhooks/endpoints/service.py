"""Use cases of an endpoint: create, change, delete."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.rendering import API_VERSION
from app.events.schema import EndpointData
from app.kit import ids
from app.kit.actor import Actor, system_actor
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput, NotFound
from app.kit.web.headers import etag, etag_matches
from app.webhooks import message
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.destinations.catalog import CATALOG, public_url, unmasked_options
from app.webhooks.endpoints import lifecycle, queries
from app.webhooks.endpoints.schemas import AnyNewEndpoint, EndpointChange
from app.webhooks.message import MASK, STANDARD, DestinationType
from app.webhooks.models import Delivery, Endpoint, EndpointHealth, EndpointSecret, Ordering
from app.webhooks.policies import event_filter
from app.webhooks.policies.end_reason import EndReason

AT_MOST = 50
TYPES_AT_MOST = 100
LONGEST_METADATA = 4096
LONGEST_RETRYING = 14 * 24 * 3600


class TooManyEndpoints(AppError):
    """The agency has reached the limit of endpoints."""

    status = 409
    code = "too_many_endpoints"
    detail = f"There are already {AT_MOST} webhook endpoints."
    hint = "Delete one that is no longer needed."


class EventTypeUnknown(InvalidInput):
    """There is no event type of this name."""

    code = "event_type_unknown"


class SecretRefused(InvalidInput):
    """The given text is not a valid signing secret."""

    code = "secret_refused"
    hint = "Give `whsec_` and the base64 of 24 to 64 random bytes, or omit it to generate one."


@dataclass(frozen=True)
class EndpointSpec:
    """Specification of an endpoint. `url` is already vetted (`Egress.vet`)."""

    url: str
    event_types: Sequence[str]
    description: str = ""
    filter: Mapping[str, Any] | None = None
    payload_mode: str = "full"
    personal: bool = True
    #: None: the newest
    api_version: str | None = None
    retry_policy: str | list[int] = "standard"
    timeout_ms: int = 15_000
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    ordering: Ordering = "none"
    concurrency: int = 5
    rate_limit: Mapping[str, int] | None = None
    enabled: bool = True
    #: given by the agency; None generates one
    secret: str | None = field(default=None, repr=False)
    destination: DestinationType = "http"
    options: Mapping[str, Any] | None = field(default=None, repr=False)


async def vetted_spec(given: AnyNewEndpoint, egress: Egress) -> EndpointSpec:
    """The spec that a request asks for, with its addresses vetted. No transaction needs to be open.

    Raises UrlRefused, and InvalidInput for a masked secret.
    """
    defaults, named = default_spec(given.destination), given.model_dump()
    values = {name: value for name, value in named.items() if value is not None}
    if given.filter:
        values["filter"] = given.filter.model_dump(exclude_none=True) or None
    values["rate_limit"] = given.rate_limit.stored() if given.rate_limit else None
    if "rate_limit" not in given.model_fields_set:
        values["rate_limit"] = CATALOG[given.destination].rate_limit
    if options := values.get("options"):
        await vet_options(options, egress)
        values["options"] = unmasked_options(given.destination, options, {})
        values["url"] = public_url(given.destination, options)
    else:
        values["url"] = await egress.vet(values["url"])
    return dataclasses.replace(defaults, **values)


async def vetted_changes(given: EndpointChange, egress: Egress) -> dict[str, Any]:
    """The fields that a request names, with their addresses vetted. Raises UrlRefused."""
    changes = given.model_dump(exclude_unset=True)
    if changes.get("filter") is not None and given.filter:
        changes["filter"] = given.filter.model_dump(exclude_none=True) or None
    if changes.get("rate_limit") is not None and given.rate_limit:
        changes["rate_limit"] = given.rate_limit.stored()
    if "url" in changes:
        changes["url"] = await egress.vet(changes["url"])
    if "options" in changes:
        changes["options"] = given.options.model_dump()
        await vet_options(changes["options"], egress)
    return changes


async def vet_options(options: Mapping[str, Any], egress: Egress) -> None:
    """Check the address among options. Raises UrlRefused."""
    for name in ("webhook_url", "url"):
        if options.get(name, MASK) != MASK:
            await egress.vet(options[name])


async def create_endpoint(
    session: AsyncSession, agency_id: str, spec: EndpointSpec, *, keyring: Keyring, actor: Actor, verify: bool = False
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret. Raises TooManyEndpoints, EventTypeUnknown, SecretRefused and InvalidInput.

    `verify`: this installation sends nothing to an endpoint before it answered a challenge.
    """
    check_spec(spec)
    text = readable_secret(spec.secret) if spec.secret is not None else message.new_secret()
    await queries.one_at_a_time(session, agency_id)
    if await queries.count(session, agency_id) >= AT_MOST:
        raise TooManyEndpoints
    endpoint = _new_row(agency_id, spec, keyring, verify=verify)
    session.add(endpoint)
    await session.flush()
    session.add(encrypted_secret(endpoint, text, keyring))
    session.add(EndpointHealth(agency_id=agency_id, id=endpoint.id))
    await session.flush()
    await record(
        session,
        catalog.ENDPOINT_CREATED,
        agency_id=agency_id,
        subject_id=endpoint.id,
        actor=actor,
        data=EndpointData(endpoint_id=endpoint.id),
    )
    return endpoint, text


async def mark_deleted(session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: Actor) -> Endpoint:
    """Mark an endpoint as deleted; the dispatcher cancels its pending deliveries. Raises NotFound."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    endpoint.deleted_at = func.now()
    await session.flush()
    await record(
        session,
        catalog.ENDPOINT_DELETED,
        agency_id=agency_id,
        subject_id=endpoint.id,
        actor=actor,
        data=EndpointData(endpoint_id=endpoint.id),
    )
    return endpoint


async def end_hook(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    """End a subscription whose receiver answered 410. Can be repeated."""
    try:
        await mark_deleted(session, agency_id, endpoint_id, actor=system_actor())
    except NotFound:
        return


def check_spec(spec: EndpointSpec) -> None:
    """Validate a specification. Raises EventTypeUnknown and InvalidInput."""
    if not 1 <= len(spec.event_types) <= TYPES_AT_MOST:
        raise InvalidInput(fields={"event_types": f"Give 1 to {TYPES_AT_MOST} event types, or `*`."})
    wrong = event_filter.unknown(spec.event_types, catalog.FOR_CRMS)
    if wrong is not None:
        raise unknown_type(wrong)
    if not isinstance(spec.retry_policy, str) and sum(spec.retry_policy) > LONGEST_RETRYING:
        raise InvalidInput(fields={"retry_policy": "The delays are longer than 14 days in all."})
    if spec.payload_mode != "full" and spec.destination not in STANDARD:
        raise InvalidInput(fields={"payload_mode": f"An endpoint of {spec.destination} has no payload mode."})
    if spec.api_version is not None and not CATALOG[spec.destination].is_versioned:
        raise InvalidInput(fields={"api_version": f"An endpoint of {spec.destination} has no version."})
    if spec.headers and not CATALOG[spec.destination].takes_headers:
        raise InvalidInput(fields={"headers": f"An endpoint of {spec.destination} sends no headers of yours."})
    if problem := message.headers_problem(spec.headers):
        raise InvalidInput(problem, fields={"headers": problem})
    if len(json.dumps(dict(spec.metadata), ensure_ascii=False).encode()) > LONGEST_METADATA:
        raise InvalidInput(fields={"metadata": f"It is longer than {LONGEST_METADATA} bytes."})


def unknown_type(given: str) -> EventTypeUnknown:
    """Error for an unknown event type, with the nearest known one."""
    meant = event_filter.nearest(given, catalog.FOR_CRMS)
    hint = f"Did you mean `{meant}`?" if meant else "GET /api/v1/webhooks/event-types lists all of them."
    sentence = f"There is no event type {given[:128]!r}."
    return EventTypeUnknown(sentence, hint=hint, fields={"event_types": f"{sentence} {hint}"})


def readable_secret(text: str) -> str:
    """A given secret in its stored form. Raises SecretRefused."""
    try:
        return message.imported_secret(text)
    except message.SecretUnreadable as problem:
        raise SecretRefused(str(problem), fields={"secret": str(problem)}) from problem


def columns(agency_id: str, endpoint_id: str, spec: EndpointSpec, keyring: Keyring) -> dict[str, Any]:
    """Columns of an endpoint from its specification, without its status."""
    place = queries.headers_place(agency_id, endpoint_id)
    return {
        "url": spec.url,
        "description": spec.description,
        "event_types": list(dict.fromkeys(spec.event_types)),
        "filter": dict(spec.filter) if spec.filter else None,
        "payload_mode": spec.payload_mode,
        "personal": spec.personal,
        "api_version": spec.api_version or _newest_version(spec.destination),
        "retry_policy": spec.retry_policy,
        "timeout_ms": spec.timeout_ms,
        "headers_encrypted": keyring.encrypt(json.dumps(dict(spec.headers)), bound_to=place) if spec.headers else None,
        "options_encrypted": queries.encrypted_options(keyring, agency_id, endpoint_id, spec.options),
        "details": dict(spec.metadata),
        "ordering": spec.ordering,
        "concurrency": spec.concurrency,
        "rate_limit": dict(spec.rate_limit) if spec.rate_limit else None,
    }


def _new_row(agency_id: str, spec: EndpointSpec, keyring: Keyring, *, verify: bool) -> Endpoint:
    endpoint_id = ids.new("endpoint")
    verify = verify and CATALOG[spec.destination].is_challenged
    waiting = "pending_verification" if verify else "active"
    return Endpoint(
        agency_id=agency_id,
        id=endpoint_id,
        status=waiting if spec.enabled else "disabled",
        status_reason=None if spec.enabled else "user",
        verification="wanted" if verify else "none",
        destination=spec.destination,
        **columns(agency_id, endpoint_id, spec, keyring),
    )


def encrypted_secret(endpoint: Endpoint, text: str, keyring: Keyring) -> EndpointSecret:
    """The row of a secret."""
    secret_id = ids.new("secret")
    return EndpointSecret(
        agency_id=endpoint.agency_id,
        id=secret_id,
        endpoint_id=endpoint.id,
        secret_encrypted=keyring.encrypt(text, bound_to=queries.secret_place(endpoint.agency_id, secret_id)),
    )


class EndpointChanged(AppError):
    """The endpoint was changed since the caller read it."""

    status = 412
    code = "endpoint_changed"
    hint = "Read the endpoint again, compare it, and send your change with the new ETag in `If-Match`."


class UrlInOptions(AppError):
    """The URL of the endpoint is part of its options."""

    status = 409
    code = "url_in_options"
    detail = "The URL of this endpoint is part of its options."
    hint = "Change `options` instead."


class NoOptions(AppError):
    """The destination has no options."""

    status = 409
    code = "no_options"
    detail = "The destination of this endpoint has no options."
    hint = "Change its other fields instead."


@dataclasses.dataclass(frozen=True)
class EndpointUpdate:
    """An endpoint after a change, and the names of the changed fields."""

    endpoint: Endpoint
    what: list[str]


async def apply_changes(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    changes: Mapping[str, Any],
    *,
    if_match: str | None = None,
    keyring: Keyring,
    actor: Actor,
    verify: bool = False,
) -> EndpointUpdate:
    """Set fields of an EndpointSpec; URLs are already vetted. None resets a field to the default of the destination.

    `verify` as for a new endpoint. Raises NotFound, EndpointChanged, UrlInOptions, NoOptions, EventTypeUnknown and
    InvalidInput.
    """
    endpoint = await current(session, agency_id, endpoint_id, if_match)
    before = _spec_of(endpoint, keyring)
    after = _changed(before, changes)
    check_spec(after)
    what = [
        each.name
        for each in dataclasses.fields(EndpointSpec)
        if getattr(before, each.name) != getattr(after, each.name)
    ]
    fields = [name for name in what if name != "enabled" and not (name == "url" and "options" in what)]
    if fields:
        for name, value in columns(agency_id, endpoint_id, after, keyring).items():
            setattr(endpoint, name, value)
        if "url" in what:
            await _reset_health(session, endpoint, verify=verify)
        await lifecycle.updated(session, endpoint, ",".join(fields), actor)
    if "enabled" in what:
        await _switch(session, endpoint, after.enabled, actor)
    return EndpointUpdate(endpoint, what)


def _changed(before: EndpointSpec, changes: Mapping[str, Any]) -> EndpointSpec:
    """The spec after changes. Raises UrlInOptions, NoOptions and InvalidInput."""
    if changes.get("url", before.url) != before.url and before.destination not in STANDARD:
        raise UrlInOptions
    if "options" in changes and before.destination in STANDARD:
        raise NoOptions
    defaults = default_spec(before.destination)
    after = dataclasses.replace(
        before, **{name: getattr(defaults, name) if value is None else value for name, value in changes.items()}
    )
    if "options" in changes:
        options = unmasked_options(before.destination, changes["options"], before.options or {})
        after = dataclasses.replace(after, options=options, url=public_url(before.destination, options))
    return dataclasses.replace(after, headers=message.unmasked_headers(after.headers, before.headers))


def default_spec(destination: DestinationType) -> EndpointSpec:
    """Defaults of a new endpoint of a destination, without a rate limit: null means none."""
    info = CATALOG[destination]
    return EndpointSpec(
        url="", event_types=info.event_types, ordering=info.ordering, concurrency=info.concurrency,
        destination=destination, api_version=_newest_version(destination),
    )  # fmt: skip


def _newest_version(destination: DestinationType) -> str | None:
    """The newest version of the bodies; None if only Keyturn reads them."""
    return API_VERSION if CATALOG[destination].is_versioned else None


async def current(session: AsyncSession, agency_id: str, endpoint_id: str, if_match: str | None) -> Endpoint:
    """The endpoint, locked, if it has the version that the caller read. Raises NotFound and EndpointChanged."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if not etag_matches(if_match, endpoint.version):
        raise EndpointChanged(f"The endpoint was changed since you read it: its ETag is {etag(endpoint.version)}.")
    return endpoint


def _spec_of(endpoint: Endpoint, keyring: Keyring) -> EndpointSpec:
    return EndpointSpec(
        url=endpoint.url,
        event_types=endpoint.event_types,
        description=endpoint.description,
        filter=endpoint.filter,
        payload_mode=endpoint.payload_mode,
        personal=endpoint.personal,
        api_version=endpoint.api_version,
        retry_policy=endpoint.retry_policy,
        timeout_ms=endpoint.timeout_ms,
        headers=queries.open_headers(keyring, endpoint),
        metadata=endpoint.details,
        ordering=endpoint.ordering,
        concurrency=endpoint.concurrency,
        rate_limit=endpoint.rate_limit,
        enabled=endpoint.status != "disabled",
        destination=endpoint.destination,
        options=queries.open_options(keyring, endpoint) or None,
    )


async def _reset_health(session: AsyncSession, endpoint: Endpoint, *, verify: bool) -> None:
    """Reset health and verification after a change of the URL: they belong to the previous receiver."""
    wanted = verify and CATALOG[endpoint.destination].is_challenged
    endpoint.verification = "wanted" if wanted else "none"
    if endpoint.status != "disabled":
        endpoint.status = "pending_verification" if wanted else "active"
    await session.execute(
        update(EndpointHealth)
        .where(EndpointHealth.agency_id == endpoint.agency_id, EndpointHealth.id == endpoint.id)
        .values(**lifecycle.WELL)
        .execution_options(synchronize_session=False)
    )


async def _switch(session: AsyncSession, endpoint: Endpoint, enabled: bool, actor: Actor) -> None:
    if enabled:
        await lifecycle.enable(session, endpoint.agency_id, endpoint.id, actor=actor)
    else:
        await lifecycle.disable(session, endpoint.agency_id, endpoint.id, reason="user", actor=actor)


async def change_endpoint(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    changes: Mapping[str, Any],
    *,
    if_match: str | None = None,
    keyring: Keyring,
    actor: Actor,
    verify: bool = False,
) -> Endpoint:
    """Change an endpoint. After a change of its URL, deliveries in flight to the old one are sent again. If it is no
    longer ordered, no delivery waits for its turn.

    Raises what `apply_changes` raises.
    """
    if "ordering" in changes:
        # its order, deliveries by their ids, then the endpoint: as attempts are recorded too
        await transitions.lock_order(session, agency_id, endpoint_id)
        await _lock_deliveries(session, agency_id, endpoint_id)
    elif changes.keys() & {"url", "options"}:
        await _lock_deliveries(session, agency_id, endpoint_id, Delivery.lease_token.is_not(None))
    changed = await apply_changes(
        session, agency_id, endpoint_id, changes, if_match=if_match, keyring=keyring, actor=actor, verify=verify
    )
    if "url" in changed.what:
        await transitions.revoke_leases(session, *_of(agency_id, endpoint_id), Delivery.lease_token.is_not(None))
    if "ordering" in changed.what and changed.endpoint.ordering == "none":
        await transitions.release_all(session, agency_id, endpoint_id)
    return changed.endpoint


async def delete_endpoint(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, if_match: str | None = None, actor: Actor
) -> None:
    """Delete an endpoint and cancel its pending deliveries; those in flight end as late attempts.

    Raises NotFound and EndpointChanged.
    """
    # its order, deliveries by their ids, then the endpoint: as attempts are written down too
    await transitions.lock_order(session, agency_id, endpoint_id)
    await _lock_deliveries(session, agency_id, endpoint_id)
    await transitions.cancel(session, agency_id, endpoint_id, reason=EndReason.ENDPOINT_DELETED)
    await current(session, agency_id, endpoint_id, if_match)
    await mark_deleted(session, agency_id, endpoint_id, actor=actor)


async def _lock_deliveries(
    session: AsyncSession, agency_id: str, endpoint_id: str, *which: ColumnElement[bool]
) -> None:
    """Lock open deliveries of an endpoint, by their ids."""
    rows = select(Delivery.id).where(*_of(agency_id, endpoint_id), conditions.is_open(), *which).order_by(Delivery.id)
    await session.execute(rows.with_for_update())


def _of(agency_id: str, endpoint_id: str) -> tuple[ColumnElement[bool], ...]:
    return Delivery.agency_id == agency_id, Delivery.endpoint_id == endpoint_id
