"""JSON routes: destinations that people use."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from app.events import catalog
from app.kit.database import Session
from app.tenants.api_keys.principal import Principal, requires
from app.tenants.api_keys.route import ApiRoute
from app.webhooks.destinations import catalog as kinds
from app.webhooks.destinations import driving, service
from app.webhooks.destinations.catalog import AnyOptions, Options
from app.webhooks.destinations.schemas import (
    CreatedDestination,
    DestinationView,
    ExampleView,
    InstallationView,
    KindName,
    Kinds,
    KindView,
    NewDestination,
    NewHttp,
    NewHubSpot,
    NewSlack,
    StepView,
    view,  # fmt: skip
)
from app.webhooks.endpoints import queries
from app.webhooks.endpoints import service as endpoint_actions

router = APIRouter(prefix="/webhooks/destinations", tags=["webhooks"], route_class=ApiRoute)

Reader = Annotated[Principal, requires("webhooks:read")]
Writer = Annotated[Principal, requires("webhooks:write")]
EventType = Annotated[str, Query(max_length=128, examples=["access.verified"])]


@router.get("")
async def list_destination_kinds(_: Reader) -> Kinds:
    """Every kind of destination: what it needs to know, and how it is spoken to."""
    return Kinds(data=[KindView.of(kind) for kind in kinds.CATALOG.values()])


@router.get("/{kind}/example")
async def read_destination_example(
    request: Request, _: Reader, kind: Annotated[KindName, Path()], event_type: EventType = "access.blocked"
) -> ExampleView:
    """What a destination of this kind would send for the example of an event type."""
    if event_type not in catalog.FOR_CRMS:
        raise endpoint_actions.unknown_type(event_type)
    sent = kinds.example_requests(kind, event_type, request.app.state.destinations)
    return ExampleView.model_validate({"kind": kind, "event_type": event_type, "requests": sent})


@router.post("/slack", status_code=201)
async def create_slack(request: Request, caller: Writer, session: Session, given: NewSlack) -> CreatedDestination:
    """Makes an endpoint that writes into a Slack channel, one message a second at most."""
    return await _create(request, caller, session, "slack", given, given.options)


@router.post("/hubspot", status_code=201)
async def create_hubspot(request: Request, caller: Writer, session: Session, given: NewHubSpot) -> CreatedDestination:
    """Makes an endpoint that keeps companies and contacts of a HubSpot account. Install its properties next."""
    return await _create(request, caller, session, "hubspot", given, given.options)


@router.post("/http", status_code=201)
async def create_http(request: Request, caller: Writer, session: Session, given: NewHttp) -> CreatedDestination:
    """Makes an endpoint that calls any HTTP API with JSON of your own, signed."""
    return await _create(request, caller, session, "http", given, given.options)


@router.get("/{endpoint_id}/options")
async def read_destination(request: Request, caller: Reader, session: Session, endpoint_id: str) -> DestinationView:
    """A destination with its options, the secret ones masked. A plain webhook has none."""
    endpoint = await queries.find(session, caller.agency_id, endpoint_id)
    return view(endpoint, request.app.state.keyring)


@router.put("/{endpoint_id}/options")
async def change_destination_options(
    request: Request, caller: Writer, session: Session, endpoint_id: str, given: AnyOptions
) -> DestinationView:
    """Replaces the options of a destination; a secret sent as it is shown, masked, stays what it was."""
    services = request.app.state
    options = await service.vetted(given, services.egress)
    endpoint = await service.change_options(
        session,
        caller.agency_id,
        endpoint_id,
        given,
        options,
        destinations=services.destinations,
        keyring=services.keyring,
        actor=caller.actor,
    )
    return view(endpoint, services.keyring)


@router.put("/{endpoint_id}/installation")
async def install_destination(request: Request, caller: Writer, endpoint_id: str) -> InstallationView:
    """Makes the properties that a HubSpot account does not have yet. It may be repeated, and takes a few seconds."""
    services = request.app.state
    held = await service.install(
        services.sessions, caller.agency_id, endpoint_id, destinations=services.destinations, keyring=services.keyring,
        egress=services.egress,
    )  # fmt: skip
    return installation_view(held)


def installation_view(held: driving.SequenceResult) -> InstallationView:
    """From what was said."""
    outcome, said = held
    steps = [StepView(part=asked.part, status=answer.status) for asked, answer in said]
    return InstallationView(done=outcome.arrived, code=outcome.code, explanation=outcome.explanation, steps=steps)


async def _create(
    request: Request, caller: Principal, session: Session, kind: str, given: NewDestination, options: Options
) -> CreatedDestination:
    services = request.app.state
    endpoint, secret = await service.create_destination(
        session, caller.agency_id, kind, given, await service.vetted(options, services.egress),
        destinations=services.destinations, keyring=services.keyring, actor=caller.actor,
    )  # fmt: skip
    return CreatedDestination(**dict(view(endpoint, services.keyring)), secret=secret if kind == "http" else None)
