"""One request as the agency wrote it, signed like every delivery. Pure."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from app.kit.input.text import nearest, unbroken
from app.webhooks import message
from app.webhooks.destinations import event_values
from app.webhooks.destinations.event_values import KEYS, is_key
from app.webhooks.message import HttpRequest, OutboundRequest, RequestSequence
from app.webhooks.policies.response_classifier import classify_response


def send_request(outbound: OutboundRequest, /) -> RequestSequence:
    """Requests of a delivery: one, with the event itself as body unless `body` is set."""
    values = event_values.values(event_values.envelope(outbound.content))
    template = outbound.options.get("body")
    body = outbound.content if template is None else _rendered(template, values)
    sent = message.request_headers(outbound._replace(content=body))
    url = in_url(str(outbound.options["url"]), values)
    answer = yield HttpRequest(str(outbound.options["method"]), url, sent, body, "call")
    return classify_response(answer.status, answer.error, answer.headers, outbound.now)


def _rendered(template: object, values: dict[str, object]) -> bytes:
    made = in_body(template, values)
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


DEEPEST = 20
LONGEST_BODY = 16 * 1024

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class PlaceholderWrong(ValueError):
    """A placeholder names an unknown key or is in a place where none is allowed."""


def check_text(text: str) -> None:
    """Check a text. Raises PlaceholderWrong for an unknown key, with the nearest one, and for an unmatched brace."""
    unbroken(text)
    for found in _PIECE.finditer(text):
        if found[0] in ("{", "}"):
            raise PlaceholderWrong(f"There is a single `{found[0]}`; write `{found[0] * 2}` for the character itself.")
        if found[1] is not None and not is_key(found[1]):
            raise PlaceholderWrong(_unknown(found[1]))


def check_body(value: Any, depth: int = 0) -> None:
    """Check every string of a JSON value, but no keys. Raises PlaceholderWrong."""
    if depth == 0 and len(json.dumps(value)) > LONGEST_BODY:
        raise PlaceholderWrong(f"The body is longer than {LONGEST_BODY // 1024} KiB.")
    if depth > DEEPEST:
        raise PlaceholderWrong(f"The body is nested deeper than {DEEPEST} levels.")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise PlaceholderWrong("NaN and Infinity are no JSON: give a number, a string or null.")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            unbroken(key)
            check_body(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            check_body(each, depth + 1)


def check_url(url: str) -> None:
    """Check a URL. Raises PlaceholderWrong if a value could change more than a path segment or a query value."""
    check_text(url)
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise PlaceholderWrong("The URL cannot be read.") from problem
    if "{" in parts.scheme + parts.netloc or "{" in url.partition("/")[0]:
        raise PlaceholderWrong("The host cannot come from an event: placeholders stand in path and query only.")
    if any("{" in pair.partition("=")[0] for pair in parts.query.split("&")):
        raise PlaceholderWrong("Placeholders stand in the values of a query, not in its names.")


def in_text(text: str, values: Mapping[str, Any]) -> str:
    """The text with its values; null is nothing."""
    return _PIECE.sub(lambda found: _piece(found, values, as_text), text)


def in_body(value: Any, values: Mapping[str, Any]) -> Any:
    """The JSON value with its values. A string that is one placeholder alone becomes what the event has: null, 4."""
    if isinstance(value, str):
        alone = _PIECE.fullmatch(value)
        return values.get(alone[1]) if alone and alone[1] and is_key(alone[1]) else in_text(value, values)
    if isinstance(value, Mapping):
        return {key: in_body(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [in_body(each, values) for each in value]
    return value


def in_url(url: str, values: Mapping[str, Any]) -> str:
    """The address with its values percent-encoded whole, slashes too. Host and number of parts stay as they are."""
    path, mark, query = url.partition("?")
    parts = [_segment(part, values) for part in path.split("/")]
    return "/".join(parts) + mark + _PIECE.sub(lambda found: _piece(found, values, _encoded), query)


def _segment(part: str, values: Mapping[str, Any]) -> str:
    made = _PIECE.sub(lambda found: _piece(found, values, _encoded), part)
    walks = made != part and made and not made.strip(".")  # `..` would lead to another address
    return "_" * len(made) if walks else made


def _piece(found: re.Match[str], values: Mapping[str, Any], shape: Any) -> str:
    if found[0] in ("{{", "}}"):
        return found[0][0]
    return str(shape(values.get(found[1]))) if is_key(found[1]) else found[0]


def as_text(value: Any) -> str:
    """A value within a longer text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _encoded(value: Any) -> str:
    return quote(as_text(value), safe="")


def _unknown(name: str) -> str:
    near = nearest(name, KEYS)
    hint = f"Did you mean `{{{near}}}`?" if near else "The keys of `data`, `id`, `type` and `timestamp` are known."
    return f"No event has a key {name[:64]!r}. {hint}"
