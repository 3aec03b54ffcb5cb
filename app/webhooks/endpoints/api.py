"""JSON routes: event types, destinations, and the endpoints of an agency."""

from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import Body, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.events import catalog, rendering
from app.events.rendering import API_VERSION, ApiVersion
from app.kit.database import RecordingSession, Session, Sessions
from app.kit.errors import NotFound
from app.kit.input.fields import EventTypeName, Line500, RequestShape, Word
from app.kit.web import problem
from app.kit.web.headers import etag
from app.kit.web.long_poll_response import DeferredResponse
from app.kit.web.paging import Cursor, Limit, Page, before, by_id
from app.services import services_of
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import api_router
from app.webhooks.deliveries import queries as delivery_queries
from app.webhooks.deliveries.schemas import AttemptView, DeliveryView, attempt_view, delivery_view
from app.webhooks.destinations.catalog import CATALOG, example_requests, make_destinations
from app.webhooks.endpoints import installation, lifecycle, queries, service, signing_secrets, verification
from app.webhooks.endpoints import warnings as advice
from app.webhooks.endpoints.installation import InstallationView
from app.webhooks.endpoints.schemas import (
    CreatedEndpoint,
    Destinations,
    EndpointChange,
    EndpointView,
    EventTypeView,
    ExampleView,
    NewEndpoint,
    Rotation,
    Secrets,
    SecretView,
    WrittenEndpoint,
    destination_view,
    endpoint_view,
    secret_view,
)
from app.webhooks.endpoints.stats import StatsView, Window, stats_view
from app.webhooks.message import DestinationType

router = api_router("/webhooks")

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]


Confidant = Annotated[Principal, requires("webhooks:secrets")]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=500,
        description="The ETag that you read. Returns 412 without a change if the endpoint was changed since.",
        examples=['"3"'],
    ),
]
Value = Line500 | Annotated[int, Field(ge=0, le=10**9)] | None


class EventTypes(BaseModel):
    """All event types, in one page."""

    data: list[EventTypeView]


class NewTest(RequestShape):
    """Event type of a test delivery, and values that replace those of its example."""

    __test__ = False  # not a test case of pytest

    event_type: EventTypeName = Field(examples=["access.verified"])
    data: dict[Word, Value] = Field(
        default_factory=dict,
        max_length=50,
        description="Keys of `data` of the event type.",
        examples=[{"external_id": "hubspot:1234"}],
    )


class TestView(DeliveryView):
    """A test delivery; `attempt` is set if the request waited for it."""

    __test__ = False

    attempt: AttemptView | None


@router.get("/event-types")
async def list_event_types(_: Reader) -> EventTypes:
    """List the event types that an endpoint can subscribe to."""
    return EventTypes(data=[EventTypeView.of(kind) for kind in catalog.FOR_CRMS.values()])


@router.get("/event-types/{event_type}")
async def get_event_type(_: Reader, event_type: Annotated[str, Path(examples=["access.verified"])]) -> EventTypeView:
    """Return one event type."""
    kind = catalog.FOR_CRMS.get(event_type)
    if kind is None:
        raise NotFound
    return EventTypeView.of(kind)


@router.get("/event-types/{event_type}/schema")
async def get_event_type_schema(
    _: Reader,
    event_type: Annotated[str, Path(examples=["access.verified"])],
    api_version: Annotated[ApiVersion, Query(examples=[API_VERSION])] = API_VERSION,
) -> dict[str, Any]:
    """Return the JSON Schema of the body of an event type, in one version of the API."""
    kind = catalog.FOR_CRMS.get(event_type)
    if kind is None:
        raise NotFound
    return rendering.json_schema(kind, api_version)


@router.get("/destinations")
async def list_destinations(_: Reader) -> Destinations:
    """List the types of destination with their options and the defaults of their endpoints."""
    return Destinations(data=[destination_view(each) for each in CATALOG.values()])


@router.get("/destinations/{destination}/example")
async def get_destination_example(
    request: Request,
    _: Reader,
    destination: Annotated[DestinationType, Path()],
    event_type: Annotated[str, Query(max_length=128, examples=["access.verified"])] = "access.blocked",
) -> ExampleView:
    """Return the requests that a destination makes for the example of an event type. Nothing is sent."""
    if event_type not in catalog.FOR_CRMS:
        raise service.unknown_type(event_type)
    sent = example_requests(
        destination, event_type, make_destinations(hubspot_base=services_of(request).hubspot_api_base)
    )
    return ExampleView.model_validate({"destination": destination, "event_type": event_type, "requests": sent})


