"""Writing attempts down: what becomes of their deliveries, and a row of the attempt log for each request that left."""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Float, Integer, String, Uuid, bindparam, text

from app.kit import bulk_params
from app.kit.database import CROSS_TENANT, Connected, DriverStatement
from app.kit.egress.result import HttpResult
from app.kit.ids import raw
from app.webhooks.dispatcher.claimed import Lease
from app.webhooks.dispatcher.endpoint_health import UNWELL
from app.webhooks.policies.response_classifier import judge

if TYPE_CHECKING:
    from app.webhooks.dispatcher.result_writer import DeliveryUpdate

_REQUEST: bulk_params.Columns = {
    "id": Uuid(), "agency_id": Uuid(), "delivery_id": Uuid(), "endpoint_id": Uuid(), "token": Uuid(),
    "first_byte_ms": Integer(), "total_ms": Integer(), "due_in": Float(), "came": Integer(),
}  # fmt: skip
#: What requests came to, and what follows: much the same for many of a batch, so it is given once:
#: nothing in it may differ for each.
_CAME: bulk_params.Columns = {
    "part": String(), "arrived": Boolean(), "code": String(), "explanation": String(), "status": Integer(),
    "headers": String(), "body": String(), "address": String(), "tls": String(), "dns_ms": Integer(),
    "connect_ms": Integer(), "number": Integer(), "delivery_status": String(), "reason": String(),
}  # fmt: skip
_EARLIER: bulk_params.Columns = {**_REQUEST, "late": Boolean()}
_CAME_TO = f"""
    came AS MATERIALIZED (
      SELECT place, headers::jsonb AS headers, {", ".join(name for name in _CAME if name != "headers")}
      FROM {bulk_params.given("came", _CAME, place="place")}
    )"""  # noqa: S608 - names of ours
_LOGGED = [name for name in (*_REQUEST, *_CAME) if name not in ("token", "due_in", "came", "delivery_status", "reason")]
_LOG = f"INSERT INTO webhook_attempts ({', '.join(_LOGGED)}, late, worker) SELECT {', '.join(_LOGGED)}"

#: A lease that somebody else has by now decides nothing; its attempt is kept as `late`. The others come back.
_WRITE = text(
    f"""
    WITH {_CAME_TO}, given AS MATERIALIZED (
      SELECT * FROM {bulk_params.given("given", _REQUEST)}
      WHERE NOT :only_well OR NOT EXISTS (
        SELECT FROM webhook_health
        WHERE (agency_id, id) IN (SELECT * FROM unnest(:given_agency_id, :given_endpoint_id)) AND ({UNWELL}))
    ), moved AS (
      UPDATE webhook_deliveries d
      SET status = came.delivery_status, reason = came.reason, share = 'again',
        due_at = now() + make_interval(secs => given.due_in), attempt_count = d.attempt_count + 1,
        series_attempts = d.series_attempts + 1, last_code = came.code,
        first_attempt_at = COALESCE(d.first_attempt_at, now()), last_attempt_at = now(),
        lease_until = NULL, lease_token = NULL, tries = 0
      FROM given JOIN came ON came.place = given.came
      WHERE d.agency_id = given.agency_id AND d.id = given.delivery_id AND d.lease_token = given.token
      RETURNING given.id
    ), logged AS (
      {_LOG}, id NOT IN (SELECT id FROM moved), :worker FROM given JOIN came ON came.place = given.came
    )
    SELECT EXISTS (SELECT FROM given), array_agg(id) FROM moved
    """  # noqa: S608 - names of ours
).bindparams(
    *bulk_params.parameters("given", _REQUEST),
    *bulk_params.parameters("came", _CAME),
    bindparam("only_well", type_=Boolean()),
)
_WRITE_DIRECTLY = DriverStatement.of(_WRITE)

#: The requests before the last one, where a destination makes several.
_ADD = text(
    f"""
    WITH {_CAME_TO}
    {_LOG}, late, :worker FROM {bulk_params.given("given", _EARLIER)}
    JOIN came ON came.place = given.came
    """
).bindparams(*bulk_params.parameters("given", _EARLIER), *bulk_params.parameters("came", _CAME))


