"""Standard Webhooks: one signed POST of the stored bytes. Pure."""

from app.webhooks.message import headers
from app.webhooks.message.request_sequence import Conversation, OutboundRequest, Request
from app.webhooks.policies.response_classifier import judge


def converse(letter: OutboundRequest) -> Conversation:
    """See `conversation.Destination`."""
    answer = yield Request("POST", letter.url, headers.of(letter), letter.content)
    return judge(answer.status, answer.error, answer.headers, letter.now)
