"""Writing down what came of attempts, many in one transaction: deliveries, attempt log, the endpoints' health."""

import random
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, cast

from sqlalchemy import Boolean, String, Table, Uuid, func, or_, tuple_, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import KEYTURN, record
from app.events.types import webhooks as happenings
from app.kit import bulk_params, ids
from app.kit.database import CROSS_TENANT, KeptConnection, Sessions
from app.webhooks.dispatcher import attempt_log, ordering
from app.webhooks.dispatcher.claimed import ClaimedDelivery, Lease
from app.webhooks.dispatcher.endpoint_health import note
from app.webhooks.dispatcher.http_attempt import AttemptResult
from app.webhooks.endpoints import event_filter
from app.webhooks.endpoints.models import EndpointHealth
from app.webhooks.models import TERMINAL, Delivery
from app.webhooks.policies import retry_policy
from app.webhooks.policies.retry_policy import Step

#: Why a delivery waits whose endpoint the key ring does not open, and how long until the next look.
KEY_MISSING = "key_missing"
SEALED_REST = timedelta(minutes=1)
_ENDED: bulk_params.Columns = {
    "agency_id": Uuid(), "id": Uuid(), "token": Uuid(), "status": String(), "reason": String(),
}  # fmt: skip
_table = cast(Table, Delivery.__table__)
_is = _table.c
_over = bulk_params.table("given", _ENDED)
_END = (
    update(_table)
    .where(_is.agency_id == _over.c.agency_id, _is.id == _over.c.id, _is.lease_token == _over.c.token)
    .values(
        status=_over.c.status, reason=_over.c.reason, due_at=None, lease_until=None, lease_token=None, tries=0
    )
    .returning(_over.c.id, _over.c.token)
    .execution_options(**CROSS_TENANT)
)  # fmt: skip


_STUBBORN: bulk_params.Columns = {"agency_id": Uuid(), "id": Uuid(), "at_once": Boolean()}
_stubborn = bulk_params.table("stubborn", _STUBBORN)
_health = cast(Table, EndpointHealth.__table__).c
#: `failing_since` is the first failure since the endpoint last took something.
_ASIDE = (
    update(_table)
    .where(
        _is.agency_id == _stubborn.c.agency_id, _is.id == _stubborn.c.id,
        _health.agency_id == _is.agency_id, _health.id == _is.endpoint_id,
        or_(_stubborn.c.at_once, _health.failing_since.is_(None), _health.failing_since > _is.first_attempt_at),
    )
    .values(ordered=False)
    .execution_options(**CROSS_TENANT)
)  # fmt: skip


class DeliveryUpdate(NamedTuple):
    """An attempt and what follows it."""

    attempted: AttemptResult
    step: Step

    @property
    def row(self) -> ClaimedDelivery:
        """Its delivery."""
        return self.attempted.parcel.row

    @property
    def over(self) -> bool:
        """True if nothing more will happen by itself."""
        return self.step.status in TERMINAL


def decide(attempted: AttemptResult) -> DeliveryUpdate:
    """The step after an attempt, by the endpoint's retry policy."""
    row, endpoint = attempted.parcel.row, attempted.parcel.endpoint
    if attempted.outcome.arrived:
        return DeliveryUpdate(attempted, retry_policy.ARRIVED)
    step = retry_policy.after(
        attempted.outcome,
        made=row.series_attempts + 1,
        policy=endpoint.retry_policy,
        jitter=random.uniform(1.0, retry_policy.MOST_JITTER),  # noqa: S311 - spreads load, protects nothing
        now=attempted.began,
        expires_at=row.expires_at,
    )
    return DeliveryUpdate(attempted, step)


async def write(
    sessions: Sessions, finished: Sequence[DeliveryUpdate], *, worker: str, line: KeptConnection | None = None
) -> set[Lease]:
    """Writes all of it in one transaction; the leases of those that were lost meanwhile.

    Their attempts are kept as `late`: they left, but decided nothing. Mostly it is one statement on the `line`.
    """
    finished = sorted(finished, key=lambda each: each.row.id)  # as everybody locks them
    if line and all(map(_plain, finished)):
        async with line.driver() as driver:
            written = await attempt_log.write_directly(driver, finished, worker)
        if written is not None:
            return written
    async with sessions.begin() as session:
        await _hold_order(session, [each.row for each in finished if each.over or each.step.aside != "never"])
        late = await attempt_log.write(session, finished, worker)
        kept = [each for each in finished if each.row.lease not in late] if late else finished
        await _step_aside(session, [each for each in kept if each.row.ordered and each.step.aside != "never"])
        await _let_next_go(session, [each.row for each in kept if each.over or each.step.aside != "never"])
        await _tell(session, [(each.row, each.step) for each in kept if each.step.status == "exhausted"])
        await note(session, kept)
    return late