async def write(to: Connected, finished: Sequence["DeliveryUpdate"], worker: str) -> set[Lease]:
    """Moves the deliveries of these attempts on, by id, and logs every request; the leases that were lost meanwhile."""
    given = _given(finished, worker, only_well=False)
    [(_, moved)] = await to.execute(_WRITE, given, execution_options=CROSS_TENANT)
    late = _late(finished, given, moved)
    await _add(to, finished, late, worker)
    return late


async def write_directly(driver: Any, finished: Sequence["DeliveryUpdate"], worker: str) -> set[Lease] | None:
    """The same by the driver, in a transaction of its own, for attempts of one request each.

    Writes nothing and answers None where one of the endpoints has not been well.
    """
    given = _given(finished, worker, only_well=True)
    [(written, moved)] = await _WRITE_DIRECTLY.fetch(driver, given)
    return _late(finished, given, moved) if written else None


def _given(finished: Sequence["DeliveryUpdate"], worker: str, *, only_well: bool) -> dict[str, Any]:
    came = _Came()
    given = [came.request(each, _part(each), each.attempted.answer, _due_in(each)) for each in finished]
    return {**bulk_params.values("given", _REQUEST, given), **came.values(), "worker": worker, "only_well": only_well}


def _late(
    finished: Sequence["DeliveryUpdate"], given: Mapping[str, Any], moved: Collection[uuid.UUID] | None
) -> set[Lease]:
    ours = set(moved or ())
    return {each.row.lease for each, key in zip(finished, given["given_id"], strict=True) if key not in ours}


async def _add(to: Connected, finished: Sequence["DeliveryUpdate"], late: set[Lease], worker: str) -> None:
    came = _Came()
    given = [
        (*came.request(each, part, answer, None), each.row.lease in late)
        for each in finished
        if len(each.attempted.answers) > 1
        for part, answer in each.attempted.answers[:-1]
    ]
    if given:
        values = {**bulk_params.values("given", _EARLIER, given), **came.values(), "worker": worker}
        await to.execute(_ADD, values, execution_options=CROSS_TENANT)


def _part(each: "DeliveryUpdate") -> str | None:
    answers = each.attempted.answers
    return answers[-1][0] if answers else None


def _due_in(each: "DeliveryUpdate") -> float | None:
    return None if each.step.due_in is None else each.step.due_in.total_seconds()


class _Came:
    """What the requests of a batch came to, each once."""

    def __init__(self) -> None:
        self._places: dict[tuple[Any, ...], int] = {}

    def values(self) -> dict[str, list[Any]]:
        """As parameters of a statement."""
        return bulk_params.values("came", _CAME, list(self._places))

    def request(
        self, each: "DeliveryUpdate", part: str | None, answer: HttpResult, due_in: float | None
    ) -> tuple[Any, ...]:
        """The row of a request. Of several the last has the outcome of the attempt; the others speak for themselves."""
        attempted, step = each.attempted, each.step
        row, timing, outcome = attempted.parcel.row, answer.timing, attempted.outcome
        if answer is not attempted.answer:
            outcome = judge(answer.status, answer.error, answer.headers, attempted.began)
        came = (
            part, outcome.arrived, outcome.code, outcome.explanation, answer.status,
            _json(tuple(answer.headers.items())), answer.body, answer.address, answer.tls, timing.dns, timing.connect,
            row.attempt_count + 1, step.status, step.reason,
        )  # fmt: skip
        return (
            raw(), row.agency_id, row.id, row.endpoint_id, row.token, timing.first_byte, timing.total, due_in,
            self._places.setdefault(came, len(self._places) + 1),
        )  # fmt: skip


@lru_cache(1024)
def _json(headers: tuple[tuple[str, str], ...]) -> str:
    """Headers as text; a receiver mostly answers with the same ones."""
    return json.dumps(dict(headers))
