"""One message, one request: what Slack answers and what it means.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
"""

import json

from app.kit.egress.answer import Answer
from app.webhooks.destinations import reading
from app.webhooks.destinations.slack.message import message
from app.webhooks.dispatch.deciding.outcome import Outcome, judge
from app.webhooks.dispatch.deciding.refusals import OVER_IN_SLACK
from app.webhooks.dispatch.deciding.refusals import meaning as meaning_of
from app.webhooks.dispatch.message.conversation import Conversation, Letter, Request
from app.webhooks.dispatch.message.headers import USER_AGENT


def talk(letter: Letter, /) -> Conversation:
    """Posts the message."""
    body = json.dumps(message(reading.envelope(letter.content)), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
    answer = yield Request("POST", str(letter.options["webhook_url"]), headers, body, "message")
    return _outcome(answer, letter)


def _outcome(answer: Answer, letter: Letter) -> Outcome:
    word = answer.body.strip()
    found = judge(answer.status, answer.error, answer.headers, letter.now)
    meaning = meaning_of("slack", answer.status, word)
    if meaning == "endpoint":
        sentence = f"Slack answered {word}: {OVER_IN_SLACK[word]}. Put that right, or make a new incoming webhook."
        return Outcome("gone", False, sentence, ends="endpoint")
    if meaning == "event":
        return Outcome(found.code, False, f"Slack does not take this message: {word[:64]}.", ends="event")
    return found
