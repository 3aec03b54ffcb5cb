"""Very many deliveries, written past everything that usually writes them."""

from sqlalchemy import text

from app.kit import ids
from app.kit.database import Sessions

#: One in this many is in the status that is looked for.
RARE = 400


async def write(sessions: Sessions, agency_id: str, endpoint_id: str, count: int) -> None:
    """`count` deliveries of the last weeks, one a second; nearly all of them have succeeded."""
    rows = text(
        """
        INSERT INTO webhook_deliveries (agency_id, id, endpoint_id, event_id, event_type, subject_id, sequence, origin,
            status, slot_class, ordered, reason, body_id, body_created_at, attempt_count, last_code, expires_at,
            created_at, due_at)
        SELECT :agency, (lpad(to_hex((extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7000a000'
                || lpad(to_hex(n), 12, '0'))::uuid,
            :endpoint, gen_random_uuid(), 'access.verified', 'link_' || n / 100, n, 'event', status, 'new', waits,
            CASE WHEN waits THEN 'ordering' END, gen_random_uuid(), made, 1,
            CASE status WHEN 'succeeded' THEN 'http_200' ELSE 'http_500' END, made + interval '5 days', made,
            CASE WHEN status IN ('pending', 'retrying') AND NOT waits THEN made END
        FROM (
            SELECT n, now() - make_interval(secs => :count - n) AS made, n % (8 * :rare) = 0 AS waits,
                CASE WHEN n % :rare <> 0 THEN 'succeeded'
                    ELSE (ARRAY['pending', 'retrying', 'exhausted', 'cancelled', 'skipped'])
                        [CASE WHEN n % (8 * :rare) = 0 THEN 1 ELSE 1 + (n / :rare) % 5 END]
                END AS status
            FROM generate_series(1, :count) AS n
        ) AS numbered
        """
    )
    given = {
        "agency": ids.parse("agency", agency_id), "endpoint": ids.parse("endpoint", endpoint_id), "count": count,
        "rare": RARE,
    }  # fmt: skip
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(rows, given)
    async with sessions() as session:
        connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        await connection.execute(text("VACUUM ANALYZE webhook_deliveries"))
