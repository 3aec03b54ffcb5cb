"""The agency's own words on its clients' pages, by language, and the address that the last page leads back to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.kit.egress.targets import UrlRefused, check_url
from app.kit.i18n.message import _
from app.kit.input.text import TypedWrong

#: Pages that show a note of the agency, in the order of the client's way; `closing` is shown when all is done.
PLACES = ("welcome", "lane", "questions", "review", "closing")
#: Most characters of one note, and of the address.
MOST = 400
LONGEST_ADDRESS = 500
_NO_ADDRESS = _("Enter the whole address of a public page, such as https://agency.com/thanks.")


@dataclass(frozen=True)
class ReturnAddress:
    """The agency's own page, to which a button leads when all is done."""

    url: str
    host: str


def notes(kept: Mapping[str, Any], language: str) -> Mapping[str, str]:
    """The notes of an agency's `brand` in a language, by place; empty ones are not there."""
    words: Mapping[str, Mapping[str, str]] = kept.get("words", {})
    return words.get(language, {})


def with_notes(kept: Mapping[str, Any], language: str, given: Mapping[str, str | None]) -> dict[str, Any]:
    """The `brand` with other notes in a language; without any, the language is left out."""
    written = {place: given[place] for place in PLACES if given.get(place)}
    others = {tag: those for tag, those in kept.get("words", {}).items() if tag != language}
    return changed(kept, words=others | ({language: written} if written else {}))


def changed(kept: Mapping[str, Any], **values: Any) -> dict[str, Any]:
    """The `brand` with other values; an empty one is left out."""
    return {name: value for name, value in {**kept, **values}.items() if value}


def return_address(kept: Mapping[str, Any]) -> ReturnAddress | None:
    """The address in an agency's `brand`, with the host that its button names."""
    url = kept.get("return_url")
    return ReturnAddress(url, urlsplit(url).hostname or "") if url else None


def checked_return(url: str) -> str:
    """The address in normal form. Raises TypedWrong unless it is https, of a public host, and names no user."""
    try:
        return check_url(url)
    except UrlRefused as refused:
        raise TypedWrong(_NO_ADDRESS) from refused
