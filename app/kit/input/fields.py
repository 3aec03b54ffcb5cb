"""JSON bodies by RFC 8259, and field types of their schemas, one for each kind of text or time. Pure."""

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from json import JSONDecodeError
from types import NoneType
from typing import Annotated, Any, NoReturn, get_args

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from app.kit import clock
from app.kit.i18n.locales import english
from app.kit.input import email_address, places, text
from app.kit.input.text import TextWrong, folded

SENTENCE = "Give a time with its time zone, such as 2026-12-31T12:00:00Z."
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt _]\d{2}:?\d{2}")


def iso(given: Any) -> Any:
    """The time without invisible characters. Raises TextWrong for Unix timestamps, as number or text, and for dates."""
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


#: Printable ASCII without spaces, as in URLs and tokens.
VISIBLE = r"^[\x21-\x7e]+$"
#: Messages for patterns that do not match.
SENTENCES = {VISIBLE: "Use printable ASCII characters, without spaces."}


class RequestShape(BaseModel):
    """Base of request bodies: no unknown fields, and `""` for an optional field is null."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_null(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        optional = {name for name, field in cls.model_fields.items() if NoneType in get_args(field.annotation)}
        return {
            name: None if name in optional and isinstance(value, str) and text.is_empty(value) else value
            for name, value in given.items()
        }


def _read(reader: Callable[[str], str]) -> BeforeValidator:
    """Text parsed by `reader`; other types are left to the field's type."""
    return BeforeValidator(lambda given: reader(given) if isinstance(given, str) else given)


def _without_password(reader: Callable[[str], str]) -> Callable[[str], str]:
    def read(given: str) -> str:
        if text.looks_like_password(given):
            raise TextWrong(english(text.CREDENTIAL))
        return reader(given)

    return read


def _for_clients(reader: Callable[[str], str]) -> Callable[[str], str]:
    def read(given: str) -> str:
        if text.asks_for_password(given):
            raise TextWrong(english(text.CREDENTIAL_NEVER_ASKED))
        return reader(given)

    return _without_password(read)


def _as_text(given: Any) -> Any:
    if isinstance(given, bool | int | float):
        raise TextWrong("Give the id as text, in quotes: numbers of this length lose digits on their way.")
    return given


_LINE = _read(_without_password(text.line))
_ASKED = _read(_for_clients(text.line))

#: One line with at least one visible character.
Line120 = Annotated[str, StringConstraints(min_length=1, max_length=120), _LINE]
Line200 = Annotated[str, StringConstraints(min_length=1, max_length=200), _LINE]
Line500 = Annotated[str, StringConstraints(min_length=1, max_length=500), _LINE]
#: The same for text that clients read, which must not ask for a password.
Asked120 = Annotated[str, StringConstraints(min_length=1, max_length=120), _ASKED]
Asked200 = Annotated[str, StringConstraints(min_length=1, max_length=200), _ASKED]
Asked500 = Annotated[str, StringConstraints(min_length=1, max_length=500), _ASKED]
AskedText = Annotated[str, StringConstraints(max_length=500), _read(_for_clients(text.paragraphs))]
AskedNote = Annotated[str, StringConstraints(max_length=400), _read(_for_clients(text.paragraphs))]
#: Several lines, or none.
Text500 = Annotated[str, StringConstraints(max_length=500), _read(_without_password(text.paragraphs))]
Note = Annotated[str, _read(_without_password(text.paragraphs))]
#: Text that is passed on unchanged, secrets included; it has to be text.
Verbatim = Annotated[str, _read(text.unbroken)]
Email = Annotated[str, StringConstraints(max_length=email_address.LONGEST), _read(email_address.read)]
#: An id from the agency's CRM.
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200), _read(_without_password(text.identifier))]
#: One of our ids or names, parsed at lookup: a malformed one is *not found*, like an unknown one.
PublicId = Annotated[str, StringConstraints(max_length=90), _read(text.line)]
Word = Annotated[str, StringConstraints(max_length=64), _LINE]
EventTypeName = Annotated[str, StringConstraints(max_length=128), _LINE]
#: A key, a token or a secret URL: accepted unchanged, or refused.
Secret = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2048, pattern=VISIBLE),
    Field(json_schema_extra={"format": "password"}),
]

_ID_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 2000, "examples": ["7000999988887777666"]})
#: An id of a platform's account in any notation that it can be pasted in; the platform's form reads it.
PastedId = Annotated[str, StringConstraints(max_length=2000), BeforeValidator(_as_text), _ID_SCHEMA]
#: Another id of the platform, in ASCII digits if it is a number.
Digits = Annotated[str, StringConstraints(max_length=40), _read(text.digits)]


def _country(given: str) -> str:
    code = places.country(given)
    if code is None:
        raise TextWrong("Give a country, such as FR.")
    return code


#: A country in any common spelling, as its ISO 3166 alpha-2 code.
CountryCode = Annotated[str, StringConstraints(max_length=60), _read(_country), Field(examples=["FR"])]
Language = Annotated[str, StringConstraints(max_length=16), _read(places.language), Field(examples=["en"])]

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
#: A time with its time zone, in requests.
Moment = Annotated[
    AwareDatetime, Field(ge=_EARLIEST, le=_LATEST, examples=["2026-12-31T12:00:00Z"]), BeforeValidator(iso)
]
#: A time in responses.
Time = Annotated[
    datetime,
    PlainSerializer(clock.iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-04T13:32:10.123Z"]}),
]


_ESCAPED_HALF = r"\\u[dD][89a-fA-F]"


def read_json(body: bytes) -> Any:
    """Parse a body. Raises JSONDecodeError with the position.

    Unlike Python's parser it refuses NaN, Infinity and lone surrogates.
    """

    def constant(name: str) -> NoReturn:
        raise _json_problem(f"{name} is no number of JSON", body, re.escape(name))

    def finite(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise _json_problem("Number too large", body, re.escape(digits))
        return number

    value = json.loads(body, parse_constant=constant, parse_float=finite)
    if rb"\ud" in body or rb"\uD" in body:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as problem:
            raise _json_problem("Half a character (a lone surrogate)", body, _ESCAPED_HALF) from problem
    return value


def _json_problem(what: str, body: bytes, pattern: str) -> JSONDecodeError:
    text = body.decode(json.detect_encoding(body), "replace")
    found = re.search(pattern, text)
    return JSONDecodeError(what, text, found.start() if found else 0)
