"""The worker's own pages over real HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import func

from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.web import http_server
from app.webhooks import metrics
from app.webhooks import monitoring as metric_queries
from app.webhooks.context import MaintenanceContext
from app.webhooks.metrics import Heartbeat
from app.webhooks.models import Endpoint
from app.webhooks.monitoring import Gauges
from tests.webhooks import rows


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At the start."""
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Heartbeat:
    """Of a worker that just began."""
    return Heartbeat(("deliveries",), clock)


@pytest_asyncio.fixture
async def http(pulse: Heartbeat, keeping: MaintenanceContext, sessions: Sessions) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who looks at the worker."""
    app = metric_queries.make_worker_pages(pulse, Gauges(keeping), sessions)
    async with (
        http_server.served(app, "127.0.0.1", 0) as (host, port),
        httpx2.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client,
    ):
        yield client


def later(clock: Clock, pulse: Heartbeat) -> None:
    """Two minutes later: the loop goes round, nothing was sent."""
    clock.now += 120
    pulse.beat("deliveries")


async def test_a_worker_with_nothing_to_do_is_well(http: httpx2.AsyncClient, clock: Clock, pulse: Heartbeat) -> None:
    assert (await http.get("/healthz")).json() == {"status": "alive"}
    later(clock, pulse)
    assert (await http.get("/healthz")).status_code == 200


async def test_a_loop_that_stands_still_is_told(http: httpx2.AsyncClient, clock: Clock) -> None:
    clock.now += 61
    answer = await http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "A loop is stuck: deliveries did not run for 60 s."


async def test_nothing_sent_although_there_is_something_to_send(
    http: httpx2.AsyncClient, clock: Clock, pulse: Heartbeat, sessions: Sessions, endpoint: Endpoint
) -> None:
    await rows.add_delivery(sessions, endpoint)
    assert (await http.get("/healthz")).status_code == 200  # it has only begun
    later(clock, pulse)
    answer = await http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "No attempt in 60 s although deliveries are due that may be sent."
    pulse.attempt()
    assert (await http.get("/healthz")).status_code == 200


async def test_a_backlog_that_is_held_or_young_is_none(
    http: httpx2.AsyncClient, clock: Clock, pulse: Heartbeat, sessions: Sessions, endpoint: Endpoint
) -> None:
    later(clock, pulse)
    await rows.add_delivery(sessions, endpoint, aged=timedelta(seconds=20))
    assert (await http.get("/healthz")).status_code == 200
    await rows.add_delivery(sessions, endpoint)
    await rows.set_endpoint(sessions, endpoint, paused_at=func.now())
    assert (await http.get("/healthz")).status_code == 200
    await rows.set_endpoint(sessions, endpoint, paused_at=None)
    await rows.set_health(sessions, endpoint, breaker="open")
    assert (await http.get("/healthz")).status_code == 200
    await rows.set_health(sessions, endpoint, breaker="closed")
    assert (await http.get("/healthz")).status_code == 503


async def test_a_database_that_is_away_is_no_reason_to_start_anew(pulse: Heartbeat, clock: Clock) -> None:
    engine = make_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    later(clock, pulse)
    assert await metric_queries.health_problem(pulse, make_sessions(engine)) is None
    await engine.dispose()


async def test_figures_of_the_process_and_of_the_database(http: httpx2.AsyncClient, endpoint: Endpoint) -> None:
    metrics.CLAIM.observe(0.001)
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'webhook_endpoints{status="active"} 1.0',
        "# TYPE webhook_attempts_total counter",
        "# TYPE webhook_event_to_first_attempt_seconds histogram",
        "process_start_time_seconds",
    ):
        assert line in answer.text
    assert endpoint.id not in answer.text
    assert endpoint.agency_id not in answer.text


async def test_it_shows_nothing_else(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/")).status_code == 404
    assert (await http.post("/metrics")).status_code == 405
