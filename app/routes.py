"""The site map: every router, in the order in which addresses are tried."""

from fastapi import APIRouter, Depends

from app.access.asks import api as asks
from app.access.buyers import api as buyers
from app.access.connections import api as connections
from app.access.connections import callback
from app.access.grants import api as grants
from app.access.health import api as app_health
from app.access.imports import api as imports
from app.access.partners import api as partners
from app.access.people import api as invited
from app.access.readiness import api as readiness
from app.access.revocations import api as revocations
from app.desk.connect import pages as connect
from app.events import api as events
from app.journey import routes as journey
from app.kit.web import health
from app.kit.web.parameters import only_known
from app.links import api as links
from app.links.asks import api as further_asks
from app.links.devices import api as devices
from app.links.letters import api as letters
from app.links.open import api as open_links
from app.links.presets import api as presets
from app.links.presets import askable
from app.links.questions import api as questions
from app.people.agencies import api as agencies
from app.people.agencies.identities import api as identities
from app.people.agencies.logos import api as logos
from app.people.clients import api as clients
from app.people.members import api as members
from app.webhooks.destinations import api as destinations
from app.webhooks.dispatch import api as dispatch
from app.webhooks.dispatch.changing import api as changing
from app.webhooks.dispatch.deliveries import api as deliveries
from app.webhooks.dispatch.hooks import api as hooks
from app.webhooks.dispatch.stats import api as stats
from app.webhooks.dispatch.verifying import api as verifying
from app.webhooks.endpoints import api as endpoints
from app.webhooks.endpoints.secrets import api as secrets
from app.webhooks.replays import api as replays

API = "/api/v1"

api = APIRouter(prefix=API, dependencies=[Depends(only_known)])
for room in (
    members,
    agencies,
    identities,
    logos,
    clients,
    presets,
    askable,
    links,
    letters,
    devices,
    questions,
    open_links,
    asks,
    further_asks,
    readiness,
    grants,
    buyers,
    invited,
    revocations,
    connections,
    imports,
    partners,
    app_health,
    events,
    endpoints,
    changing,
    secrets,
    verifying,
    dispatch,
    hooks,
    deliveries,
    stats,
    replays,
    destinations,
):
    api.include_router(room.router)

#: The client's address /{agency}/{client}/{token} comes last: it would take the others' places.
PAGES = (callback.router, connect.router, journey.router)
ROUTERS = {
    "all": (health.router, api, *PAGES),
    "api": (health.router, api),
    "pages": (health.router, *PAGES),
}
