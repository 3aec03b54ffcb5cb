"""The worker: the table of everything that is due, and the loop that serves it."""

import asyncio
import gc
import signal
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import structlog
import uvloop

from app.access.asks import ending
from app.access.buyers import due as buyers
from app.access.connections import due as connections
from app.access.connections.model import Connection
from app.access.handshakes import due as handshakes
from app.access.handshakes.model import Handshake
from app.access.imports import due as imports
from app.access.imports.model import Import
from app.access.openings.model import Opening
from app.access.patience import Patience
from app.access.tools import Tools
from app.kit import database, key_ring, logs, lookout, throttle
from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.due import Work
from app.kit.egress.sender import Egress
from app.kit.vault import Vault
from app.kit.web import beside
from app.links.model import Link
from app.mail import due as mail
from app.mail.actions import Outbox
from app.main import egress_of, platforms_of
from app.people.members.idempotency import due as idempotency
from app.people.members.idempotency.model import IdempotencyKey
from app.platforms.catalog import Platforms
from app.settings import Settings, load
from app.tables import metadata
from app.webhooks.destinations import catalog
from app.webhooks.dispatch import due as dispatch
from app.webhooks.dispatch.keeping import chores
from app.webhooks.dispatch.keeping.tools import Keeping
from app.webhooks.dispatch.seeing import site
from app.webhooks.dispatch.seeing.gauges import Gauges
from app.webhooks.dispatch.seeing.pulse import Pulse
from app.webhooks.dispatch.tools import Tools as Webhooks
from app.webhooks.replays import due as replays
from app.webhooks.replays import pruning

log = structlog.get_logger(__name__)


def table(access: Tools, webhooks: Webhooks, mails: mail.Tools, keeping: Keeping) -> list[Work[Any]]:
    """What runs in the background: which rows, by what, how many at once, for how long at most."""
    return [
        Work(
            "handshakes",
            Handshake,
            partial(handshakes.reconcile, access),
            concurrency=8,
            lease=access.lease,
            longest=handshakes.LONGEST_ROUND,
            where=Handshake.watching.is_(False),
        ),
        Work(
            "access watch",
            Handshake,
            partial(handshakes.reconcile, access),
            concurrency=2,
            lease=access.lease,
            longest=handshakes.LONGEST_ROUND,
            where=Handshake.watching.is_(True),
        ),
        Work("imports", Import, partial(imports.advance, access), lease=imports.LEASE),
        Work("buyers", Opening, partial(buyers.reconcile, access), concurrency=2, lease=access.lease),
        Work("tokens to give back", Connection, partial(connections.give_back, access), lease=access.lease),
        Work("links that end", Link, partial(ending.attend, access), lease=access.lease),
        Work("answers to forget", IdempotencyKey, partial(idempotency.forget, access.sessions)),
        *replays.work(webhooks),
        *chores.work(keeping),
        *mail.work(mails),
    ]


async def run(chosen: Settings, *, platforms: Platforms | None = None) -> None:
    """Serves until SIGTERM or SIGINT, then lets what is under way end."""
    logs.set_up(json=chosen.log_json)
    await database.see_pooler(chosen.database_url)
    settle_memory()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = make_engine(chosen.database_url, pool_size=20)
    sessions = make_sessions(engine)
    looping = make_engine(chosen.database_url, pool_size=8, looping=True)
    often = make_sessions(looping)
    egress = egress_of(chosen)
    async with httpx2.AsyncClient(trust_env=False) as http:
        access, webhooks, mails = tools(
            chosen, sessions, platforms or platforms_of(chosen, http, sessions), egress, often
        )
        keeping = keeping_of(chosen, sessions)
        works = table(access, webhooks, mails, keeping)
        await key_ring.warn(engine, metadata, access.vault)
        log.info("worker.started", works=[work.name for work in works])
        async with pages(chosen, webhooks.pulse, keeping):
            await asyncio.gather(
                lookout.serve_all(works, often, stop, dispatch.kinds(webhooks)), dispatch.serve(webhooks, stop)
            )
    await egress.close()
    await looping.dispose()
    await engine.dispose()


def settle_memory() -> None:
    """What was loaded stays: looking through it for garbage again and again costs a third of a busy worker's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def tools(
    chosen: Settings, sessions: Sessions, platforms: Platforms, egress: Egress, delivering: Sessions | None = None
) -> tuple[Tools, Webhooks, mail.Tools]:
    """What the works need at hand; `delivering` are sessions for the loops of webhooks alone."""
    vault = Vault.from_text(chosen.secret_keys)
    access = Tools(
        sessions=sessions, vault=vault, platforms=platforms,
        patience=Patience(
            settle=timedelta(seconds=chosen.settle_seconds), proof=2 * timedelta(hours=chosen.watch_hours)
        ),
        outbox=Outbox(vault, chosen.public_url) if chosen.mail_server else None,
        lease=timedelta(seconds=chosen.lease_seconds),
        watch=timedelta(hours=chosen.watch_hours),
    )  # fmt: skip
    webhooks = Webhooks(
        sessions=delivering or sessions, vault=vault, egress=egress,
        destinations=catalog.every(hubspot_base=chosen.hubspot_api_base),
        pulse=Pulse(dispatch.LOOPS),
    )  # fmt: skip
    return access, webhooks, mail.Tools(sessions=sessions, vault=vault, server=chosen.mail_server)


def keeping_of(chosen: Settings, sessions: Sessions) -> Keeping:
    """What keeps webhooks small."""
    outbox = Outbox(Vault.from_text(chosen.secret_keys), chosen.public_url) if chosen.mail_server else None
    return Keeping(
        sessions, outbox, days=chosen.webhook_days, body_days=chosen.webhook_body_days,
        most_pending=chosen.webhook_most_pending, others=(pruning.prune, throttle.prune),
    )  # fmt: skip


def pages(chosen: Settings, pulse: Pulse, keeping: Keeping) -> AbstractAsyncContextManager[None]:
    """The worker's own pages, while it works; none without KEYTURN_WORKER_ADDRESS."""
    return beside.served_at(site.make(pulse, Gauges(keeping), keeping.sessions), chosen.worker_listens)


if __name__ == "__main__":
    uvloop.run(run(load()))
