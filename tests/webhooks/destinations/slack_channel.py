"""A channel with an incoming webhook, by Slack's documented rules.

https://docs.slack.dev: messaging/sending-messages-using-incoming-webhooks (errors), reference/block-kit/blocks
(limits), messaging/formatting-message-text (escaping), apis/web-api/rate-limits (one message a second).
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.webhooks.destinations.receiving import Heard, Said

#: Any but a moment, of which Slack knows the form.
_MARKUP = re.compile(r"<(?!!date\^\d+\^[^^|>]+\|[^|>]+>)[^>]*>")


@dataclass
class Channel:
    """`trouble` is a word that Slack answers instead; `second` stands for the clock."""

    path: str = "/services/T1/B1/secret"
    trouble: tuple[int, str] | None = None
    second: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    _last: int = -1

    def answers(self, heard: Heard) -> Said:
        """What Slack says."""
        if heard.method != "POST" or heard.path != self.path:
            return Said(404, "no_service")
        if self.trouble:
            return Said(*self.trouble)
        if self._last == self.second:
            return Said(429, "rate_limited", {"retry-after": "1"})
        if not heard.headers.get("content-type", "").startswith("application/json"):
            return Said(400, "invalid_payload")
        try:
            message = heard.json
        except ValueError:
            return Said(400, "invalid_payload")
        if not message.get("text"):
            return Said(400, "no_text")
        if problem(message):
            return Said(400, "invalid_blocks")
        self._last = self.second
        self.messages.append(message)
        return Said(200, "ok")


def problem(message: dict[str, Any]) -> str | None:
    """What Block Kit does not allow in a message; None when all is well."""
    blocks = message.get("blocks", [])
    if len(blocks) > 50:
        return "more than 50 blocks"
    return next((found for block in blocks if (found := _block(block))), None) or _text(
        {"type": "mrkdwn", "text": message["text"]}, 40_000
    )


def _block(block: dict[str, Any]) -> str | None:
    match block.get("type"):
        case "header":
            return "no plain text" if block["text"]["type"] != "plain_text" else _text(block["text"], 150)
        case "section":
            fields = block.get("fields", [])
            if "text" not in block and not 1 <= len(fields) <= 10:
                return "1 to 10 fields"
            texts = [_text(block["text"], 3000)] if "text" in block else []
            return next((found for found in (*texts, *(_text(each, 2000) for each in fields)) if found), None)
        case "actions":
            if not 1 <= len(block["elements"]) <= 25:
                return "1 to 25 elements"
            return next((found for each in block["elements"] if (found := _button(each))), None)
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                return "1 to 10 elements"
            return next((found for each in block["elements"] if (found := _text(each, 2000))), None)
        case other:
            return f"no block {other}"


def _button(element: dict[str, Any]) -> str | None:
    if element["type"] != "button" or element["text"]["type"] != "plain_text":
        return "no button"
    if not re.match(r"https?://\S+$", element["url"]) or len(element["url"]) > 3000:
        return "no address"
    return _text(element["text"], 75)


def _text(text: dict[str, Any], longest: int) -> str | None:
    if text["type"] not in ("mrkdwn", "plain_text"):
        return "no text"
    if not 1 <= len(text["text"]) <= longest:
        return "a text is empty or too long"
    if text["type"] == "mrkdwn" and _MARKUP.search(text["text"]):
        return "markup that nobody wrote"
    return None
