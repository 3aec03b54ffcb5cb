"""Standard Webhooks: one signed POST of the stored bytes."""

from app.webhooks.dispatch.deciding.outcome import judge
from app.webhooks.dispatch.message import headers
from app.webhooks.dispatch.message.conversation import Conversation, Letter, Request


def converse(letter: Letter) -> Conversation:
    """See `conversation.Destination`."""
    answer = yield Request("POST", letter.url, headers.of(letter), letter.content)
    return judge(answer.status, answer.error, answer.headers, letter.now)
