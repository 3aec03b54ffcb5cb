"""Making destinations, changing what they need to know, and setting an account up."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import record
from app.events.types import webhooks
from app.kit import clock
from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput
from app.webhooks.destinations import catalog, driving
from app.webhooks.destinations.catalog import OPTIONS, SECRET_OPTIONS, Options, public_url
from app.webhooks.destinations.hubspot import HubSpot
from app.webhooks.destinations.schemas import NewDestination, NewHttp
from app.webhooks.endpoints import queries
from app.webhooks.endpoints import service as endpoint_actions
from app.webhooks.endpoints.headers import MASK
from app.webhooks.endpoints.service import EndpointSpec
from app.webhooks.message import Destination, OutboundRequest
from app.webhooks.models import Endpoint

SECONDS = 10.0
_ADDRESSES = ("webhook_url", "url")


class NoDestination(AppError):
    """A plain webhook has no options."""

    status = 409
    code = "no_destination"
    detail = "This endpoint is a plain webhook: it has no options."
    hint = "PATCH /api/v1/webhooks/endpoints/{id} changes it."


class NothingToInstall(AppError):
    """Only HubSpot needs properties of ours."""

    status = 409
    code = "nothing_to_install"
    detail = "This destination needs nothing to be installed."


async def vetted(given: Options, egress: Egress) -> dict[str, Any]:
    """Options whose address may be called. Raises UrlRefused. No transaction needs to be open."""
    told = given.model_dump()
    for name in _ADDRESSES:
        if name in told and told[name] != MASK:
            await egress.vet(told[name])
    return told


async def create_destination(
    session: AsyncSession,
    agency_id: str,
    kind: str,
    given: NewDestination,
    options: Mapping[str, Any],
    *,
    destinations: Mapping[str, Destination],
    keyring: Keyring,
    actor: str,
) -> tuple[Endpoint, str]:
    """A new endpoint of this kind and its signing secret. `options` are vetted. Raises as `create_endpoint` does."""
    if MASK in (options.get(name) for name in SECRET_OPTIONS):
        raise InvalidInput(fields={"options": f"{MASK} stands for a secret that is kept; there is none yet."})
    defaults = catalog.CATALOG[kind]
    wish = EndpointSpec(
        url=public_url(kind, options, _hubspot_base(destinations)),
        event_types=given.event_types or defaults.event_types,
        description=given.description,
        filter=given.filter.model_dump(exclude_none=True) if given.filter else None,
        personal=given.personal,
        retry_policy=given.retry_policy,
        timeout_ms=given.timeout_ms,
        headers=given.headers if isinstance(given, NewHttp) else {},
        enabled=given.enabled,
        ordering=given.ordering or defaults.ordering,
        concurrency=given.concurrency or defaults.concurrency,
        rate_limit=_pace(given, defaults),
        destination=defaults.name,
        options=options,
    )
    return await endpoint_actions.create_endpoint(session, agency_id, wish, keyring=keyring, actor=actor)


async def change_options(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    given: Options,
    options: Mapping[str, Any],
    *,
    destinations: Mapping[str, Destination],
    keyring: Keyring,
    actor: str,
) -> Endpoint:
    """Replaces options (vetted); a masked secret stays. Raises NotFound, NoDestination and Malformed."""
    endpoint = await queries.locked(session, agency_id, endpoint_id)
    if endpoint.destination == "webhook":
        raise NoDestination
    if not isinstance(given, OPTIONS[endpoint.destination]):
        raise InvalidInput(fields={"body": f"These are not the options of {endpoint.destination}."})
    before = queries.open_options(keyring, endpoint)
    kept = {
        name: before[name] if name in SECRET_OPTIONS and value == MASK else value for name, value in options.items()
    }
    endpoint.options_encrypted = queries.encrypted_options(keyring, agency_id, endpoint_id, kept)
    endpoint.url = public_url(endpoint.destination, kept, _hubspot_base(destinations))
    endpoint.version += 1
    data = {"endpoint_id": endpoint.id, "status": endpoint.status, "reason": "options"}
    await record(
        session, webhooks.ENDPOINT_UPDATED, agency_id=agency_id, subject_id=endpoint.id, actor=actor, data=data
    )  # fmt: skip
    return endpoint


async def install(
    sessions: Sessions,
    agency_id: str,
    endpoint_id: str,
    *,
    destinations: Mapping[str, Destination],
    keyring: Keyring,
    egress: Egress,
) -> driving.SequenceResult:
    """Makes what the account of a destination needs. Raises NotFound and NothingToInstall. May be repeated."""
    async with sessions() as session:
        endpoint = await queries.find(session, agency_id, endpoint_id)
    speaker = destinations.get(endpoint.destination)
    if not isinstance(speaker, HubSpot):
        raise NothingToInstall
    return await driving.run_sequence(speaker.install(letter(endpoint, keyring)), egress, seconds=SECONDS)


def letter(endpoint: Endpoint, keyring: Keyring) -> OutboundRequest:
    """A letter that brings no event."""
    return OutboundRequest(
        url=endpoint.url, event_id="", event_type="", delivery_id="", endpoint_id=endpoint.id, attempt=1, replay=False,
        content=b"", keys=(), headers={}, options=queries.open_options(keyring, endpoint), now=clock.now(),
    )  # fmt: skip


def _hubspot_base(destinations: Mapping[str, Destination]) -> str:
    speaker = destinations["hubspot"]
    return speaker.base if isinstance(speaker, HubSpot) else HubSpot().base


def _pace(given: NewDestination, defaults: catalog.DestinationInfo) -> Mapping[str, int] | None:
    """`null` said aloud is no limit; nothing said is the kind's."""
    if "rate_limit" not in given.model_fields_set:
        return defaults.rate_limit
    return given.rate_limit.kept() if given.rate_limit else None
