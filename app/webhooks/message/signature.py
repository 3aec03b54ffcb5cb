"""Standard Webhooks signatures: HMAC-SHA256 over id, timestamp and the exact bytes of the body. Pure."""

import base64
import hmac
from collections.abc import Sequence

from app.webhooks.message import headers
from app.webhooks.message.request_sequence import Conversation, OutboundRequest, Request
from app.webhooks.policies.response_classifier import judge


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One token `v1,<base64>`; `timestamp` in whole unix seconds. Raises ValueError for an empty key."""
    if not key:
        raise ValueError("an empty key signs nothing")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def header(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one token for each key, the current one first."""
    if not keys:
        raise ValueError("nothing to sign with")
    return " ".join(sign(key, message_id, timestamp, body) for key in keys)


def converse(letter: OutboundRequest) -> Conversation:
    """See `conversation.Destination`."""
    answer = yield Request("POST", letter.url, headers.of(letter), letter.content)
    return judge(answer.status, answer.error, answer.headers, letter.now)
