"""One attempt: the conversation of a delivery with its receiver, each request made once."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from app.kit import ids
from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.egress.result import HttpResult
from app.webhooks import message
from app.webhooks.deliveries.claimed import ClaimedDelivery, ClaimedPayload, Leased, Stamps
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot
from app.webhooks.message import STANDARD, Destination, HttpRequest, OutboundRequest, RequestSequence
from app.webhooks.policies.response_classifier import AttemptOutcome


class OutboundDelivery(NamedTuple):
    """A claimed delivery, the endpoint it goes to and what it carries."""

    row: ClaimedDelivery
    endpoint: EndpointSnapshot
    contents: ClaimedPayload


#: What there is where a destination had nothing to say.
NO_ANSWER = HttpResult()


class AttemptResult(NamedTuple):
    """What came of an attempt: each request's part and answer, and what they mean together.

    There is no answer where a destination had nothing to say.
    """

    parcel: OutboundDelivery
    answers: Sequence[tuple[str | None, HttpResult]]
    outcome: AttemptOutcome
    letter: OutboundRequest

    @property
    def answer(self) -> HttpResult:
        """The last one, which has the outcome of the attempt."""
        return self.answers[-1][1] if self.answers else NO_ANSWER

    @property
    def began(self) -> datetime:
        """When it began, by the clock of this machine."""
        return self.letter.now


class StartedAttempt(NamedTuple):
    """A conversation and its first request; there is none where the destination has nothing to say.

    `alone`: it is the only one, so that nobody has to ask the destination before the answer is weighed.
    """

    parcel: OutboundDelivery
    letter: OutboundRequest
    conversation: RequestSequence
    request: HttpRequest | None
    alone: bool
    outcome: AttemptOutcome | None = None


class AnsweredAttempt(NamedTuple):
    """A conversation in which every request was made; `outcome` is None where nobody asked for it yet."""

    begun: StartedAttempt
    answers: Sequence[tuple[str | None, HttpResult]]
    outcome: AttemptOutcome | None


async def attempt(
    parcel: OutboundDelivery, egress: Egress, destinations: Mapping[str, Destination], *, began: datetime
) -> AttemptResult:
    """Speaks with the receiver once, from its first request to its last. `began` is now."""
    return conclude_attempt(await send_requests(start_attempt(parcel, destinations, began), egress))


def start_attempt(parcel: OutboundDelivery, destinations: Mapping[str, Destination], now: datetime) -> StartedAttempt:
    """What is said first: signed, to be sent at once."""
    alone = parcel.endpoint.destination in STANDARD
    sent = outbound_request(parcel, now)
    conversation = (message.standard_webhook if alone else destinations[parcel.endpoint.destination])(sent)
    try:
        return StartedAttempt(parcel, sent, conversation, next(conversation), alone)
    except StopIteration as said:
        return StartedAttempt(parcel, sent, conversation, None, alone, said.value)


async def send_requests(begun: StartedAttempt, egress: Egress) -> AnsweredAttempt:
    """Makes the requests, each once."""
    answers: list[tuple[str | None, HttpResult]] = []
    request, outcome = begun.request, begun.outcome
    while request:
        answer = await egress.call(
            request.method, request.url, headers=request.headers, body=request.body,
            seconds=begun.parcel.endpoint.seconds,
        )  # fmt: skip
        answers.append((request.part, answer))
        request, outcome = (None, None) if begun.alone else _next(begun.conversation, answer)
    return AnsweredAttempt(begun, answers, outcome)


def conclude_attempt(spoken: AnsweredAttempt) -> AttemptResult:
    """What came of it."""
    begun, answers, outcome = spoken
    if outcome is None:
        _, outcome = _next(begun.conversation, answers[-1][1])
    assert outcome, "a conversation of one request has a second one"
    return AttemptResult(begun.parcel, answers, outcome, begun.letter)


def _next(conversation: RequestSequence, answer: HttpResult) -> tuple[HttpRequest | None, AttemptOutcome | None]:
    """The next request, or the outcome."""
    try:
        return conversation.send(answer), None
    except StopIteration as said:
        return None, said.value


def outbound_request(parcel: OutboundDelivery, now: datetime) -> OutboundRequest:
    """The delivery as its destination sees it."""
    row, endpoint = parcel.row, parcel.endpoint
    return OutboundRequest(
        endpoint.url, _event(row.event_id), row.event_type, ids.text("delivery", row.id), endpoint.id,
        row.attempt_count + 1, row.replay, parcel.contents.content or b"", endpoint.signing(now), endpoint.headers,
        endpoint.options, now,
    )  # fmt: skip


@lru_cache(4096)
def _event(value: uuid.UUID) -> str:
    """The public id of an event; several endpoints get the same one."""
    return ids.text("evt", value)


#: A delivery that was claimed this often and never finished may kill whoever sends it.
POISON_AFTER = 8


def unsendable_reason(parcel: OutboundDelivery) -> tuple[str, str] | None:
    """Status and reason of a delivery that is not sent after all; None when it is."""
    if over := abandoned_reason(parcel.row):
        return over
    if parcel.contents.content is None:
        return "cancelled", "body_expired"
    if not parcel.contents.content:
        return "cancelled", "payload_deleted"
    return None


def abandoned_reason(row: ClaimedDelivery) -> tuple[str, str] | None:
    """The same for a delivery of which nothing else is known."""
    if row.expired:
        return "cancelled", "expired"
    return ("exhausted", "worker_lost") if row.tries > POISON_AFTER else None


def since_event(parcel: OutboundDelivery, moment: datetime) -> float:
    """Seconds from the event to this moment of our clock."""
    return max((moment - parcel.contents.happened_at).total_seconds(), 0.0)


async def with_endpoints(
    sessions: Sessions, shelf: EndpointCache, leased: Sequence[Leased], stamps: Stamps
) -> list[OutboundDelivery]:
    """Each delivery whose endpoint, deleted or not, can be opened."""
    endpoints = await shelf.get(sessions, stamps)
    return [OutboundDelivery(row, endpoints[row.endpoint_id], it) for row, it in leased if row.endpoint_id in endpoints]
