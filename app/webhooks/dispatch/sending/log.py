"""The attempt log: a row for each request that left, and a line for the operator."""

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import structlog
from sqlalchemy import Boolean, Integer, String, Table, Text, Uuid, insert, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids, rows
from app.kit.egress.answer import Answer
from app.webhooks.dispatch.deciding.outcome import judge
from app.webhooks.dispatch.model import Attempt
from app.webhooks.dispatch.sending.claim import Lease

if TYPE_CHECKING:
    from app.webhooks.dispatch.sending.finish import Finished

_lines = structlog.get_logger("app.webhooks.dispatch")

_COLUMNS: rows.Columns = {
    "agency_id": Uuid(), "id": Uuid(), "delivery_id": Uuid(), "endpoint_id": Uuid(), "number": Integer(),
    "part": String(), "late": Boolean(), "arrived": Boolean(), "code": String(), "explanation": Text(),
    "status": Integer(), "headers": Text(), "body": Text(), "address": String(), "tls": String(), "dns_ms": Integer(),
    "connect_ms": Integer(), "first_byte_ms": Integer(), "total_ms": Integer(), "worker": String(),
}  # fmt: skip


#: What stands in the log where a destination had nothing to say.
NO_REQUEST = Answer()

_made = rows.table("made", _COLUMNS)
_ADD = insert(cast(Table, Attempt.__table__)).from_select(
    list(_COLUMNS),
    select(*(sql_cast(column, JSONB) if column.name == "headers" else column for column in _made.c)),
    include_defaults=False,
)


async def add(session: AsyncSession, finished: Sequence["Finished"], late: Collection[Lease], worker: str) -> None:
    """Adds a row for each request of these attempts."""
    made = [row for each in finished for row in _rows(each, each.row.lease in late, worker)]
    await session.execute(_ADD, rows.values("made", _COLUMNS, made))


def say(each: "Finished", late: bool) -> None:
    """One line for the operator; unlike the attempt it may say which address was meant."""
    row, attempted = each.row, each.attempted
    answer = attempted.answers[-1][1] if attempted.answers else NO_REQUEST
    _lines.info(
        "webhooks.attempt",
        agency=attempted.parcel.endpoint.agency_id,
        endpoint=attempted.parcel.endpoint.id,
        delivery=attempted.letter.delivery_id,
        event_id=attempted.letter.event_id,
        number=row.attempt_count + 1,
        code=attempted.outcome.code,
        state="late" if late else each.step.state,
        total_ms=sum(one.timing.total for _, one in attempted.answers),
        detail=answer.detail,
        request_id=attempted.parcel.contents.request_id,
    )


def _rows(each: "Finished", late: bool, worker: str) -> list[tuple[Any, ...]]:
    """Of several requests the last has the outcome of the attempt; the others speak for themselves."""
    row, attempted = each.row, each.attempted
    made = []
    answers = attempted.answers or [(None, NO_REQUEST)]
    for place, (part, answer) in enumerate(answers, start=1):
        last = place == len(answers)
        outcome = (
            attempted.outcome if last else judge(answer.status, answer.error, answer.headers, attempted.began)
        )  # fmt: skip
        timing = answer.timing
        made.append((
            row.agency_id, ids.raw(), row.id, row.endpoint_id, row.attempt_count + 1, part, late, outcome.arrived,
            outcome.code, outcome.explanation, answer.status, _json(tuple(answer.headers.items())), answer.body,
            answer.address, answer.tls, timing.dns, timing.connect, timing.first_byte, timing.total, worker,
        ))  # fmt: skip
    return made


@lru_cache(1024)
def _json(headers: tuple[tuple[str, str], ...]) -> str:
    """Headers as text; a receiver mostly answers with the same ones."""
    return json.dumps(dict(headers))
