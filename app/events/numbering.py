"""Transaction numbers of events and audit entries, which keep rising after a move to a server that counts lower.

The feed is ordered by the number of the transaction that wrote an event, and CRMs store positions in it. Each server
counts its own transactions, so a restored database may contain numbers that its new server has not reached. Such events
would be hidden, and new ones would be placed before them. The SQL function `transaction_base()` is added to every
number and to the horizon.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LOCK = 0x6B65796E
#: The gap between the next numbers and the newest stored one, and that number; reads each agency's index.
_BEHIND = text(
    """
    SELECT last.number + 1 - pg_snapshot_xmax(pg_current_snapshot())::text::bigint - transaction_base() AS behind,
      last.number + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS base
    FROM (
      SELECT coalesce(max(newest.transaction_id), 0) AS number FROM agencies
      CROSS JOIN LATERAL (
        (SELECT transaction_id FROM events WHERE events.agency_id = agencies.id
         ORDER BY transaction_id DESC, id DESC LIMIT 1)
        UNION ALL
        (SELECT transaction_id FROM audit_entries WHERE audit_entries.agency_id = agencies.id
         ORDER BY transaction_id DESC, id DESC LIMIT 1)
      ) newest
    ) last
    """
)


async def is_behind(connection: AsyncConnection) -> bool:
    """True if the server's next event number is below the newest stored one."""
    return (await _read(connection))[0] > 0


async def go_on(connection: AsyncConnection) -> bool:
    """Continue after the newest stored number if the server is behind. True if it was."""
    if not await is_behind(connection):
        return False
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    behind, base = await _read(connection)
    if behind <= 0:  # another process was first
        return False
    await connection.execute(
        text(
            "CREATE OR REPLACE FUNCTION transaction_base() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE "
            f"AS 'SELECT {base:d}::bigint'"
        )
    )
    return True


async def _read(connection: AsyncConnection) -> tuple[int, int]:
    found = (await connection.execute(_BEHIND)).one()
    return int(found.behind), int(found.base)
