"""Assembly of the commands about agencies and what they have: which groups there are, and what each finds at hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import typer

from app.access.asks import commands as asks
from app.access.connections import commands as connections
from app.access.grants import commands as grants
from app.events import commands as events
from app.kit.database import make_engine, make_sessions
from app.kit.egress.sender import Egress
from app.kit.terminal.command import Opening, Terminal
from app.kit.vault import Vault
from app.links import commands as links
from app.people.agencies import commands as agencies
from app.people.clients import commands as clients
from app.people.members import commands as members
from app.settings import Settings
from app.webhooks.dispatch import commands as dispatch
from app.webhooks.endpoints import commands as endpoints

#: Name, sentence, and the parts that rooms add to it.
GROUPS: tuple[tuple[str, str, tuple[typer.Typer, ...]], ...] = (
    ("agency", "The agency, its TikTok app and its Business Centers.", (agencies.agency, connections.agency)),
    ("key", "API keys.", (members.key,)),
    ("client", "Clients.", (clients.client,)),
    ("link", "Links: one secret address for one client.", (links.link, asks.link)),
    ("ask", "Asks: one access wanted, and why it is not green.", (asks.ask,)),
    ("grant", "Grants: access that exists.", (grants.grant,)),
    ("connection", "Connections to the platform.", (connections.connection,)),
    ("event", "What happened.", (events.event,)),
    ("endpoint", "Webhook endpoints.", (endpoints.endpoint, dispatch.endpoint)),
    ("delivery", "Webhook deliveries.", (dispatch.delivery,)),
)


def add_all(cli: typer.Typer, load: Callable[[], Settings]) -> None:
    """Adds every group; `load` gives the settings when a command runs."""
    for name, sentence, parts in GROUPS:
        group = typer.Typer(help=sentence, no_args_is_help=True)
        for part in parts:
            group.add_typer(part)
        cli.add_typer(group, name=name)
    cli.info.context_settings = {"obj": opening(load)}


def opening(load: Callable[[], Settings]) -> Opening:
    """Opens what a command needs, and commits when it ended well."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Terminal]:
        chosen = load()
        engine = make_engine(chosen.database_url, pool_size=1)
        egress = Egress(allow=chosen.allowed_networks, own_hosts=chosen.own_hosts)
        try:
            async with make_sessions(engine).begin() as session:
                yield Terminal(
                    session,
                    Vault.from_text(chosen.secret_keys),
                    egress,
                    chosen.public_url,
                    chosen.redirect_uri,
                )
        finally:
            await egress.close()
            await engine.dispose()

    return opened
