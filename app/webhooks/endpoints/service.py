"""Making endpoints and taking them away."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import KEYTURN, record
from app.events.types import webhooks
from app.kit import ids
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput, NotFound
from app.webhooks.endpoints import event_filter, queries, secret
from app.webhooks.endpoints import headers as custom_headers
from app.webhooks.endpoints.models import Destination, Endpoint, EndpointHealth, EndpointSecret, Ordering

AT_MOST = 50
TYPES_AT_MOST = 100
LONGEST_METADATA = 4096
LONGEST_RETRYING = 14 * 24 * 3600


class TooManyEndpoints(AppError):
    """The agency has as many as there may be."""

    status = 409
    code = "too_many_endpoints"
    detail = f"There are already {AT_MOST} webhook endpoints."
    hint = "Delete one that is no longer needed."


class EventTypeUnknown(InvalidInput):
    """No event type is called that."""

    code = "event_type_unknown"


class SecretRefused(InvalidInput):
    """What was brought along is no signing secret that we use."""

    code = "secret_refused"
    hint = "Give `whsec_` and the base64 of 24 to 64 random bytes, or leave it out: then a new one is made."


@dataclass(frozen=True)
class EndpointSpec:
    """An endpoint as somebody wants it. `url` is already vetted (`Egress.vet`)."""

    url: str
    event_types: Sequence[str]
    description: str = ""
    filter: Mapping[str, Any] | None = None
    payload_mode: str = "full"
    personal: bool = True
    retry_policy: str | list[int] = "standard"
    timeout_ms: int = 15_000
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    ordering: Ordering = "none"
    concurrency: int = 5
    rate_limit: Mapping[str, int] | None = None
    enabled: bool = True
    hook: bool = False
    #: one that somebody brings along; else a new one is made
    secret: str | None = field(default=None, repr=False)
    destination: Destination = "webhook"
    #: what the destination needs to know, checked by its kind
    options: Mapping[str, Any] | None = field(default=None, repr=False)


async def create_endpoint(
    session: AsyncSession, agency_id: str, wish: EndpointSpec, *, keyring: Keyring, actor: str, verify: bool = False
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret. Raises TooManyEndpoints, EventTypeUnknown, SecretRefused and Malformed.

    `verify`: this installation sends nothing to an endpoint before it answered a challenge.
    """
    check(wish)
    text = readable_secret(wish.secret) if wish.secret is not None else secret.new()
    await queries.one_at_a_time(session, agency_id)
    if await queries.count(session, agency_id) >= AT_MOST:
        raise TooManyEndpoints
    endpoint = _made(agency_id, wish, keyring, verify=verify and not wish.hook and wish.destination == "webhook")
    session.add(endpoint)
    await session.flush()
    session.add(sealed(endpoint, text, keyring))
    session.add(EndpointHealth(agency_id=agency_id, id=endpoint.id))
    await session.flush()
    await record(
        session,
        webhooks.ENDPOINT_CREATED,
        agency_id=agency_id,
        subject_id=endpoint.id,
        actor=actor,
        data={"endpoint_id": endpoint.id},
    )
    return endpoint, text


