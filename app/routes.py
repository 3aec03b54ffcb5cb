"""The site map: every router, in the order in which addresses are tried."""

from fastapi import APIRouter, Depends

from app.access.buyers import api as buyers
from app.access.connections import api as connections
from app.access.diagnostics import api as app_health
from app.access.grants import api as grants
from app.access.imports import api as imports
from app.access.partners import api as partners
from app.access.readiness import api as readiness
from app.access.requests import api as access_requests
from app.client_portal import routes as portal
from app.dashboard import connect
from app.events import api as events
from app.kit.web import health
from app.kit.web.request_checks import only_known
from app.links import api as links
from app.links.presets import api as presets
from app.links.presets import requestable
from app.links.public_links import api as public_links
from app.tenants.agencies import api as agencies
from app.tenants.api_keys import api as members
from app.tenants.clients import api as clients
from app.webhooks import rest_hooks as hooks
from app.webhooks.deliveries import api as deliveries
from app.webhooks.endpoints import api as endpoints
from app.webhooks.replays import api as replays

API = "/api/v1"

#: What the API is about, as its document and the command line group it: the first part of an address.
NOUNS = {
    "me": "The API key that calls.",
    "agency": "Your agency: its TikTok app, Business Centers, buyers, logo, and its ids at other platforms.",
    "keys": "API keys.",
    "clients": "Clients: the companies that grant access.",
    "platforms": "Platforms, and the kinds of access and roles that can be requested there.",
    "presets": "Presets: access requests and questions saved for reuse.",
    "links": "Links: one secret address for one client.",
    "public links": "Public links: one address where anybody gets a link.",
    "access requests": "Access requests: one access wanted, its status, and what is in its way.",
    "grants": "Grants: access that exists.",
    "connections": "Connections: authorisations of clients and of your agency.",
    "imports": "Imports of what your Business Centers have already.",
    "partners": "Partners of your Business Centers, as imports found them.",
    "events": "Events: what happened.",
    "event types": "Types of events, with their schemas.",
    "endpoints": "Webhook endpoints.",
    "destinations": "Destinations: endpoints that are spoken to in their own language, such as Slack and HubSpot.",
    "deliveries": "Deliveries: one event to one endpoint, with every attempt.",
    "replays": "Replays: sending past events again.",
    "hooks": "REST hooks, as automation tools subscribe.",
}

api = APIRouter(prefix=API, dependencies=[Depends(only_known)])
for room in (
    members,
    agencies,
    clients,
    presets,
    requestable,
    links,
    public_links,
    access_requests,
    readiness,
    grants,
    buyers,
    connections,
    imports,
    partners,
    app_health,
    events,
    endpoints,
    hooks,
    deliveries,
    replays,
):
    api.include_router(room.router)

#: The client's address /{agency}/{client}/{token} comes last: it would take the others' places.
PAGES = (connections.callback_router, connect.router, portal.router)
ROUTERS = {
    "all": (health.router, api, *PAGES),
    "api": (health.router, api),
    "pages": (health.router, *PAGES),
}
