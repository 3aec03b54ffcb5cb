"""What an endpoint is asked to send back, and whether it did. Pure."""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.events.schema import API_VERSION
from app.kit import clock
from app.webhooks.message import signature
from app.webhooks.message.headers import USER_AGENT
from app.webhooks.policies.response_classifier import judge, shown

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
            "webhook-signature": signature.header(keys, self.message_id, timestamp, body),
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


def judged(
    text: str, *, status: int | None, error: str | None, headers: Mapping[str, str], body: str, now: datetime
) -> ChallengeVerdict:
    """What an answer (`headers` in lower case), or its absence (`error`), says about a challenge."""
    outcome = judge(status, error, headers, now)
    if not outcome.arrived:
        return ChallengeVerdict(False, shown(outcome.code), outcome.explanation)
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
