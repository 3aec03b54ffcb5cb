"""Asking an endpoint for an echo: before the request, and after it. In between no transaction is open."""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import API_VERSION
from app.kit import clock
from app.kit.egress.result import HttpResult
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.webhooks import message
from app.webhooks.endpoints import lifecycle, test_deliveries
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import test_deliveries as dispatch
from app.webhooks.message import USER_AGENT
from app.webhooks.models import Endpoint
from app.webhooks.policies.response_classifier import classify_response, public_code

TYPE = "webhook.verification"

HEADER = "webhook-challenge"

_SHOWN_OF_BODY = 200


@dataclass(frozen=True)
class Challenge:
    """One request that asks for an echo of `text`."""

    agency_id: str
    endpoint_id: str
    url: str
    message_id: str
    text: str = field(repr=False)
    seconds: float

    def body(self, now: datetime) -> bytes:
        """An envelope like any other, with the challenge at its first level."""
        envelope = {
            "id": self.message_id, "type": TYPE, "timestamp": clock.iso(now), "api_version": API_VERSION,
            "sequence": 0, "test": True, "agency_id": self.agency_id,
            "subject": {"type": "endpoint", "id": self.endpoint_id}, "data": {"endpoint_id": self.endpoint_id},
            "challenge": self.text,
        }  # fmt: skip
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()

    def headers(self, own: Mapping[str, str], keys: Sequence[bytes], body: bytes, now: datetime) -> dict[str, str]:
        """The endpoint's own headers and ours, which win, signed as deliveries are."""
        timestamp = int(now.timestamp())
        ours = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": self.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": message.signature_header(keys, self.message_id, timestamp, body),
            "x-keyturn-event-type": TYPE,
            "x-keyturn-endpoint-id": self.endpoint_id,
            "accept": "*/*",
            "accept-encoding": "identity",
        }
        return {**{name: value for name, value in own.items() if name.lower() not in ours}, **ours}


@dataclass(frozen=True)
class ChallengeVerdict:
    """Result of a challenge: it came back, or a code and a sentence on the answer instead."""

    passed: bool
    code: str
    sentence: str


LONGEST_SECONDS = 15.0


class CannotAnswer(AppError):
    """Only endpoints with destination `http` are challenged."""

    status = 409
    code = "endpoint_cannot_answer"
    detail = "Nothing at this endpoint could answer a challenge: it is a tool's hook or another service's address."
    hint = "It needs no verification; deliveries are sent to it as it is."


class VerificationFailed(AppError):
    """The challenge did not come back."""

    status = 409
    code = "verification_failed"
    hint = (
        'Answer 2xx with the value of `challenge` as the body, as JSON {"challenge": …}, or in the header '
        "`webhook-challenge`; then ask again."
    )


class EndpointMoved(AppError):
    """Another URL was set while the old one was being asked."""

    status = 409
    code = "endpoint_moved"
    detail = "The URL of this endpoint was changed meanwhile."
    hint = "Ask again for the new one."


@dataclass(frozen=True)
class ChallengeRequest:
    """A challenge with its request."""

    challenge: Challenge
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


async def begin_verification(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, keyring: Keyring, actor: str
) -> ChallengeRequest:
    """The challenge to be sent, counted like a test. Raises NotFound, CannotAnswer and TooManyTests."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    if endpoint.destination != "http":
        raise CannotAnswer
    await test_deliveries.lock_quota(session, agency_id)
    if await test_deliveries.sent_in_last_minute(session, agency_id) >= dispatch.TESTS_A_MINUTE:
        raise dispatch.TooManyTests
    event_id = await record(
        session, catalog.ENDPOINT_VERIFICATION_SENT, agency_id=agency_id, subject_id=endpoint_id, actor=actor,
        data={"endpoint_id": endpoint_id},
    )  # fmt: skip
    seconds = min(endpoint.timeout_ms / 1000, LONGEST_SECONDS)
    text = secrets.token_urlsafe(32)
    challenge = Challenge(agency_id, endpoint_id, endpoint.url, event_id, text, seconds)
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
    session: AsyncSession, challenge: Challenge, answer: HttpResult, *, actor: str
) -> tuple[Endpoint, VerificationFailed | None]:
    """Apply the answer to a challenge. Also returns the refusal where it is not the echo: that too is to be committed.

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
            data={"endpoint_id": endpoint.id, "status": endpoint.status, "reason": verdict.code},
        )  # fmt: skip
        return endpoint, VerificationFailed(f"The endpoint did not answer its challenge. {verdict.sentence}")
    endpoint.verification = "passed"
    if endpoint.status == "pending_verification":
        await lifecycle.enable(session, endpoint.agency_id, endpoint.id, actor=actor)
    return endpoint, None


def challenge_verdict(
    text: str, *, status: int | None, error: str | None, headers: Mapping[str, str], body: str, now: datetime
) -> ChallengeVerdict:
    """Verdict on a challenge by its answer (`headers` in lower case), or by its absence (`error`)."""
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
    """True if an answer gives the challenge back: as its body, in it as JSON, or in the header."""
    return any(_same(text, given) for given in (headers.get(HEADER), body, _in_json(body)))


def _in_json(body: str) -> object:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found.get("challenge") if isinstance(found, dict) else found


def _same(text: str, given: object) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.strip().encode("utf-8", "replace"), text.encode())
