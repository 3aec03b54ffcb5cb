"""One request as the agency wrote it, signed like every delivery. Pure."""

import json

from app.webhooks.destinations import reading
from app.webhooks.destinations.http import placeholders
from app.webhooks.message import headers
from app.webhooks.message.request_sequence import Conversation, OutboundRequest, Request
from app.webhooks.policies.response_classifier import judge


def talk(letter: OutboundRequest, /) -> Conversation:
    """Sends it; without a `body` of its own the event goes as it is."""
    values = reading.values(reading.envelope(letter.content))
    template = letter.options.get("body")
    body = letter.content if template is None else _rendered(template, values)
    sent = headers.of(letter._replace(content=body))
    url = placeholders.in_url(str(letter.options["url"]), values)
    answer = yield Request(str(letter.options["method"]), url, sent, body, "call")
    return judge(answer.status, answer.error, answer.headers, letter.now)


def _rendered(template: object, values: dict[str, object]) -> bytes:
    made = placeholders.in_body(template, values)
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
