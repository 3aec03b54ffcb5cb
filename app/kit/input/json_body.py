"""JSON by RFC 8259: Python's parser also accepts NaN, Infinity and lone surrogates. Pure."""

import json
import math
import re
from json import JSONDecodeError
from typing import Any, NoReturn

_ESCAPED_HALF = r"\\u[dD][89a-fA-F]"


def read(body: bytes) -> Any:
    """The parsed body. Raises JSONDecodeError with the position."""

    def constant(name: str) -> NoReturn:
        raise _wrong(f"{name} is no number of JSON", body, re.escape(name))

    def finite(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise _wrong("Number too large", body, re.escape(digits))
        return number

    value = json.loads(body, parse_constant=constant, parse_float=finite)
    if rb"\ud" in body or rb"\uD" in body:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as problem:
            raise _wrong("Half a character (a lone surrogate)", body, _ESCAPED_HALF) from problem
    return value


def _wrong(what: str, body: bytes, pattern: str) -> JSONDecodeError:
    text = body.decode(json.detect_encoding(body), "replace")
    found = re.search(pattern, text)
    return JSONDecodeError(what, text, found.start() if found else 0)
