"""What a person reads of an e-mail in the pseudo-locale, and what of it has no mark."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from app.kit.i18n import pseudo
from app.mail.rendered_email import RenderedEmail

#: Attributes of HTML that are read.
READ = frozenset({"alt", "title", "aria-label", "summary", "label", "placeholder"})
_MARKED = re.compile(f"{pseudo.START}[^{pseudo.START}{pseudo.END}]*{pseudo.END}")


class Read(HTMLParser):
    """Everything in HTML that a person reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_style = tag == "style"
        self.parts += [value for name, value in attrs if name in READ and value]

    def handle_endtag(self, _tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.parts.append(data)


def unmarked(text: str, given: Iterable[str]) -> list[str]:
    """Lines with words that are in no marked message, without names, addresses and codes that are given."""
    while (within := _MARKED.sub("", text)) != text:
        text = within
    for value in sorted(given, key=len, reverse=True):
        text = text.replace(value, "")
    return [line.strip() for line in text.splitlines() if re.search(rf"[^\W\d_]|[{pseudo.START}{pseudo.END}]", line)]


def shown_in(written: RenderedEmail) -> str:
    """Everything that a person reads of an e-mail."""
    return "\n".join([written.sender, written.subject, written.text, *Read(written.html).parts])
