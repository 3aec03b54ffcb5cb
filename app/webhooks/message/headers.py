"""The headers of a delivery. Pure."""

from collections.abc import Mapping, Sequence

from app.webhooks.message import signature
from app.webhooks.message.request_sequence import OutboundRequest

USER_AGENT = "Keyturn-Webhooks/0.1"


def of(letter: OutboundRequest) -> dict[str, str]:
    """Those of a letter sent now."""
    return compose(
        letter.headers,
        event_id=letter.event_id,
        event_type=letter.event_type,
        delivery_id=letter.delivery_id,
        endpoint_id=letter.endpoint_id,
        attempt=letter.attempt,
        replay=letter.replay,
        timestamp=int(letter.now.timestamp()),
        keys=letter.keys,
        body=letter.content,
    )


def compose(
    custom: Mapping[str, str],
    *,
    event_id: str,
    event_type: str,
    delivery_id: str,
    endpoint_id: str,
    attempt: int,
    timestamp: int,
    keys: Sequence[bytes],
    body: bytes,
    replay: bool = False,
) -> dict[str, str]:
    """The endpoint's own headers and ours, which win. Only id, timestamp and body are signed."""
    ours = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature.header(keys, event_id, timestamp, body),
        "x-keyturn-event-type": event_type,
        "x-keyturn-delivery-id": delivery_id,
        "x-keyturn-attempt": str(attempt),
        "x-keyturn-endpoint-id": endpoint_id,
        "accept": "*/*",
        "accept-encoding": "identity",
    }
    if replay:
        ours["x-keyturn-replay"] = "true"
    if not custom:
        return ours
    return {**{name: value for name, value in custom.items() if name.lower() not in ours}, **ours}
