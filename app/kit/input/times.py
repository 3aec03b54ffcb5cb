"""Moments as programs write them: ISO 8601 with a time zone, and nothing that has to be guessed. Pure."""

import re
from typing import Any

from app.kit.input.text import TextWrong, folded

SENTENCE = "Give a time with its time zone, such as 2026-12-31T12:00:00Z."
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt _]\d{2}:?\d{2}")


def iso(given: Any) -> Any:
    """The same without what is invisible. Raises TextWrong for seconds since 1970, as number or text, and for dates."""
    if isinstance(given, bool | int | float):
        raise TextWrong(f"{SENTENCE} Seconds since 1970 are not taken.")
    if not isinstance(given, str):
        return given
    text = folded(given)
    if re.fullmatch(r"[+-]?\d+(\.\d*)?", text):
        raise TextWrong(f"{SENTENCE} Seconds since 1970 are not taken.")
    if not _ISO.match(text):
        raise TextWrong(SENTENCE)
    return text
