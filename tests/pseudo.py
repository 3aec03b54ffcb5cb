"""Reading of pages and e-mails in the pseudo-locale: what in them did not come from the catalogue."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

#: Attributes that people see or hear, and those that scripts show.
SHOWN = frozenset({
    "alt", "aria-label", "content", "data-copied", "data-selected", "data-too-large", "label", "placeholder",
    "summary", "title",
})  # fmt: skip
#: Elements whose content is no text for people.
_SILENT = frozenset({"script", "style"})
#: Addresses of pages, people and files, codes, ids, and commands: the same in every language.
_CODES = re.compile(
    r"""https?://\S+ | [\w.+-]+@[\w.-]+ | [\w-]+\.(?:pdf|example|com)\b | \S+•+\S*  # the last: an address half hidden
    | \b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b | \b[A-Z0-9]{20}\b | \b[A-Z]+\d[A-Z\d]*\b | \bact_\d+ | \baadvid=
    | \bkeyturn(?:\ [a-z-]+)*\b | \b[a-z]+\.[a-z_.]+\b | \{\w+\}
    | \bUTC\b | \b[A-Z][a-z]+/[A-Z][a-z]+\b  # time zones
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z]{2,}")
#: The product and the platforms; the names of languages in themselves.
NAMES = ("Keyturn", "TikTok", "Meta Business", "English", "Pseudo", "Safari", "Chrome")


class _Texts(HTMLParser):
    """Every text of a page that a person may see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._open.append(tag)
        names = set(SHOWN) - ({"content"} if tag != "meta" or given.get("name") != "description" else set())
        if tag == "input" and given.get("type") in ("submit", "button"):
            names.add("value")
        self.found += [str(given[name]) for name in sorted(names & given.keys()) if given[name]]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not _SILENT & set(self._open):
            self.found.append(data)


def texts(html: str) -> Iterator[str]:
    """The texts of a page, without blank ones."""
    reader = _Texts()
    reader.feed(html)
    yield from (" ".join(text.split()) for text in reader.found if text.strip())


def unmarked(found: Iterable[str], given: Iterable[str] = ()) -> list[str]:
    """Texts with words that no catalogue or content file marked. `given`: names and texts of the test itself."""
    known = sorted({*NAMES, *given}, key=len, reverse=True)
    return [text for text in found if _WORD.search(_without(text, known))]


def _without(text: str, known: Iterable[str]) -> str:
    for each in known:
        text = text.replace(each, "")
    return _CODES.sub("", text)
