"""One message, one request: what Slack answers and what it means.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
"""

import json

from app.kit.egress.answer import Answer
from app.webhooks.destinations import reading
from app.webhooks.destinations.slack.message import message
from app.webhooks.dispatch.deciding.outcome import Outcome, judge
from app.webhooks.dispatch.message.conversation import Conversation, Letter, Request
from app.webhooks.dispatch.message.headers import USER_AGENT

#: What only a new incoming webhook, or a change in Slack, can put right.
OVER = {
    "no_service": "this incoming webhook was removed or switched off",
    "no_service_id": "this incoming webhook was removed or switched off",
    "no_active_hooks": "this incoming webhook was removed or switched off",
    "no_team": "the workspace does not exist any more",
    "team_disabled": "the workspace is disabled",
    "channel_not_found": "the channel does not exist any more",
    "channel_is_archived": "the channel is archived",
    "action_prohibited": "an administrator of the workspace forbids this webhook to post",
    "posting_to_general_channel_denied": "only administrators may post to this channel",
    "invalid_token": "the address of this incoming webhook is not valid any more",
    "user_not_found": "the person this webhook posts to does not exist any more",
}


def talk(letter: Letter, /) -> Conversation:
    """Posts the message."""
    body = json.dumps(message(reading.envelope(letter.content)), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
    answer = yield Request("POST", str(letter.options["webhook_url"]), headers, body, "message")
    return _outcome(answer, letter)


def _outcome(answer: Answer, letter: Letter) -> Outcome:
    word = answer.body.strip()
    if answer.status is not None and 400 <= answer.status < 500 and word in OVER:
        return Outcome("gone", False, f"Slack answered {word}: {OVER[word]}. Make a new incoming webhook.")
    found = judge(answer.status, answer.error, answer.headers, letter.now)
    if answer.status == 400 and word.isascii() and 0 < len(word) <= 64:
        return Outcome(found.code, False, f"Slack refused the message: {word}.")
    return found
