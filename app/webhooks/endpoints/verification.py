"""Verification of an endpoint: its challenge, and test deliveries, which share a quota.

No transaction is open while the challenge is sent.
"""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, rendering
from app.events import queries as events
from app.events.catalog import EventType
from app.events.models import Event
from app.events.recorder import record
from app.events.rendering import API_VERSION
from app.events.schema import Data, EndpointData, EndpointReasonData
from app.kit import clock, ids
from app.kit.actor import Actor
from app.kit.egress.result import HttpResult
from app.kit.encryption import Keyring
from app.kit.errors import AppError, InvalidInput
from app.kit.input.validation_errors import checked
from app.webhooks import message
from app.webhooks.deliveries import creation
from app.webhooks.deliveries.service import EndpointDisabled
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.endpoints import lifecycle
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import service as endpoint_service
from app.webhooks.message import USER_AGENT
from app.webhooks.models import Delivery, Endpoint
from app.webhooks.policies.response_classifier import classify_response, public_code

CHALLENGE_TYPE = "webhook.verification"
CHALLENGE_HEADER = "webhook-challenge"
_SHOWN_OF_BODY = 200
LONGEST_SECONDS = 15.0
TESTS_A_MINUTE = 10
_MINUTE = timedelta(minutes=1)


class TooManyTests(AppError):
    """The agency has reached the limit of tests and challenges a minute."""

    status = 429
    code = "too_many_tests"
    detail = f"There were {TESTS_A_MINUTE} test deliveries in the last minute."
    hint = "Wait a minute and send the test again."


class CannotAnswer(AppError):
    """Only endpoints with destination `http` are challenged."""

    status = 409
    code = "endpoint_cannot_answer"
    detail = "This endpoint cannot answer a challenge: it is a REST hook or a URL of another service."
    hint = "It needs no verification; deliveries are sent without it."


class VerificationFailed(AppError):
    """The response does not contain the challenge."""

    status = 409
    code = "verification_failed"
    hint = (
        'Answer 2xx with the value of `challenge` as the body, as JSON {"challenge": …}, or in the header '
        "`webhook-challenge`; then send another challenge."
    )


class EndpointMoved(AppError):
    """The URL was changed while the challenge was sent."""

    status = 409
    code = "endpoint_moved"
    detail = "The URL of this endpoint was changed while the challenge was sent."
    hint = "Send another challenge to the new URL."


@dataclass(frozen=True)
class Challenge:
    """One request that asks for an echo of `text`."""

    agency_id: str
    endpoint_id: str
    url: str
    message_id: str
    text: str = field(repr=False)
    seconds: float
    api_version: str = API_VERSION

    def body(self, now: datetime) -> bytes:
        """An event envelope with the challenge at its first level."""
        envelope = {
            "id": self.message_id, "type": CHALLENGE_TYPE, "timestamp": clock.iso(now), "api_version": self.api_version,
            "sequence": 0, "test": True, "agency_id": self.agency_id,
            "subject": {"type": "endpoint", "id": self.endpoint_id}, "data": {"endpoint_id": self.endpoint_id},
            "challenge": self.text,
        }  # fmt: skip
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()

    def headers(self, own: Mapping[str, str], keys: Sequence[bytes], body: bytes, now: datetime) -> dict[str, str]:
        """The endpoint's own headers and ours, which take precedence, signed like deliveries."""
        timestamp = int(now.timestamp())
        ours = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": self.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": message.signature_header(keys, self.message_id, timestamp, body),
            "x-keyturn-event-type": CHALLENGE_TYPE,
            "x-keyturn-endpoint-id": self.endpoint_id,
            "accept": "*/*",
            "accept-encoding": "identity",
        }
        return {**{name: value for name, value in own.items() if name.lower() not in ours}, **ours}


@dataclass(frozen=True)
class ChallengeRequest:
    """A challenge with its request."""

    challenge: Challenge
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class ChallengeVerdict:
    """Result of a challenge: passed, or a code and a sentence about the response."""

    passed: bool
    code: str
    sentence: str


