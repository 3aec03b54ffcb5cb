"""Cost of claiming and listing with few and with many finished deliveries behind them."""

import time
from statistics import median

from sqlalchemy import text

from app.kit.encryption import Keyring
from app.webhooks.deliveries import queries
from app.webhooks.deliveries.queries import DeliveryFilter
from app.webhooks.dispatcher.scheduler import claim
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.policies.fair_share import SlotUsage
from bench.webhooks.stage import KEYS, Stage
from tests.webhooks.scenes import fan_out

TURNS = 60

_GIVE_BACK = "UPDATE webhook_deliveries SET lease_until = NULL, lease_token = NULL WHERE due_at IS NOT NULL"

_FILL = """
    INSERT INTO webhook_deliveries (agency_id, id, endpoint_id, event_id, event_type, subject_id, sequence, slot_class,
      status, body_id, body_created_at, attempt_count, attempts_since_requeue, last_code, first_attempt_at,
      last_attempt_at,
      expires_at, created_at)
    SELECT d.agency_id,
      (lpad(to_hex((1780000000000 + n * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
      d.endpoint_id, md5('event' || n)::uuid, d.event_type, d.subject_id, n, 'retry', 'succeeded',
      md5('body' || n / 10)::uuid, d.body_created_at,
      1, 1, 'http_200', now(), now(), now(), now()
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n
    JOIN bench_samples d ON d.number = n % :samples
"""
#: One to ten deliveries, as many endpoints of an agency share it.
_FILL_BODIES = """
    INSERT INTO webhook_bodies (agency_id, id, created_at, event_id, mode, personal, truncated, content, sha256)
    SELECT d.agency_id, md5('body' || n / 10)::uuid, d.body_created_at, md5('event' || n)::uuid, 'full', true, false,
      convert_to(repeat(md5(n::text), 40), 'UTF8'), decode(md5(n::text), 'hex')
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n
    JOIN bench_samples d ON d.number = n % :samples
    WHERE n % 10 = 0
"""
_FILL_ATTEMPTS = """
    INSERT INTO webhook_attempts (agency_id, id, delivery_id, endpoint_id, number, late, arrived, code, explanation,
      status, headers, body, total_ms, worker)
    SELECT d.agency_id, md5('attempt' || n)::uuid,
      (lpad(to_hex((1780000000000 + n * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid,
      d.endpoint_id, 1, false, true, 'http_200', 'Arrived.', 200,
      '{"server": "nginx", "content-type": "text/plain", "content-length": "2"}', 'ok', 12, 'bench:1'
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n
    JOIN bench_samples d ON d.number = n % :samples
"""


async def fill(on: Stage, number: int, *, already: int) -> None:
    """Finished deliveries, with their attempts and bodies, until there are so many, spread over all endpoints."""
    await on.execute("DROP TABLE IF EXISTS bench_samples")
    await on.execute(
        "CREATE TABLE bench_samples AS SELECT (row_number() OVER () - 1)::int AS number, d.* FROM ("
        "SELECT DISTINCT ON (endpoint_id) agency_id, endpoint_id, event_type, subject_id, body_id, "
        "body_created_at FROM webhook_deliveries ORDER BY endpoint_id, id) d"
    )
    samples = await _count(on, "bench_samples")
    await on.execute("ALTER TABLE webhook_deliveries DISABLE TRIGGER ALL")
    for first in range(already + 1, number + 1, 250_000):
        last = min(first + 249_999, number)
        for statement in (_FILL_BODIES, _FILL, _FILL_ATTEMPTS):
            await on.execute(statement, first=first, last=last, samples=samples)
    await on.execute("ALTER TABLE webhook_deliveries ENABLE TRIGGER ALL")
    await on.execute("ANALYZE webhook_deliveries")


async def claim_ms(on: Stage) -> float:
    """The median of claiming what 500 due deliveries allow; they are given back each time."""
    await on.happen(50)
    while await fan_out(on.sessions, Keyring.from_text(KEYS)):
        pass
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        claimed = await claim(on.sessions, SlotUsage(512, {}, {}))
        took.append((time.perf_counter() - began) * 1000)
        assert claimed.deliveries
        await on.execute(_GIVE_BACK)
    await on.execute("UPDATE webhook_deliveries SET status = 'cancelled', due_at = NULL WHERE due_at IS NOT NULL")
    return median(took)


async def list_ms(on: Stage) -> float:
    """The median of the ways an agency looks at its deliveries: all, one endpoint's, those of a state."""
    agency_id = on.agency_ids[0]
    async with on.sessions() as session:
        [endpoint, *_] = await endpoints.every(session, agency_id)
    sought = [DeliveryFilter(), DeliveryFilter(endpoint_id=endpoint.id), DeliveryFilter(status="exhausted")]
    took = []
    for _ in range(TURNS):
        for each in sought:
            async with on.sessions() as session:
                began = time.perf_counter()
                await queries.page(session, agency_id, each, limit=50)
                took.append((time.perf_counter() - began) * 1000)
    return median(took)


async def _count(on: Stage, table: str) -> int:
    async with on.sessions() as session:
        found = await session.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a name of ours
        return int(found.scalar_one())