def _plain(each: DeliveryUpdate) -> bool:
    """True if nothing follows from it but its own end, if its endpoint is well."""
    return each.attempted.outcome.arrived and not each.row.ordered and len(each.attempted.answers) < 2


async def give_up(
    sessions: Sessions, ended: Sequence[tuple[ClaimedDelivery, str, str]]
) -> Sequence[tuple[ClaimedDelivery, str, str]]:
    """Ends deliveries without an attempt, each with its status and reason; those that were still ours."""
    ended = sorted(ended, key=lambda each: each[0].id)
    async with sessions.begin() as session:
        await _hold_order(session, [row for row, _, _ in ended])
        given = bulk_params.values("given", _ENDED, [(row.agency_id, row.id, row.token, *why) for row, *why in ended])
        ours = {(row[0], row[1]) for row in await session.execute(_END, given)}
        kept = [each for each in ended if each[0].lease in ours]
        await _let_next_go(session, [row for row, _, _ in kept])
        await _tell(session, [(row, Step(status, reason, None)) for row, status, reason in kept])
    return kept


async def give_back(sessions: Sessions, row: ClaimedDelivery) -> None:
    """Gives a delivery back that could not be tried for a fault of ours; its tries keep counting."""
    async with sessions.begin() as session:
        await session.execute(
            update(Delivery)
            .where(type_coerce(Delivery.id, Uuid()) == row.id, Delivery.lease_token == row.token)
            .values(due_at=func.now() + timedelta(seconds=min(2**row.tries, 300)), lease_until=None, lease_token=None)
            .execution_options(synchronize_session=False, **CROSS_TENANT)
        )


async def set_aside(sessions: Sessions, sealed: Sequence[ClaimedDelivery]) -> None:
    """Give back deliveries whose endpoint the key ring does not open: they wait for the key, and no try is counted."""
    async with sessions.begin() as session:
        await session.execute(
            update(Delivery)
            .where(
                tuple_(type_coerce(Delivery.id, Uuid()), Delivery.lease_token).in_(
                    [(row.id, row.token) for row in sealed]
                )
            )
            .values(
                due_at=func.now() + SEALED_REST, lease_until=None, lease_token=None, tries=Delivery.tries - 1,
                reason=KEY_MISSING,
            )
            .execution_options(synchronize_session=False, **CROSS_TENANT)
        )  # fmt: skip


async def _hold_order(session: AsyncSession, over: Sequence[ClaimedDelivery]) -> None:
    await ordering.hold_raw(session, [(row.agency_id, row.endpoint_id) for row in over if row.ordered])


async def _step_aside(session: AsyncSession, stubborn: Sequence[DeliveryUpdate]) -> None:
    """Has those that others could pass hold back no longer: they are refused for what is in them, or the endpoint took
    something else since their first attempt. They are tried again as before.
    """
    if stubborn:
        given = [(each.row.agency_id, each.row.id, each.step.aside == "now") for each in stubborn]
        await session.execute(_ASIDE, bulk_params.values("stubborn", _STUBBORN, given))


async def _let_next_go(session: AsyncSession, over: Sequence[ClaimedDelivery]) -> None:
    """The next delivery of each subject that was waiting for one of these."""
    subjects: dict[tuple[uuid.UUID, uuid.UUID], list[str]] = {}
    for row in over:
        if row.ordered:
            subjects.setdefault((row.agency_id, row.endpoint_id), []).append(row.subject_id)
    for (agency_id, endpoint_id), subject_ids in sorted(subjects.items()):
        await ordering.release_raw(session, agency_id, endpoint_id, sorted(set(subject_ids)))


async def _tell(session: AsyncSession, ended: Sequence[tuple[ClaimedDelivery, Step]]) -> None:
    """Records each with what became of it; not of a test, nor of such news itself: it would never end."""
    for row, step in ended:
        if row.series == "test" or row.event_type.startswith(event_filter.OPERATIONAL):
            continue
        delivery_id, endpoint_id = ids.text("delivery", row.id), ids.text("endpoint", row.endpoint_id)
        await record(
            session,
            happenings.DELIVERY_EXHAUSTED,
            agency_id=ids.text("agency", row.agency_id),
            subject_id=delivery_id,
            actor=KEYTURN,
            data={
                "endpoint_id": endpoint_id,
                "delivery_id": delivery_id,
                "status": step.status,
                "reason": step.reason,
                "sample_event_id": ids.text("evt", row.event_id),
            },
        )
