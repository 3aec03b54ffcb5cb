"""Events of webhook endpoints, for the audit log and the administrators' own endpoints. Pure."""

from app.events.types.event_type import EventType, audit_only
from app.events.types.examples import ENDPOINT_ID, only

_SAMPLE = "evt_01ksy1q3e0fzs8qj5m8g3d4w82"


def _webhook(what: str, sentence: str, subject: str = "endpoint", **more: object) -> EventType:
    return EventType(f"webhook.{what}", sentence, subject, example=only(endpoint_id=ENDPOINT_ID, **more))


ENDPOINT_CREATED = _webhook("endpoint.created", "A webhook endpoint was added.")
ENDPOINT_UPDATED = _webhook(
    "endpoint.updated", "A webhook endpoint was changed; `reason` says what.", status="active", reason="url,headers"
)
ENDPOINT_DELETED = _webhook(
    "endpoint.deleted", "A webhook endpoint was deleted; its pending deliveries were cancelled."
)
ENDPOINT_DISABLED = _webhook(
    "endpoint.disabled",
    "An endpoint was disabled and receives nothing; `reason` says why.",
    status="disabled",
    reason="failing",
)
ENDPOINT_ENABLED = _webhook("endpoint.enabled", "An endpoint was enabled again.", status="active")
ENDPOINT_DEGRADED = _webhook(
    "endpoint.degraded",
    "All attempts to an endpoint have been failing for some time, or its backlog is too large; `reason` says which.",
    status="active",
    reason="http_500",
    failed_count=23,
    sample_event_id=_SAMPLE,
)
ENDPOINT_RECOVERED = _webhook(
    "endpoint.recovered", "An endpoint that had been failing accepted a delivery again.", status="active"
)
VERIFICATION_FAILED = _webhook(
    "endpoint.verification_failed",
    "An endpoint did not answer its challenge; nothing is sent to it until it does.",
    status="pending_verification",
    reason="challenge_missing",
)
DELIVERY_EXHAUSTED = _webhook(
    "delivery.exhausted",
    "A delivery ended without success; `status` and `reason` say how.",
    "delivery",
    status="exhausted",
    reason="attempts_used",
    sample_event_id=_SAMPLE,
    delivery_id="delivery_01ksy1q3e0fzs8qj5m8g3d4w7z",
)
REPLAY_COMPLETED = _webhook(
    "replay.completed",
    "A replay queued all its deliveries.",
    "replay",
    status="completed",
    replay_id="replay_01ksy1q3e0fzs8qj5m8g3d4w81",
)
VERIFICATION_SENT = audit_only("webhook.verification_sent", "A challenge was sent to an endpoint.", "endpoint")
SECRET_SHOWN = audit_only("webhook.secret_shown", "A member of the agency viewed a signing secret.", "endpoint")
SECRET_ROTATED = audit_only("webhook.secret_rotated", "An endpoint got a new signing secret.", "endpoint")
SECRET_ENDED = audit_only("webhook.secret_ended", "A signing secret was revoked before its expiry.", "endpoint")
REPLAY_STARTED = audit_only("webhook.replay_started", "A member of the agency started a replay.", "replay")
REPLAY_CANCELLED = audit_only("webhook.replay_cancelled", "A member of the agency cancelled a replay.", "replay")
PAYLOAD_DELETED = audit_only("webhook.payload_deleted", "The body of a delivery was deleted.", "delivery")

ALL = (
    ENDPOINT_CREATED, ENDPOINT_UPDATED, ENDPOINT_DELETED, ENDPOINT_DISABLED, ENDPOINT_ENABLED, ENDPOINT_DEGRADED,
    ENDPOINT_RECOVERED, VERIFICATION_FAILED, DELIVERY_EXHAUSTED, REPLAY_COMPLETED, VERIFICATION_SENT, SECRET_SHOWN,
    SECRET_ROTATED, SECRET_ENDED, REPLAY_STARTED, REPLAY_CANCELLED, PAYLOAD_DELETED,
)  # fmt: skip
