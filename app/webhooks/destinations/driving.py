"""Holding a conversation at once, for whoever waits for its outcome; no transaction is open meanwhile."""

from app.kit.egress.client import Egress
from app.kit.egress.result import HttpResult
from app.webhooks.message import HttpRequest, RequestSequence
from app.webhooks.policies.response_classifier import AttemptOutcome

#: What a conversation came to, and every request with its answer.
SequenceResult = tuple[AttemptOutcome, list[tuple[HttpRequest, HttpResult]]]


async def run_sequence(conversation: RequestSequence, egress: Egress, *, seconds: float = 15) -> SequenceResult:
    """Access requests and answers until it ends. Each request has `seconds`."""
    said: list[tuple[HttpRequest, HttpResult]] = []
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