async def begin_verification(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, keyring: Keyring, actor: Actor
) -> ChallengeRequest:
    """Create a challenge, which counts as a test. Raises NotFound, CannotAnswer and TooManyTests."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    if not CATALOG[endpoint.destination].is_challenged:
        raise CannotAnswer
    await lock_quota(session, agency_id)
    if await sent_in_last_minute(session, agency_id) >= TESTS_A_MINUTE:
        raise TooManyTests
    event_id = await record(
        session, catalog.ENDPOINT_VERIFICATION_SENT, agency_id=agency_id, subject_id=endpoint_id, actor=actor,
        data=EndpointData(endpoint_id=endpoint_id),
    )  # fmt: skip
    seconds = min(endpoint.timeout_ms / 1000, LONGEST_SECONDS)
    text = secrets.token_urlsafe(32)
    version = endpoint.api_version or API_VERSION
    challenge = Challenge(agency_id, endpoint_id, endpoint.url, event_id, text, seconds, version)
    now = clock.now()
    body = challenge.body(now)
    keys = [
        endpoints.signing_key(keyring, each)
        for each in await endpoints.live_secrets(session, agency_id, endpoint_id)
    ]  # fmt: skip
    return ChallengeRequest(
        challenge, challenge.headers(endpoints.open_headers(keyring, endpoint), keys, body, now), body
    )


async def complete_verification(
    session: AsyncSession, challenge: Challenge, answer: HttpResult, *, actor: Actor
) -> tuple[Endpoint, VerificationFailed | None]:
    """Apply the response to a challenge. Also returns the error if it is not the echo, so that both are committed.

    Raises NotFound and EndpointMoved.
    """
    endpoint = await endpoints.locked(session, challenge.agency_id, challenge.endpoint_id)
    if endpoint.url != challenge.url:
        raise EndpointMoved
    verdict = challenge_verdict(
        challenge.text, status=answer.status, error=answer.error, headers=answer.headers, body=answer.body,
        now=clock.now(),
    )  # fmt: skip
    if not verdict.passed:
        await record(
            session, catalog.ENDPOINT_VERIFICATION_FAILED, agency_id=endpoint.agency_id, subject_id=endpoint.id,
            actor=actor,
            data=EndpointReasonData(endpoint_id=endpoint.id, status=endpoint.status, reason=verdict.code),
        )  # fmt: skip
        return endpoint, VerificationFailed(f"The endpoint did not answer its challenge. {verdict.sentence}")
    endpoint.verification = "passed"
    if endpoint.status == "pending_verification":
        await lifecycle.enable(session, endpoint.agency_id, endpoint.id, actor=actor)
    return endpoint, None


def challenge_verdict(
    text: str, *, status: int | None, error: str | None, headers: Mapping[str, str], body: str, now: datetime
) -> ChallengeVerdict:
    """Verdict by the response (`headers` in lower case) or by the code of its absence (`error`)."""
    outcome = classify_response(status, error, headers, now)
    if not outcome.arrived:
        return ChallengeVerdict(False, public_code(outcome.code), outcome.explanation)
    if echoes(text, headers, body):
        return ChallengeVerdict(True, outcome.code, outcome.explanation)
    came = f"It began with {body[:_SHOWN_OF_BODY]!r}." if body.strip() else "It was empty."
    return ChallengeVerdict(
        False, "challenge_missing", f"{outcome.explanation} But the challenge was not in its answer. {came}"
    )


def echoes(text: str, headers: Mapping[str, str], body: str) -> bool:
    """True if a response contains the challenge: as its body, in its JSON, or in the header."""
    return any(_same(text, given) for given in (headers.get(CHALLENGE_HEADER), body, _in_json(body)))


def _in_json(body: str) -> object:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found.get("challenge") if isinstance(found, dict) else found


def _same(text: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.strip().encode("utf-8", "replace"), text.encode())


async def send_test(
    session: AsyncSession,
    agency_id: str,
    endpoint_id: str,
    *,
    event_type: str,
    actor: Actor,
    public_url: str,
    data: Mapping[str, Any] | None = None,
) -> str:
    """Queue the example of an event type, marked as a test, for this endpoint alone. Returns the id of the delivery.

    `data` replaces values of the example. Raises NotFound, EventTypeUnknown, InvalidInput, EndpointDisabled and
    TooManyTests.
    """
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    kind = catalog.FOR_CRMS.get(event_type)
    if kind is None:
        raise endpoint_service.unknown_type(event_type)
    example = rendering.example(kind)
    values = _checked_data(kind, {**example.facts, **example.personal, **(data or {})})
    if endpoint.status != "active":
        raise EndpointDisabled
    await lock_quota(session, agency_id)
    if await sent_in_last_minute(session, agency_id) >= TESTS_A_MINUTE:
        raise TooManyTests
    event_id = await record(
        session, kind, agency_id=agency_id, subject_id=example.subject_id, actor=actor, data=values, test=True
    )  # fmt: skip
    happened = await events.find(session, agency_id, event_id)
    [delivery_id] = await creation.create_deliveries(
        session, agency_id, happened, [endpoint], public_url=public_url, origin="test"
    )
    return delivery_id


def _checked_data(kind: EventType[Any], values: Mapping[str, Any]) -> Data:
    """Data of a test. Raises InvalidInput for keys that the type does not have, and for values of wrong types."""
    unknown = next((key for key in values if key not in kind.keys), None)
    if unknown is not None:
        raise InvalidInput(fields={"data": f"{kind.name} has no key {unknown[:64]!r}."})
    data: Data = checked(kind.data.known, **values)
    return data


async def lock_quota(session: AsyncSession, agency_id: str) -> None:
    """Serialize tests and challenges of an agency until the transaction ends, so that their count is exact."""
    lock = func.hashtextextended(f"webhook tests {agency_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(lock)))


async def sent_in_last_minute(session: AsyncSession, agency_id: str) -> int:
    """Number of tests and challenges of an agency in the last minute."""
    asked = select(func.count()).where(
        Event.agency_id == agency_id,
        Event.id >= ids.since("evt", clock.now() - _MINUTE),
        Event.type == catalog.ENDPOINT_VERIFICATION_SENT.name,
        Event.occurred_at > func.now() - _MINUTE,
    )
    challenges = (await session.execute(asked)).scalar_one()
    made = select(func.count()).where(
        Delivery.agency_id == agency_id,
        Delivery.id >= ids.since("delivery", clock.now() - _MINUTE),
        Delivery.origin == "test",
        Delivery.created_at > func.now() - _MINUTE,
    )
    tests = (await session.execute(made)).scalar_one()
    return challenges + tests
