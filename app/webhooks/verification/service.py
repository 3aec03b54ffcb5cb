"""Asking an endpoint for an echo: before the request, and after it. In between no transaction is open."""

import secrets
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.recorder import record
from app.events.types import webhooks
from app.kit import clock
from app.kit.egress.result import HttpResult
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import states
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.test_deliveries import service as dispatch
from app.webhooks.verification import queries
from app.webhooks.verification.challenge import Challenge, judged

LONGEST_SECONDS = 15.0


class CannotAnswer(AppError):
    """What lies behind this endpoint echoes nothing."""

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


async def access_request(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, keyring: Keyring, actor: str
) -> ChallengeRequest:
    """The challenge to be sent, counted like a test. Raises NotFound, CannotAnswer and TooManyTests."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    if endpoint.hook or endpoint.destination != "webhook":
        raise CannotAnswer
    await queries.one_at_a_time(session, agency_id)
    if await queries.sent_in_last_minute(session, agency_id) >= dispatch.TESTS_A_MINUTE:
        raise dispatch.TooManyTests
    event_id = await record(
        session, webhooks.VERIFICATION_SENT, agency_id=agency_id, subject_id=endpoint_id, actor=actor,
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


async def conclude(
    session: AsyncSession, challenge: Challenge, answer: HttpResult, *, actor: str
) -> tuple[Endpoint, VerificationFailed | None]:
    """What an answer makes of its endpoint, and how to refuse when it is not the echo: that too is to be committed.

    Raises NotFound and EndpointMoved.
    """
    endpoint = await endpoints.locked(session, challenge.agency_id, challenge.endpoint_id)
    if endpoint.url != challenge.url:
        raise EndpointMoved
    verdict = judged(
        challenge.text, status=answer.status, error=answer.error, headers=answer.headers, body=answer.body,
        now=clock.now(),
    )  # fmt: skip
    if not verdict.passed:
        await record(
            session, webhooks.VERIFICATION_FAILED, agency_id=endpoint.agency_id, subject_id=endpoint.id, actor=actor,
            data={"endpoint_id": endpoint.id, "status": endpoint.status, "reason": verdict.code},
        )  # fmt: skip
        return endpoint, VerificationFailed(f"The endpoint did not answer its challenge. {verdict.sentence}")
    endpoint.verification = "passed"
    if endpoint.status == "pending_verification":
        await states.enable(session, endpoint.agency_id, endpoint.id, actor=actor)
    return endpoint, None