async def delete_endpoint(session: AsyncSession, agency_id: str, endpoint_id: str, *, actor: str) -> Endpoint:
    """Marks an endpoint as deleted; whoever sends for it cancels what is pending. Raises NotFound."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    endpoint.deleted_at = func.now()
    await session.flush()
    await record(
        session,
        webhooks.ENDPOINT_DELETED,
        agency_id=agency_id,
        subject_id=endpoint.id,
        actor=actor,
        data={"endpoint_id": endpoint.id},
    )
    return endpoint


async def end_hook(session: AsyncSession, agency_id: str, endpoint_id: str) -> None:
    """A subscription whose receiver said 410 is over; ending it twice is harmless."""
    try:
        await delete_endpoint(session, agency_id, endpoint_id, actor=KEYTURN)
    except NotFound:
        return


def check(wish: EndpointSpec) -> None:
    """Raises EventTypeUnknown and Malformed for a wish that cannot be granted."""
    if not 1 <= len(wish.event_types) <= TYPES_AT_MOST:
        raise InvalidInput(fields={"event_types": f"Give 1 to {TYPES_AT_MOST} event types, or `*`."})
    wrong = event_filter.unknown(wish.event_types, catalog.FOR_CRMS)
    if wrong is not None:
        raise unknown_type(wrong)
    if not isinstance(wish.retry_policy, str) and sum(wish.retry_policy) > LONGEST_RETRYING:
        raise InvalidInput(fields={"retry_policy": "The delays are longer than 14 days in all."})
    if problem := custom_headers.problem(wish.headers):
        raise InvalidInput(problem, fields={"headers": problem})
    if len(json.dumps(dict(wish.metadata), ensure_ascii=False).encode()) > LONGEST_METADATA:
        raise InvalidInput(fields={"metadata": f"It is longer than {LONGEST_METADATA} bytes."})


def unknown_type(given: str) -> EventTypeUnknown:
    """The refusal of an event type, with the nearest there is."""
    meant = event_filter.nearest(given, catalog.FOR_CRMS)
    hint = f"Did you mean `{meant}`?" if meant else "GET /api/v1/webhooks/event-types lists all of them."
    sentence = f"There is no event type {given[:128]!r}."
    return EventTypeUnknown(sentence, hint=hint, fields={"event_types": f"{sentence} {hint}"})


def readable_secret(text: str) -> str:
    """A secret somebody brings along, as we keep it. Raises SecretRefused."""
    try:
        return secret.imported(text)
    except secret.SecretUnreadable as problem:
        raise SecretRefused(str(problem), fields={"secret": str(problem)}) from problem


def columns(agency_id: str, endpoint_id: str, wish: EndpointSpec, keyring: Keyring) -> dict[str, Any]:
    """What the row of an endpoint keeps of a wish, its status apart."""
    place = queries.headers_place(agency_id, endpoint_id)
    return {
        "url": wish.url,
        "description": wish.description,
        "event_types": list(dict.fromkeys(wish.event_types)),
        "filter": dict(wish.filter) if wish.filter else None,
        "payload_mode": wish.payload_mode,
        "personal": wish.personal,
        "retry_policy": wish.retry_policy,
        "timeout_ms": wish.timeout_ms,
        "headers_encrypted": keyring.encrypt(json.dumps(dict(wish.headers)), bound_to=place) if wish.headers else None,
        "details": dict(wish.metadata),
        "ordering": wish.ordering,
        "concurrency": wish.concurrency,
        "rate_limit": dict(wish.rate_limit) if wish.rate_limit else None,
    }


def _made(agency_id: str, wish: EndpointSpec, keyring: Keyring, *, verify: bool) -> Endpoint:
    endpoint_id = ids.new("endpoint")
    waiting = "pending_verification" if verify else "active"
    return Endpoint(
        agency_id=agency_id,
        id=endpoint_id,
        status=waiting if wish.enabled else "disabled",
        status_reason=None if wish.enabled else "user",
        verification="wanted" if verify else "none",
        hook=wish.hook,
        destination=wish.destination,
        options_encrypted=queries.encrypted_options(keyring, agency_id, endpoint_id, wish.options),
        **columns(agency_id, endpoint_id, wish, keyring),
    )


def sealed(endpoint: Endpoint, text: str, keyring: Keyring) -> EndpointSecret:
    """The row of a secret."""
    secret_id = ids.new("secret")
    return EndpointSecret(
        agency_id=endpoint.agency_id,
        id=secret_id,
        endpoint_id=endpoint.id,
        sealed=keyring.encrypt(text, bound_to=queries.secret_place(endpoint.agency_id, secret_id)),
    )
