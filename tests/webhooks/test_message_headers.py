"""The headers of a delivery: nothing an endpoint brings overrides ours."""

from datetime import UTC, datetime

from app.webhooks import message
from app.webhooks import message as signature
from app.webhooks.message import OutboundRequest


def composed(custom: dict[str, str]) -> dict[str, str]:
    outbound = OutboundRequest(
        url="https://hooks.example.com/in", event_id="evt_1", event_type="access.verified", delivery_id="delivery_1",
        endpoint_id="endpoint_1", attempt=3, replay=False, content=b"{}", keys=(b"new", b"old"), headers=custom,
        options={}, now=datetime.fromtimestamp(1700000000, UTC),
    )  # fmt: skip
    return message.request_headers(outbound)


def test_ours() -> None:
    assert composed({}) == {
        "content-type": "application/json",
        "user-agent": message.USER_AGENT,
        "webhook-id": "evt_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": signature.signature_header([b"new", b"old"], "evt_1", 1700000000, b"{}"),
        "x-keyturn-event-type": "access.verified",
        "x-keyturn-delivery-id": "delivery_1",
        "x-keyturn-attempt": "3",
        "x-keyturn-endpoint-id": "endpoint_1",
        "accept": "*/*",
        "accept-encoding": "identity",
    }


def test_custom_headers_come_along_but_never_win() -> None:
    made = composed({"Authorization": "Bearer x", "Webhook-Signature": "v1,forged", "WEBHOOK-ID": "evt_2"})
    assert made["Authorization"] == "Bearer x"
    assert {name for name in made if name.lower().startswith("webhook")} == {
        "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip
    assert made["webhook-id"] == "evt_1"
