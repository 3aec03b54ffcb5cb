"""Assembly of the commands about agencies and what they have: which groups there are, and what each finds at hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import typer

from app import main
from app.access.buyers import commands as buyers
from app.access.connections import commands as connections
from app.access.grants import commands as grants
from app.access.grants import revocation_commands as revocations
from app.access.imports import commands as imports
from app.access.partners import commands as partners
from app.access.readiness import commands as readiness
from app.access.requests import commands as access_requests
from app.access.requests import people_commands as invited
from app.access.requests import role_commands as roles
from app.events import commands as events
from app.kit.database import make_engine, make_sessions
from app.kit.encryption import Keyring
from app.kit.terminal import operations
from app.kit.terminal.command import AsyncContextFactory, Does, Terminal
from app.links import commands as links
from app.links.access_requests import commands as added_access_requests
from app.links.devices import commands as devices
from app.links.presets import commands as presets
from app.links.public_links import commands as public_links
from app.settings import Settings
from app.tenants.agencies import commands as agencies
from app.tenants.agencies.logos import commands as logos
from app.tenants.agencies.platform_ids import commands as identities
from app.tenants.api_keys import commands as members
from app.tenants.clients import commands as clients
from app.webhooks.deliveries import commands as deliveries
from app.webhooks.destinations import catalog
from app.webhooks.endpoint_updates import commands as changing
from app.webhooks.endpoints import commands as endpoints
from app.webhooks.endpoints.secrets import commands as secrets
from app.webhooks.replays import commands as replays
from app.webhooks.stats import commands as stats
from app.webhooks.test_deliveries import commands as dispatch
from app.webhooks.verification import commands as verifying

#: Name, sentence, and the parts that rooms add to it.
GROUPS: tuple[tuple[str, str, tuple[typer.Typer, ...]], ...] = (
    (
        "agency",
        "The agency, its TikTok app, its Business Centers, its ids elsewhere and what it has already.",
        (
            agencies.agency,
            identities.agency,
            logos.agency,
            links.agency,
            connections.agency,
            buyers.agency,
            imports.agency,
        ),
    ),
    ("key", "API keys.", (members.key,)),
    ("client", "Clients.", (clients.client,)),
    (
        "link",
        "Links: one secret address for one client.",
        (
            links.link,
            added_access_requests.link,
            access_requests.link,
            roles.link,
            buyers.link,
            invited.link,
            readiness.link,
            devices.link,
        ),
    ),
    ("public-link", "Public links: one public address for anybody.", (public_links.public_link,)),
    ("preset", "Presets: access requests saved for reuse.", (presets.preset,)),
    ("platform", "What can be asked for, on each platform.", (presets.platform,)),
    (
        "access_request",
        "Access requests: one access wanted, and why it is not green.",
        (access_requests.access_request, roles.access_request),
    ),
    ("grant", "Grants: access that exists.", (grants.grant, buyers.grant, revocations.grant)),
    ("partner", "Partners of the agency's Business Centers, as imports found them.", (partners.partner,)),
    ("connection", "Connections to the platform.", (connections.connection,)),
    ("event", "What happened.", (events.event,)),
    (
        "endpoint",
        "Webhook endpoints, and the destinations that are spoken to in their own language.",
        (
            endpoints.endpoint,
            secrets.endpoint,
            changing.endpoint,
            verifying.endpoint,
            dispatch.endpoint,
            stats.endpoint,
            replays.endpoint,
        ),
    ),
    ("delivery", "Webhook deliveries.", (deliveries.delivery,)),
    ("replay", "Replays: sending again what an endpoint did not get.", (replays.replay,)),
)


def add_all(cli: typer.Typer, load: Callable[[], Settings]) -> None:
    """Adds every group; `load` gives the settings when a command runs."""
    for name, sentence, parts in GROUPS:
        group = typer.Typer(help=sentence, no_args_is_help=True)
        for part in parts:
            group.add_typer(part)
            for each in part.registered_commands:
                does: Does | None = getattr(each.callback, "does", None)
                if does is not None:
                    operations.register(does.operation, " ".join(["keyturn", name, str(each.name), *does.required]))
        cli.add_typer(group, name=name)
    cli.info.context_settings = {"obj": opening(load)}


def opening(load: Callable[[], Settings]) -> AsyncContextFactory:
    """Opens what a command needs, and commits when it ended well."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Terminal]:
        chosen = load()
        engine = make_engine(chosen.database_url, pool_size=1)
        egress = main.egress_of(chosen)
        try:
            sessions = make_sessions(engine)
            async with httpx2.AsyncClient(trust_env=False) as http, sessions() as session:
                yield Terminal(
                    session,
                    Keyring.from_text(chosen.secret_keys),
                    egress,
                    chosen.public_url,
                    chosen.redirect_uri,
                    main.platforms_of(chosen, http, sessions),
                    verify_endpoints=chosen.verify_endpoints,
                    destinations=catalog.make_destinations(hubspot_base=chosen.hubspot_api_base),
                )
                await session.commit()
        finally:
            await egress.close()
            await engine.dispose()

    return opened