@router.post("/endpoints", status_code=201)
async def create_endpoint(
    request: Request, response: Response, caller: Writer, session: Session, given: NewEndpoint
) -> CreatedEndpoint:
    """Create an endpoint. Store the secret: it signs the deliveries (Standard Webhooks)."""
    services = services_of(request)
    endpoint, secret = await service.create_endpoint(
        session,
        caller.agency_id,
        await service.vetted_spec(given, services.egress),
        keyring=services.keyring,
        actor=caller.actor,
        verify=services.verify_endpoints,
    )
    response.headers["ETag"] = etag(endpoint.version)
    warnings = await advice.warnings_for(session, endpoint, named=given.event_types)
    shown = secret if CATALOG[endpoint.destination].shows_secret else None
    return CreatedEndpoint(**dict(endpoint_view(endpoint, services.keyring)), secret=shown, warnings=warnings)


@router.get("/endpoints")
async def list_endpoints(
    request: Request, caller: Reader, session: Session, limit: Limit = 50, cursor: Cursor = None
) -> Page[EndpointView]:
    """List the endpoints of the agency, newest first."""
    rows = await queries.page(session, caller.agency_id, limit=limit + 1, before=before(cursor, "endpoint"))
    return by_id([endpoint_view(row, services_of(request).keyring) for row in rows], limit)


@router.get("/endpoints/{endpoint_id}")
async def get_endpoint(
    request: Request, response: Response, caller: Reader, session: Session, endpoint_id: str
) -> EndpointView:
    """Return one endpoint. Send its ETag in `If-Match` when you change it."""
    endpoint = await queries.find(session, caller.agency_id, endpoint_id)
    response.headers["ETag"] = etag(endpoint.version)
    return endpoint_view(endpoint, services_of(request).keyring)


@router.post("/endpoints/{endpoint_id}/deactivation")
async def deactivate_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Disable an endpoint. Pending deliveries and those of later events are listed as skipped."""
    endpoint = await lifecycle.disable(session, caller.agency_id, endpoint_id, reason="user", actor=caller.actor)
    return endpoint_view(endpoint, services_of(request).keyring)


@router.post("/endpoints/{endpoint_id}/pause")
async def pause_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Pause an endpoint: hold its deliveries. A held delivery still expires by its retry policy."""
    endpoint = await lifecycle.pause(session, caller.agency_id, endpoint_id, actor=caller.actor)
    return endpoint_view(endpoint, services_of(request).keyring)


