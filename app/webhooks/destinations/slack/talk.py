"""One message, one request: what Slack answers and what it means. Pure.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
"""

import json

from app.kit.egress.result import HttpResult
from app.webhooks.destinations import reading
from app.webhooks.destinations.slack.message import message
from app.webhooks.message.headers import USER_AGENT
from app.webhooks.message.request_sequence import Conversation, OutboundRequest, Request
from app.webhooks.policies.refusals import OVER_IN_SLACK
from app.webhooks.policies.refusals import meaning as meaning_of
from app.webhooks.policies.response_classifier import AttemptOutcome, judge


def talk(letter: OutboundRequest, /) -> Conversation:
    """Posts the message."""
    body = json.dumps(message(reading.envelope(letter.content)), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
    answer = yield Request("POST", str(letter.options["webhook_url"]), headers, body, "message")
    return _outcome(answer, letter)


def _outcome(answer: HttpResult, letter: OutboundRequest) -> AttemptOutcome:
    word = answer.body.strip()
    found = judge(answer.status, answer.error, answer.headers, letter.now)
    meaning = meaning_of("slack", answer.status, word)
    if meaning == "endpoint":
        sentence = f"Slack answered {word}: {OVER_IN_SLACK[word]}. Put that right, or make a new incoming webhook."
        return AttemptOutcome("gone", False, sentence, ends="endpoint")
    if meaning == "event":
        return AttemptOutcome(found.code, False, f"Slack does not take this message: {word[:64]}.", ends="event")
    return found
