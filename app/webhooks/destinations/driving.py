"""Holding a conversation at once, for whoever waits for its outcome; no transaction is open meanwhile."""

from app.kit.egress.answer import Answer
from app.kit.egress.sender import Egress
from app.webhooks.dispatch.deciding.outcome import Outcome
from app.webhooks.dispatch.message.conversation import Conversation, Request

#: What a conversation came to, and every request with its answer.
Held = tuple[Outcome, list[tuple[Request, Answer]]]


async def hold(conversation: Conversation, egress: Egress, *, seconds: float = 15) -> Held:
    """Asks and answers until it ends. Each request has `seconds`."""
    said: list[tuple[Request, Answer]] = []
    try:
        request = next(conversation)
        while True:
            answer = await egress.call(
                request.method, request.url, headers=request.headers, body=request.body or None, seconds=seconds
            )
            said.append((request, answer))
            request = conversation.send(answer)
    except StopIteration as ended:
        return ended.value, said
