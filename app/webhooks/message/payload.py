"""The bytes that receivers get: an envelope in one of three shapes, minified and rendered once. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from app.events.schema import without_personal

LONGEST = 256 * 1024


@dataclass(frozen=True)
class Rendered:
    """A body as sent; `truncated` when the whole was too long and this is its thin form."""

    content: bytes
    truncated: bool = False


def render(envelope: Mapping[str, Any], mode: str) -> Rendered:
    """The body of an event in payload mode `full`, `thin` or `flat`; over 256 KiB it is thin and says so."""
    content = _encode(_SHAPES[mode](envelope))
    if len(content) <= LONGEST:
        return Rendered(content)
    return Rendered(_encode({**_thin(envelope), "truncated": True}), truncated=True)


def _thin(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Ids alone, and where the rest can be read."""
    data = {key: value for key, value in without_personal(envelope["data"]).items() if key.endswith("_id")}
    return {**envelope, "href": f"/api/v1/events/{envelope['id']}", "data": data}


def _flat(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """All keys at the first level, for receivers that read no deeper; answers are there one by one."""
    subject = envelope["subject"]
    rest = {key: value for key, value in envelope.items() if key not in ("data", "subject")}
    data = {key: value for key, value in envelope["data"].items() if key != "answers"}
    return {**data, **rest, "subject_type": subject["type"], "subject_id": subject["id"]}


def _full(envelope: Mapping[str, Any]) -> dict[str, Any]:
    return dict(envelope)


def _encode(body: Mapping[str, Any]) -> bytes:
    return to_json(body)


_SHAPES = {"full": _full, "thin": _thin, "flat": _flat}