@router.delete("/endpoints/{endpoint_id}/pause")
async def resume_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Resume a paused endpoint and send its held deliveries."""
    endpoint = await lifecycle.resume(session, caller.agency_id, endpoint_id, actor=caller.actor)
    return endpoint_view(endpoint, services_of(request).keyring)


@router.patch("/endpoints/{endpoint_id}", responses=problem.documented(412))
async def update_endpoint(
    request: Request,
    response: Response,
    caller: Writer,
    session: Session,
    endpoint_id: str,
    given: EndpointChange,
    if_match: IfMatch = None,
) -> WrittenEndpoint:
    """Change the given fields of an endpoint. After a change of its URL, deliveries in flight are sent again to the new
    one.
    """
    services = services_of(request)
    changes = await service.vetted_changes(given, services.egress)
    endpoint = await service.change_endpoint(
        session,
        caller.agency_id,
        endpoint_id,
        changes,
        if_match=if_match,
        keyring=services.keyring,
        actor=caller.actor,
        verify=services.verify_endpoints,
    )
    response.headers["ETag"] = etag(endpoint.version)
    warnings = await advice.warnings_for(session, endpoint, named=changes.get("event_types"))
    return WrittenEndpoint(**dict(endpoint_view(endpoint, services.keyring)), warnings=warnings)


@router.delete("/endpoints/{endpoint_id}", status_code=204, responses=problem.documented(412))
async def delete_endpoint(caller: Writer, session: Session, endpoint_id: str, if_match: IfMatch = None) -> Response:
    """Delete an endpoint. Its pending deliveries are cancelled and stay listed."""
    await service.delete_endpoint(session, caller.agency_id, endpoint_id, if_match=if_match, actor=caller.actor)
    return Response(status_code=204)


@router.get("/endpoints/{endpoint_id}/secret")
async def get_secrets(request: Request, caller: Confidant, session: RecordingSession, endpoint_id: str) -> Secrets:
    """Return the secrets that sign the deliveries, the current one first. Each call is recorded."""
    rows = await signing_secrets.show_secrets(session, caller.agency_id, endpoint_id, actor=caller.actor)
    keyring = services_of(request).keyring
    return Secrets(data=[secret_view(row, queries.open_secret(keyring, row)) for row in rows])


@router.post("/endpoints/{endpoint_id}/secret/rotation", status_code=201)
async def rotate_secret(
    request: Request,
    caller: Writer,
    session: Session,
    endpoint_id: str,
    given: Annotated[Rotation, Body(default_factory=Rotation)],
) -> SecretView:
    """Rotate the signing secret and return the new one. The previous secret also signs for a grace period."""
    made, text = await signing_secrets.rotate_secret(
        session, caller.agency_id, endpoint_id, grace=timedelta(seconds=given.grace_seconds), given=given.secret,
        force=given.force, keyring=services_of(request).keyring, actor=caller.actor,
    )  # fmt: skip
    return secret_view(made, text)


@router.delete("/endpoints/{endpoint_id}/secrets/{secret_id}", status_code=204)
async def end_secret(caller: Writer, session: Session, endpoint_id: str, secret_id: str) -> Response:
    """Revoke one of two secrets before it expires; the other one signs alone."""
    await signing_secrets.end_secret(session, caller.agency_id, endpoint_id, secret_id, actor=caller.actor)
    return Response(status_code=204)


@router.post("/endpoints/{endpoint_id}/verification", responses=problem.documented(429))
async def verify_endpoint(request: Request, caller: Writer, session: Session, endpoint_id: str) -> EndpointView:
    """Send a challenge (type `webhook.verification`) and check the response. The limit is ten a minute, with tests."""
    services = services_of(request)
    asked = await verification.begin_verification(
        session, caller.agency_id, endpoint_id, keyring=services.keyring, actor=caller.actor
    )
    await session.commit()  # nothing is held while the receiver thinks
    answer = await services.egress.post(
        asked.challenge.url, headers=asked.headers, body=asked.body, seconds=asked.challenge.seconds
    )
    endpoint, failed = await verification.complete_verification(session, asked.challenge, answer, actor=caller.actor)
    if failed:
        await session.commit()  # that it failed is recorded all the same
        raise failed
    return endpoint_view(endpoint, services.keyring)


@router.put("/endpoints/{endpoint_id}/installation")
async def install_destination(request: Request, caller: Writer, endpoint_id: str) -> InstallationView:
    """Create the properties that a HubSpot account does not have. Can be repeated; takes a few seconds."""
    services = services_of(request)
    return await installation.install(
        services.sessions,
        caller.agency_id,
        endpoint_id,
        destinations=make_destinations(hubspot_base=services.hubspot_api_base),
        keyring=services.keyring,
        egress=services.egress,
    )


@router.post(
    "/endpoints/{endpoint_id}/test",
    status_code=202,
    response_model=TestView,
    responses={200: {"model": TestView, "description": "Sent, with its attempt (`wait=true`)."}},
)
async def send_test(
    request: Request,
    caller: Writer,
    session: Session,
    endpoint_id: str,
    given: NewTest,
    wait: Annotated[bool, Query(description="Wait up to 20 seconds for the attempt and return it.")] = False,
) -> TestView | Response:
    """Send the example of an event type to this endpoint alone, signed and marked with `"test": true`.

    A repeated request (Idempotency-Key) returns the queued delivery and sends nothing.
    """
    await queries.check_opens(session, services_of(request).keyring, caller.agency_id, endpoint_id)
    delivery_id = await verification.send_test(
        session, caller.agency_id, endpoint_id, event_type=given.event_type, actor=caller.actor,
        public_url=services_of(request).public_url, data=given.data,
    )  # fmt: skip
    seen = await delivery_queries.find(session, caller.agency_id, delivery_id)
    queued = TestView(**dict(delivery_view(seen)), attempt=None)
    if not wait:
        return queued
    return DeferredResponse(queued, partial(_look, services_of(request).sessions, caller.agency_id, delivery_id))


async def _look(sessions: Sessions, agency_id: str, delivery_id: str) -> TestView | None:
    """The delivery after its attempt, read in a transaction of its own; None before."""
    async with sessions() as session:
        seen = await delivery_queries.find(session, agency_id, delivery_id)
        if not seen.delivery.attempt_count:
            return None
        newest: Any = await delivery_queries.attempts(session, agency_id, delivery_id, limit=1)
    return TestView(**dict(delivery_view(seen)), attempt=attempt_view(newest[0]) if newest else None)


@router.get("/endpoints/{endpoint_id}/stats")
async def get_stats(
    caller: Reader, session: Session, endpoint_id: str,
    window: Annotated[Window, Query(description="Time window until now.")] = "24h",
) -> StatsView:  # fmt: skip
    """Return the statistics of an endpoint in the last hour, day or week, and its backlog."""
    return await stats_view(session, caller.agency_id, endpoint_id, window)
