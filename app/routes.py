"""The site map: every router, in the order in which addresses are tried."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Body, FastAPI, Response
from starlette.routing import BaseRoute

from app.access.buyers import api as buyers_api
from app.access.connections import api as connections_api
from app.access.diagnostics import api as diagnostics_api
from app.access.existing_access import api as existing_access_api
from app.access.grants import api as grants_api
from app.access.imports import api as imports_api
from app.access.kickoffs import api as kickoffs_api
from app.access.partners import api as partners_api
from app.access.readiness import api as readiness_api
from app.access.requests import api as requests_api
from app.audit import api as audit_api
from app.client_portal import api as reminders_api
from app.client_portal import routes as portal
from app.dashboard import (
    access,
    access_removal,
    account,
    accounts,
    api_keys,
    audit,
    brand,
    bulk_links,
    client_contacts,
    connect,
    doctor,
    domains,
    door,
    first_steps,
    kickoff,
    link_acts,
    link_changes,
    link_page,
    manual_platforms,
    new_link,
    oidc_sign_in,
    own_platforms,
    passkeys,
    personal_data,
    pipeline,
    presets,
    preview,
    public_links,
    ready_link,
    reminder_form,
    team,
    time_to_access,
    webhook_deliveries,
    webhooks,
)
from app.events import api as events_api
from app.events import catalog, rendering
from app.events.catalog import EventType
from app.events.rendering import API_VERSION
from app.kit.web import health, manual
from app.links import api as links_api
from app.links.own_platforms import api as own_platforms_api
from app.links.presets import api as presets_api
from app.links.presets import requestable
from app.links.public_links import api as public_links_api
from app.links.time_to_access import api as time_to_access_api
from app.personal_data import api as personal_data_api
from app.tenants.agencies import api as agencies_api
from app.tenants.agencies import hosts
from app.tenants.api_keys import api as api_keys_api
from app.tenants.clients import api as clients_api
from app.tenants.members import api as members_api
from app.webhooks import rest_hooks as hooks
from app.webhooks.deliveries import api as deliveries_api
from app.webhooks.endpoints import api as endpoints_api
from app.webhooks.replays import api as replays_api

#: Tags of the API by the first part of the path; they are also the groups of the command line.
NOUNS = {
    "me": "The API key that calls.",
    "agency": "Your agency: its TikTok app, Business Centers, buyers, logo, and its ids at other platforms.",
    "keys": "API keys.",
    "members": "Members: people of your agency who sign in to the dashboard.",
    "clients": "Clients: the companies that grant access.",
    "platforms": "Platforms, and the kinds of access and roles that can be requested there.",
    "presets": "Presets: access requests and questions saved for reuse.",
    "own platforms": "Manual platforms that you define yourself: what clients give access to, and their steps.",
    "links": "Links: one secret address for one client.",
    "time to access": "Time to access: how long clients take, where they stop, and what holds them up.",
    "public links": "Public links: one address where anybody gets a link.",
    "access requests": "Access requests: one access wanted, its status, and what is in its way.",
    "kickoffs": "Kickoffs: one live check of everything that a launch needs.",
    "grants": "Grants: access that exists.",
    "existing access": "Existing access: what clients share with you now, and what is wrong with it.",
    "connections": "Connections: authorizations of clients and of your agency.",
    "imports": "Imports of what your Business Centers have already.",
    "partners": "Partners of your Business Centers, as imports found them.",
    "events": "Events: what happened.",
    "audit": "Audit log: who changed what, when, and from where.",
    "event types": "Types of events, with their schemas.",
    "endpoints": "Webhook endpoints.",
    "destinations": "Destinations: endpoints that are spoken to in their own language, such as Slack and HubSpot.",
    "deliveries": "Deliveries: one event to one endpoint, with every attempt.",
    "replays": "Replays: sending past events again.",
    "hooks": "REST hooks, as automation tools subscribe.",
}

_API_ROUTERS = tuple(
    room.router
    for room in (
        api_keys_api,
        agencies_api,
        members_api,
        clients_api,
        personal_data_api,
        presets_api,
        own_platforms_api,
        requestable,
        links_api,
        reminders_api,
        public_links_api,
        time_to_access_api,
        requests_api,
        readiness_api,
        kickoffs_api,
        existing_access_api,
        grants_api,
        buyers_api,
        connections_api,
        imports_api,
        partners_api,
        diagnostics_api,
        events_api,
        audit_api,
        endpoints_api,
        hooks,
        deliveries_api,
        replays_api,
    )
)
#: The client's path /{agency}/{client}/{token} comes last, because it would match the others.
_PAGE_ROUTERS = (
    manual.router,
    connections_api.callback_router,
    connect.router,
    brand.router,
    accounts.router,
    domains.router,
    reminder_form.router,
    door.router,
    oidc_sign_in.router,
    passkeys.router,
    first_steps.router,
    doctor.router,
    pipeline.router,
    access.router,
    access_removal.router,
    bulk_links.router,
    new_link.router,
    ready_link.router,
    preview.router,
    presets.router,
    public_links.router,
    manual_platforms.router,
    own_platforms.router,
    link_page.router,
    link_acts.router,
    client_contacts.router,
    link_changes.router,
    personal_data.router,
    kickoff.router,
    api_keys.router,
    team.router,
    account.router,
    webhooks.router,
    webhook_deliveries.router,
    audit.router,
    time_to_access.router,
    *portal.ROUTERS,
)
_ROUTERS = {
    "all": (health.router, hosts.router, *_API_ROUTERS, *_PAGE_ROUTERS),
    "api": (health.router, *_API_ROUTERS),
    "pages": (health.router, hosts.router, *_PAGE_ROUTERS),
}


def served(serve: str) -> list[BaseRoute]:
    """The routes of `all`, `api` or `pages`, flat: FastAPI would try each route of an included router several times."""
    return [route for router in _ROUTERS[serve] for route in router.routes]


def document_webhooks(app: FastAPI) -> None:
    """Add the section `webhooks` of the OpenAPI document: every event type that an endpoint can receive."""
    for kind in catalog.FOR_CRMS.values():
        app.webhooks.add_api_route(
            kind.name, _receiver(kind), methods=["POST"], tags=["webhooks"], summary=kind.sentence,
            description=f"{kind.sentence} Signed by Standard Webhooks; answer 2xx within the time limit.",
            operation_id=f"on_{kind.name.replace('.', '_')}", status_code=204,
            responses={204: {"description": "Taken."}, "default": {"description": "Any other answer is tried again."}},
        )  # fmt: skip


def _receiver(kind: EventType[Any]) -> Callable[..., Coroutine[Any, Any, Response]]:
    model = rendering.VERSIONS[API_VERSION].model(kind)

    async def receive(body: Annotated[model, Body(examples=[rendering.example_body(kind)])]) -> Response:  # type: ignore[valid-type]
        raise NotImplementedError  # documents what receivers answer; nothing calls it

    return receive
