"""One attempt: the conversation of a delivery with its receiver, each request made once."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from app.kit import ids
from app.kit.egress.answer import Answer
from app.kit.egress.sender import Egress
from app.webhooks.dispatch.claiming.claimed import Claimed
from app.webhooks.dispatch.claiming.parcels import Parcel
from app.webhooks.dispatch.deciding.outcome import Outcome
from app.webhooks.dispatch.message import standard
from app.webhooks.dispatch.message.conversation import Conversation, Destination, Letter, Request

STANDARD = "webhook"
#: What there is where a destination had nothing to say.
NO_ANSWER = Answer()


class Attempted(NamedTuple):
    """What came of an attempt: each request's part and answer, and what they mean together.

    There is no answer where a destination had nothing to say.
    """

    parcel: Parcel
    answers: Sequence[tuple[str | None, Answer]]
    outcome: Outcome
    letter: Letter

    @property
    def answer(self) -> Answer:
        """The last one, which has the outcome of the attempt."""
        return self.answers[-1][1] if self.answers else NO_ANSWER

    @property
    def began(self) -> datetime:
        """When it began, by the clock of this machine."""
        return self.letter.now


class Begun(NamedTuple):
    """A conversation and its first request; there is none where the destination has nothing to say.

    `alone`: it is the only one, so that nobody has to ask the destination before the answer is weighed.
    """

    parcel: Parcel
    letter: Letter
    conversation: Conversation
    request: Request | None
    alone: bool
    outcome: Outcome | None = None


class Spoken(NamedTuple):
    """A conversation in which every request was made; `outcome` is None where nobody asked for it yet."""

    begun: Begun
    answers: Sequence[tuple[str | None, Answer]]
    outcome: Outcome | None


async def attempt(
    parcel: Parcel, egress: Egress, destinations: Mapping[str, Destination], *, began: datetime
) -> Attempted:
    """Speaks with the receiver once, from its first request to its last. `began` is now."""
    return conclude(await speak(begin(parcel, destinations, began), egress))


def begin(parcel: Parcel, destinations: Mapping[str, Destination], now: datetime) -> Begun:
    """What is said first: signed, to be sent at once."""
    alone = parcel.endpoint.destination == STANDARD
    sent = letter(parcel, now)
    conversation = (standard.converse if alone else destinations[parcel.endpoint.destination])(sent)
    try:
        return Begun(parcel, sent, conversation, next(conversation), alone)
    except StopIteration as said:
        return Begun(parcel, sent, conversation, None, alone, said.value)


async def speak(begun: Begun, egress: Egress) -> Spoken:
    """Makes the requests, each once."""
    answers: list[tuple[str | None, Answer]] = []
    request, outcome = begun.request, begun.outcome
    while request:
        answer = await egress.call(
            request.method, request.url, headers=request.headers, body=request.body,
            seconds=begun.parcel.endpoint.seconds,
        )  # fmt: skip
        answers.append((request.part, answer))
        request, outcome = (None, None) if begun.alone else _next(begun.conversation, answer)
    return Spoken(begun, answers, outcome)


def conclude(spoken: Spoken) -> Attempted:
    """What came of it."""
    begun, answers, outcome = spoken
    if outcome is None:
        _, outcome = _next(begun.conversation, answers[-1][1])
    assert outcome, "a conversation of one request has a second one"
    return Attempted(begun.parcel, answers, outcome, begun.letter)


def _next(conversation: Conversation, answer: Answer) -> tuple[Request | None, Outcome | None]:
    """The next request, or the outcome."""
    try:
        return conversation.send(answer), None
    except StopIteration as said:
        return None, said.value


def letter(parcel: Parcel, now: datetime) -> Letter:
    """The delivery as its destination sees it."""
    row, endpoint = parcel.row, parcel.endpoint
    return Letter(
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


def why_not(parcel: Parcel) -> tuple[str, str] | None:
    """State and reason of a delivery that is not sent after all; None when it is."""
    if over := given_up(parcel.row):
        return over
    if parcel.contents.content is None:
        return "cancelled", "body_expired"
    if not parcel.contents.content:
        return "cancelled", "payload_deleted"
    return None


def given_up(row: Claimed) -> tuple[str, str] | None:
    """The same for a delivery of which nothing else is known."""
    if row.expired:
        return "cancelled", "expired"
    return ("exhausted", "worker_lost") if row.tries > POISON_AFTER else None


def since_event(parcel: Parcel, moment: datetime) -> float:
    """Seconds from the event to this moment of our clock."""
    return max((moment - parcel.contents.happened_at).total_seconds(), 0.0)
