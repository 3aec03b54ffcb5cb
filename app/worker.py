"""The worker: the table of everything that is due, and the loop that serves it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import structlog
import uvloop

from app import settle_memory
from app.access.connections import token_job
from app.access.connections.models import Connection
from app.access.context import AccessContext
from app.access.pacing import RetryTiming
from app.access.reconciler import job as reconciler
from app.access.requests import link_lifecycle
from app.assembly import egress_of, mail_queue_of, platforms_of
from app.audit import sealer
from app.client_portal import abandonment_task, reminder_task
from app.dashboard import notice_task
from app.kit import database, keyring_check, logs, poller, throttle
from app.kit.actor import Actor, bind_actor
from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.jobs import JobType
from app.kit.web import http_server
from app.links.models import Link
from app.mail import job as mail_job
from app.mail.service import MailQueue
from app.platforms.registry import Platforms
from app.settings import Settings, load
from app.tables import metadata
from app.tenants.agencies import domains
from app.tenants.api_keys import idempotency
from app.tenants.api_keys.idempotency import IdempotencyKey
from app.tenants.members import passkeys
from app.tenants.members import service as members
from app.webhooks import monitoring as metric_queries
from app.webhooks.context import MaintenanceContext
from app.webhooks.context import WebhookContext as Webhooks
from app.webhooks.destinations import catalog
from app.webhooks.dispatcher import worker as sending
from app.webhooks.maintenance import periodic_tasks
from app.webhooks.metrics import Heartbeat
from app.webhooks.monitoring import Gauges
from app.webhooks.replays import job as replay_job

log = structlog.get_logger(__name__)

#: The actor of all jobs.
WORKER = Actor("system", "worker")


def table(
    access: AccessContext, webhooks: Webhooks, mails: mail_job.MailContext, keeping: MaintenanceContext
) -> list[JobType[Any]]:
    """Job types of the worker: rows, function, concurrency and lease."""
    return [
        *reconciler.work(access),
        JobType("tokens to replace or revoke", Connection, partial(token_job.run, access), lease=access.lease),
        JobType("links that end", Link, partial(link_lifecycle.run, access), lease=access.lease),
        JobType("answers to forget", IdempotencyKey, partial(idempotency.delete_expired, access.sessions)),
        *replay_job.work(webhooks),
        *periodic_tasks.work(keeping),
        *mail_job.work(mails),
        *sealer.work(access.sessions, access.keyring),
        *domains.work(access.sessions, (), webhooks.public_url),
    ]


async def run(chosen: Settings, *, platforms: Platforms | None = None) -> None:
    """Run until SIGTERM or SIGINT, then finish the work in progress."""
    logs.set_up(json=chosen.log_json)
    bind_actor(WORKER)
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
        keeping = keeping_of(chosen, sessions, chores(sessions, access.outbox, access.platforms))
        works = table(access, webhooks, mails, keeping)
        await keyring_check.warn(engine, metadata, access.keyring)
        log.info("worker.started", works=[work.name for work in works])
        async with pages(chosen, webhooks.pulse, keeping):
            await asyncio.gather(
                poller.serve_all(works, often, stop, sending.kinds(webhooks)), sending.serve(webhooks, stop)
            )
    await egress.close()
    await looping.dispose()
    await engine.dispose()


def tools(
    chosen: Settings, sessions: Sessions, platforms: Platforms, egress: Egress, delivering: Sessions | None = None
) -> tuple[AccessContext, Webhooks, mail_job.MailContext]:
    """Contexts of the jobs; `delivering` are sessions for the loops of webhooks only."""
    keyring = Keyring.from_text(chosen.secret_keys)
    access = AccessContext(
        sessions=sessions, keyring=keyring, platforms=platforms,
        timing=RetryTiming(
            settle=timedelta(seconds=chosen.settle_seconds), proof=2 * timedelta(hours=chosen.watch_hours)
        ),
        outbox=mail_queue_of(chosen, keyring),
        lease=timedelta(seconds=chosen.lease_seconds),
        watch=timedelta(hours=chosen.watch_hours),
    )  # fmt: skip
    webhooks = Webhooks(
        sessions=delivering or sessions, keyring=keyring, egress=egress, public_url=chosen.public_url,
        destinations=catalog.make_destinations(hubspot_base=chosen.hubspot_api_base),
        pulse=Heartbeat(sending.LOOPS),
    )  # fmt: skip
    return access, webhooks, mail_job.MailContext(sessions=sessions, keyring=keyring, server=chosen.mail_server)


def chores(
    sessions: Sessions, outbox: MailQueue | None, platforms: Platforms
) -> Mapping[str, Callable[[], Awaitable[timedelta]]]:
    """Periodic tasks of other rooms than webhooks, by key."""
    reminding = reminder_task.ReminderContext(sessions, outbox, platforms)
    telling = notice_task.NoticeContext(sessions, outbox)
    return {
        reminder_task.REMINDERS: partial(reminder_task.run, reminding),
        notice_task.NOTICES: partial(notice_task.run, telling),
        abandonment_task.ABANDONED: partial(abandonment_task.run, sessions),
    }


def keeping_of(
    chosen: Settings, sessions: Sessions, tasks: Mapping[str, Callable[[], Awaitable[timedelta]]]
) -> MaintenanceContext:
    """Jobs that keep the webhook tables small, and periodic tasks of other rooms."""
    outbox = mail_queue_of(chosen, Keyring.from_text(chosen.secret_keys))
    return MaintenanceContext(
        sessions, outbox, days=chosen.webhook_days, body_days=chosen.webhook_body_days,
        most_pending=chosen.webhook_most_pending, tasks=tasks,
        others=(replay_job.prune_replays, throttle.prune, members.prune, passkeys.prune),
    )  # fmt: skip


def pages(chosen: Settings, pulse: Heartbeat, keeping: MaintenanceContext) -> AbstractAsyncContextManager[None]:
    """The worker's own pages, while it works; none without KEYTURN_WORKER_ADDRESS."""
    return http_server.served_at(
        metric_queries.make_worker_pages(pulse, Gauges(keeping), keeping.sessions), chosen.worker_listens
    )


if __name__ == "__main__":
    uvloop.run(run(load()))
