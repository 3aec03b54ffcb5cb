"""Slack: one message per event in one request, and the meaning of responses. Pure.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.events import catalog
from app.kit.egress.result import HttpResult
from app.webhooks.destinations import event_values
from app.webhooks.message import USER_AGENT, HttpRequest, OutboundRequest, RequestSequence
from app.webhooks.policies.response_classifier import AttemptOutcome, Refusal, classify_response

#: Slack's errors that only a new incoming webhook, or a change in Slack, can fix.
OVER_IN_SLACK = {
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
#: Slack's errors about one message.
NOT_FOR_SLACK = frozenset({
    "invalid_payload", "invalid_blocks", "no_text", "too_many_attachments", "msg_too_long", "msg_blocks_too_long",
})  # fmt: skip


def post_message(outbound: OutboundRequest, /) -> RequestSequence:
    """Posts the message."""
    body = json.dumps(
        slack_message(event_values.envelope(outbound.content)), ensure_ascii=False, separators=(",", ":")
    ).encode()
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
    answer = yield HttpRequest("POST", str(outbound.options["webhook_url"]), headers, body, "message")
    return _outcome_of(answer, outbound)


def _outcome_of(answer: HttpResult, outbound: OutboundRequest) -> AttemptOutcome:
    word = answer.body.strip()
    found = classify_response(answer.status, answer.error, answer.headers, outbound.now)
    refusal = refusal_of(answer.status, word)
    if refusal == "endpoint":
        sentence = f"Slack answered {word}: {OVER_IN_SLACK[word]}. Put that right, or make a new incoming webhook."
        return AttemptOutcome("gone", False, sentence, ends="endpoint")
    if refusal == "event":
        return AttemptOutcome(found.code, False, f"Slack does not take this message: {word[:64]}.", ends="event")
    return found


def refusal_of(status: int | None, word: str) -> Refusal | None:
    """Final refusal by Slack's error; None if a later attempt may succeed."""
    if status is None or not 400 <= status < 500:
        return None
    if word in OVER_IN_SLACK:
        return "endpoint"
    return "event" if status == 413 or word in NOT_FOR_SLACK else None


LONGEST_SECTION = 3000
LONGEST_HEADER = 150
LONGEST_FIELD = 2000
LONGEST_ADDRESS = 3000
#: Only text that people entered can be longer.
_LONGEST_VALUE = 300

_NAMES_KEYS = re.compile("[:;] (?=`)")


def slack_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of an incoming webhook: `blocks`, and `text` for notifications and screen readers."""
    data: Mapping[str, Any] = event.get("data") or {}
    title = _title(event, data)
    said = _sentence(str(event["type"]))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, LONGEST_HEADER), "emoji": False}},
        {"type": "section", "text": _mrkdwn(_escaped(said), LONGEST_SECTION)},
    ]
    if fields := _fields(data):
        blocks.append({"type": "section", "fields": fields})
    if address := _address(data):
        blocks.append({"type": "actions", "elements": [_button(address)]})
    blocks.append({"type": "context", "elements": [_mrkdwn(f"Keyturn · {_when(event)}", LONGEST_FIELD)]})
    return {"text": _escaped(f"{_cut(title, LONGEST_HEADER)}. {said}"), "blocks": blocks}


def _title(event: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Subject and result of the event; begins with `Test: ` for a test."""
    status = event_values.status_text(str(event["type"]), data)
    client = data.get("client_name")
    named = f"{client}: {status}" if client else status[:1].upper() + status[1:]
    return f"Test: {named}" if event.get("test") else named


def _sentence(event_type: str) -> str:
    """Sentence of the event type, without the part that names keys of `data`: the fields show them."""
    kind = catalog.TYPES.get(event_type)
    if kind is None:
        return event_type
    return _NAMES_KEYS.split(kind.sentence, maxsplit=1)[0].replace("`", "").removesuffix(".") + "."


def _fields(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    asset = data.get("asset_name") or data.get("asset_id")
    kind = event_values.plain_text(data.get("asset_kind"))
    told = [
        ("Client", data.get("client_name")),
        ("Asset", f"{asset} ({kind})" if asset and kind else asset),
        ("Role", event_values.role_text(data.get("role_granted") or data.get("role_requested"))),
        ("Next", event_values.actor_text(data.get("next_actor"))),
        ("In the way", event_values.blocker_text(data.get("blocker_code"))),
        ("Reason", event_values.plain_text(data.get("reason"))),
        ("Verified", _share(data)),
    ]
    return [_mrkdwn(f"*{name}*\n{_escaped(_cut(str(value), _LONGEST_VALUE))}", LONGEST_FIELD)
            for name, value in told if value]  # fmt: skip


def _share(data: Mapping[str, Any]) -> str | None:
    total, verified = data.get("assets_total"), data.get("assets_verified")
    return None if total is None or verified is None else f"{verified} of {total}"


def _address(data: Mapping[str, Any]) -> str | None:
    address = data.get("dashboard_url")
    fits = isinstance(address, str) and address.startswith(("https://", "http://")) and len(address) <= LONGEST_ADDRESS
    return address if fits else None


def _button(address: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Open the client in Keyturn", "emoji": False}
    return {"type": "button", "action_id": "open", "text": text, "url": address}


def _when(event: Mapping[str, Any]) -> str:
    """Time of the event. Slack shows it in each reader's own time zone, or in UTC if it cannot.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    moment = datetime.fromisoformat(str(event["timestamp"])).astimezone(UTC)
    otherwise = f"{moment.day} {moment:%b %Y, %H:%M} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{otherwise}>"


def _mrkdwn(text: str, longest: int) -> dict[str, str]:
    return {"type": "mrkdwn", "text": _cut(text, longest)}


def _escaped(text: str) -> str:
    """Slack's three control characters as entities: no mention, link or channel can be made by a client's name.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
