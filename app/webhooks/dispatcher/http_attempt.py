"""One attempt: the requests that a destination makes for a delivery, each sent once, and the step that follows."""

import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from app.kit import ids
from app.kit.egress.client import Egress
from app.kit.egress.result import HttpResult
from app.kit.jobs import POISON_AFTER
from app.webhooks.deliveries.transitions import ClaimedDelivery
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.dispatcher.endpoint_cache import EndpointSnapshot
from app.webhooks.message import STANDARD, Destination, HttpRequest, OutboundRequest, RequestSequence, standard_webhook
from app.webhooks.models import TERMINAL
from app.webhooks.policies import retry_policy
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.response_classifier import AttemptOutcome
from app.webhooks.policies.retry_policy import Step

#: Time-out of a request for which the time of its attempt is used up.
LEAST_SECONDS = 0.1
#: The answer where a destination makes no request.
NO_ANSWER = HttpResult()


@dataclass(slots=True, eq=False)
class AttemptResult:
    """One attempt, from its first request to its outcome; `answers` has the response to each request with its part.

    It is empty if a destination makes no request for an event.
    """

    delivery: ClaimedDelivery
    endpoint: EndpointSnapshot
    outbound: OutboundRequest
    sequence: RequestSequence
    request: HttpRequest | None
    answers: list[tuple[str | None, HttpResult]] = field(default_factory=list)
    outcome: AttemptOutcome = field(init=False)

    @property
    def answer(self) -> HttpResult:
        """The last response; it defines the outcome of the attempt."""
        return self.answers[-1][1] if self.answers else NO_ANSWER

    @property
    def began(self) -> datetime:
        """Start, by the clock of this machine."""
        return self.outbound.now

    @property
    def is_single(self) -> bool:
        """True if it is one request, independent of the response, so that the outcome can be classified later."""
        return self.endpoint.destination in STANDARD

    def advance(self, answer: HttpResult) -> None:
        """Pass a response to the sequence: sets the next `request`, or None and the outcome."""
        try:
            self.request = self.sequence.send(answer)
        except StopIteration as ended:
            self.request, self.outcome = None, ended.value


class DeliveryUpdate(NamedTuple):
    """An attempt and the step that follows it."""

    attempted: AttemptResult
    step: Step

    @property
    def delivery(self) -> ClaimedDelivery:
        """Its delivery."""
        return self.attempted.delivery

    @property
    def over(self) -> bool:
        """True if the delivery has ended."""
        return self.step.status in TERMINAL


def start_attempt(
    delivery: ClaimedDelivery, endpoint: EndpointSnapshot, destinations: Mapping[str, Destination], now: datetime
) -> AttemptResult:
    """Compose the first request: signed, to be sent at once."""
    destination = standard_webhook if endpoint.destination in STANDARD else destinations[endpoint.destination]
    outbound = outbound_request(delivery, endpoint, now)
    attempt = AttemptResult(delivery, endpoint, outbound, destination(outbound), None)
    try:
        attempt.request = next(attempt.sequence)
    except StopIteration as ended:
        attempt.outcome = ended.value
    return attempt


def request_timeout(seconds: float, left: float) -> float:
    """Time-out of the next request: the endpoint's, or the time that is left for the whole attempt."""
    return min(seconds, max(left, LEAST_SECONDS))


async def send_requests(attempt: AttemptResult, egress: Egress, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Make the requests, each once, within the time for which the delivery is leased."""
    endpoint = attempt.endpoint
    began, longest = clock(), endpoint.seconds * CATALOG[endpoint.destination].attempt_timeouts
    while request := attempt.request:
        seconds = request_timeout(endpoint.seconds, longest - (clock() - began))
        answer = await egress.call(
            request.method, request.url, headers=request.headers, body=request.body, seconds=seconds
        )
        attempt.answers.append((request.part, answer))
        if attempt.is_single:
            return
        attempt.advance(answer)


def conclude_attempt(attempt: AttemptResult) -> None:
    """Work out the outcome, where that was put off."""
    if attempt.is_single:
        attempt.advance(attempt.answer)
    assert not attempt.request, "a sequence of one request has a second one"


def outbound_request(delivery: ClaimedDelivery, endpoint: EndpointSnapshot, now: datetime) -> OutboundRequest:
    """The delivery as its destination sees it."""
    return OutboundRequest(
        endpoint.url, _event_id(delivery.event_id), delivery.event_type, ids.text("delivery", delivery.id),
        endpoint.id, delivery.attempt_count + 1, delivery.replay, delivery.content or b"", endpoint.signing(now),
        endpoint.headers, endpoint.options, now,
    )  # fmt: skip


def next_update(attempted: AttemptResult) -> DeliveryUpdate:
    """The step after an attempt, by the endpoint's retry policy."""
    row, endpoint = attempted.delivery, attempted.endpoint
    if attempted.outcome.arrived:
        return DeliveryUpdate(attempted, retry_policy.ARRIVED)
    step = retry_policy.step_after(
        attempted.outcome,
        made=row.attempts_since_requeue + 1,
        policy=endpoint.retry_policy,
        jitter=random.uniform(1.0, retry_policy.MOST_JITTER),  # noqa: S311 - spreads load, protects nothing
        now=attempted.began,
        expires_at=row.expires_at,
    )
    return DeliveryUpdate(attempted, step)


@lru_cache(4096)
def _event_id(value: uuid.UUID) -> str:
    """The public id of an event; several endpoints get the same one."""
    return ids.text("evt", value)


def unsendable_reason(delivery: ClaimedDelivery) -> EndReason | None:
    """Reason of a delivery that cannot be sent; None if it can."""
    if over := abandoned_reason(delivery):
        return over
    if delivery.content is None:
        return EndReason.BODY_EXPIRED
    if not delivery.content:
        return EndReason.PAYLOAD_DELETED
    return None


def abandoned_reason(delivery: ClaimedDelivery) -> EndReason | None:
    """Reason of a delivery that is not sent, independent of its body; None if it is."""
    if delivery.expired:
        return EndReason.EXPIRED
    return EndReason.WORKER_LOST if delivery.tries > POISON_AFTER else None


def since_event(delivery: ClaimedDelivery, moment: datetime) -> float:
    """Seconds from the event to this time of the local clock."""
    return max((moment - delivery.happened_at).total_seconds(), 0.0)
