"""What is kept of a call as evidence: no tokens, no e-mail addresses, and not more than fits."""

import json
import re
from typing import Any, TypeVar

#: These answer with tokens or with who somebody is.
_NOT_KEPT = ("oauth2/", "user/")
_LARGEST = 32_768
_ADDRESS = re.compile(r"([^\s@<>(),;:\"'])[^\s@<>(),;:\"']*@([\w.-]+\.\w+)")
Value = TypeVar("Value")


def kept(path: str, data: Any) -> dict[str, Any]:
    """The answer's `data`: whole up to 32 KiB, else only that it was larger."""
    if not isinstance(data, dict) or path.startswith(_NOT_KEPT):
        return {}
    shown = without_addresses(data)
    return shown if len(json.dumps(shown)) <= _LARGEST else {"left_out": "answer over 32 KiB"}


def without_addresses(value: Value) -> Value:
    """Of each e-mail address the first letter and the domain remain: who it was can be told by those who know them."""
    return _shortened(value)  # type: ignore[no-any-return]  # the same shape comes out, piece by piece


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(r"\1…@\2", value)
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(each) for each in value]
    return value
