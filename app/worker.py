"""The worker: the table of everything that is due, and the loop that serves it."""

import asyncio
import signal
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import structlog

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
from app.kit import due, logs
from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.due import Alarm, Work
from app.kit.egress.sender import Egress
from app.kit.vault import Vault
from app.links.model import Link
from app.mail import due as mail
from app.main import platforms_of
from app.people.members.idempotency import due as idempotency
from app.people.members.idempotency.model import IdempotencyKey
from app.platforms.catalog import Platforms
from app.settings import Settings, load
from app.webhooks.dispatch import due as dispatch

log = structlog.get_logger(__name__)


def table(access: Tools, webhooks: dispatch.Tools, mails: mail.Tools) -> list[Work[Any]]:
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
        Work("links that end", Link, partial(ending.expire, access), lease=access.lease),
        Work("answers to forget", IdempotencyKey, partial(idempotency.forget, access.sessions)),
        *dispatch.work(webhooks),
        *mail.work(mails),
    ]


async def run(chosen: Settings, *, platforms: Platforms | None = None) -> None:
    """Serves until SIGTERM or SIGINT, then lets what is under way end."""
    logs.set_up(json=chosen.log_json)
    stop, alarm = asyncio.Event(), Alarm()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = make_engine(chosen.database_url, pool_size=20)
    sessions = make_sessions(engine)
    egress = Egress(allow=chosen.allowed_networks, own_hosts=chosen.own_hosts)
    async with httpx2.AsyncClient(trust_env=False) as http:
        works = table(*tools(chosen, sessions, platforms or platforms_of(chosen, http, sessions), egress, alarm))
        log.info("worker.started", works=[work.name for work in works])
        await asyncio.gather(*(due.serve(work, sessions, stop, alarm) for work in works))
    await egress.close()
    await engine.dispose()


def tools(
    chosen: Settings, sessions: Sessions, platforms: Platforms, egress: Egress, alarm: Alarm
) -> tuple[Tools, dispatch.Tools, mail.Tools]:
    """What the works need at hand."""
    vault = Vault.from_text(chosen.secret_keys)
    access = Tools(
        sessions=sessions, vault=vault, platforms=platforms,
        patience=Patience(settle=timedelta(seconds=chosen.settle_seconds)),
        lease=timedelta(seconds=chosen.lease_seconds),
        watch=timedelta(hours=chosen.watch_hours),
    )  # fmt: skip
    webhooks = dispatch.Tools(sessions=sessions, vault=vault, egress=egress, ring=alarm.ring)
    return access, webhooks, mail.Tools(sessions=sessions, vault=vault, server=chosen.mail_server)


if __name__ == "__main__":
    asyncio.run(run(load()))
