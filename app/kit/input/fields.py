"""The shapes fields may have, in what we take and in what we answer."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, PlainSerializer, StringConstraints, WithJsonSchema

from app.kit import clock

#: One line with at least one visible character. No NUL: PostgreSQL keeps none in text.
LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s.\x00-\x1f\x7f]+(\.[^@\s.\x00-\x1f\x7f]+)+$"
#: Printable ASCII without spaces, as addresses and tokens are.
VISIBLE = r"^[\x21-\x7e]+$"

#: What to say where a pattern does not match.
SENTENCES = {
    LINE: "Give one line of text, without control characters.",
    EMAIL: "Give an e-mail address such as ana@brand.com.",
    VISIBLE: "Use printable ASCII characters, without spaces.",
}

Line120 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=LINE)]
Line200 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=LINE)]
Line500 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=LINE)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=EMAIL)]
#: An id of the agency's own, from its CRM.
ExternalId = Annotated[str, StringConstraints(max_length=200, pattern=LINE)]
#: One of our ids, read where it is looked up: a malformed one is *not found*, like a foreign one.
PublicId = Annotated[str, StringConstraints(max_length=90)]

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
#: A moment with its time zone, as given to us.
Moment = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST, examples=["2026-12-31T12:00:00Z"])]
#: A moment as we answer it.
Time = Annotated[
    datetime,
    PlainSerializer(clock.iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-04T13:32:10.123Z"]}),
]
