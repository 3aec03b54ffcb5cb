"""Writing attempts down: what becomes of their deliveries, and a row of the attempt log for each request that left."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Boolean, Float, Integer, String, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from app.kit import ids
from app.kit.database import ACROSS_AGENCIES
from app.kit.egress.answer import Answer
from app.webhooks.dispatch.deciding.outcome import judge
from app.webhooks.dispatch.sending.claim import Lease

if TYPE_CHECKING:
    from app.webhooks.dispatch.sending.finish import Finished

#: What stands in the log where a destination had nothing to say.
NO_REQUEST = Answer()

_REQUEST: dict[str, TypeEngine[Any]] = {
    "agency_id": Uuid(), "delivery_id": Uuid(), "token": Uuid(), "id": Uuid(), "endpoint_id": Uuid(),
    "number": Integer(), "part": String(), "arrived": Boolean(), "code": String(), "explanation": String(),
    "status": Integer(), "headers": String(), "body": String(), "address": String(), "tls": String(),
    "dns_ms": Integer(), "connect_ms": Integer(), "first_byte_ms": Integer(), "total_ms": Integer(),
}  # fmt: skip
_STEP: dict[str, TypeEngine[Any]] = {"state": String(), "reason": String(), "due_in": Float()}
_LOGGED = [name for name in _REQUEST if name != "token"]
_GIVEN = f"unnest({', '.join(f':{name}' for name in _REQUEST)}"
_AS_LOGGED = ", ".join(f"{name}::jsonb" if name == "headers" else name for name in _LOGGED)

#: A lease that somebody else has by now decides nothing; its attempt is kept as `late`, and its key comes back.
_WRITE = (
    text(
        f"""
    WITH given AS (
      SELECT * FROM {_GIVEN}, :state, :reason, :due_in) AS g({", ".join(_REQUEST)}, state, reason, due_in)
    ), moved AS (
      UPDATE webhook_deliveries d
      SET state = given.state, reason = given.reason, share = 'again',
        due_at = now() + make_interval(secs => given.due_in), attempt_count = d.attempt_count + 1,
        series_attempts = d.series_attempts + 1, last_code = given.code,
        first_attempt_at = COALESCE(d.first_attempt_at, now()), last_attempt_at = now(),
        lease_until = NULL, lease_token = NULL, tries = 0
      FROM given
      WHERE d.agency_id = given.agency_id AND d.id = given.delivery_id AND d.lease_token = given.token
      RETURNING given.id
    ), logged AS (
      INSERT INTO webhook_attempts ({", ".join(_LOGGED)}, late, worker)
      SELECT {_AS_LOGGED}, id NOT IN (SELECT id FROM moved), :worker FROM given
    )
    SELECT delivery_id, token FROM given WHERE id NOT IN (SELECT id FROM moved)
    """  # noqa: S608 - names of ours
    )
    .bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind in (_REQUEST | _STEP).items()))
    .columns(delivery_id=Uuid(), token=Uuid())
)

#: The requests before the last one, where a destination makes several.
_ADD = text(
    f"""
    INSERT INTO webhook_attempts ({", ".join(_LOGGED)}, late, worker)
    SELECT {_AS_LOGGED}, late, :worker FROM {_GIVEN}, :late) AS g({", ".join(_REQUEST)}, late)
    """  # noqa: S608 - names of ours
).bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind in (_REQUEST | {"late": Boolean()}).items()))


async def write(session: AsyncSession, finished: Sequence["Finished"], worker: str) -> set[Lease]:
    """Moves the deliveries of these attempts on, by id, and logs every request; the leases that were lost meanwhile."""
    last = [(*_request(each, *_last(each)), *_step(each)) for each in finished]
    given = _columns([*_REQUEST, *_STEP], last)
    found = await session.execute(_WRITE, given | {"worker": worker}, execution_options=ACROSS_AGENCIES)
    late = {(row[0], row[1]) for row in found}
    before = [
        (*_request(each, part, answer), each.row.lease in late)
        for each in finished
        if len(each.attempted.answers) > 1
        for part, answer in each.attempted.answers[:-1]
    ]
    if before:
        given = _columns([*_REQUEST, "late"], before)
        await session.execute(_ADD, given | {"worker": worker}, execution_options=ACROSS_AGENCIES)
    return late


def _last(each: "Finished") -> tuple[str | None, Answer]:
    answers = each.attempted.answers
    return answers[-1] if answers else (None, NO_REQUEST)


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def _step(each: "Finished") -> tuple[Any, ...]:
    step = each.step
    return step.state, step.reason, None if step.due_in is None else step.due_in.total_seconds()


def _request(each: "Finished", part: str | None, answer: Answer) -> tuple[Any, ...]:
    """Of several requests the last has the outcome of the attempt; the others speak for themselves."""
    attempted = each.attempted
    row, timing = attempted.parcel.row, answer.timing
    ends = not attempted.answers or answer is attempted.answers[-1][1]
    outcome = (
        attempted.outcome if ends else judge(answer.status, answer.error, answer.headers, attempted.began)
    )  # fmt: skip
    return (
        row.agency_id, row.id, row.token, ids.raw(), row.endpoint_id, row.attempt_count + 1, part, outcome.arrived,
        outcome.code, outcome.explanation, answer.status, _json(tuple(answer.headers.items())), answer.body,
        answer.address, answer.tls, timing.dns, timing.connect, timing.first_byte, timing.total,
    )  # fmt: skip


@lru_cache(1024)
def _json(headers: tuple[tuple[str, str], ...]) -> str:
    """Headers as text; a receiver mostly answers with the same ones."""
    return json.dumps(dict(headers))
