"""Names and addresses as they may stand in an e-mail's header."""

import re
import unicodedata
from dataclasses import dataclass

import idna

#: What may stand before the @ without quotes (RFC 5322 dot-atom; RFC 6531 adds what lies beyond ASCII).
_LOCAL = re.compile(r"^[^\x00-\x20\x7f-\xa0@<>()\[\]\\,;:\"]{1,64}$")
_HOST = re.compile(r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")
#: Characters with a meaning in address headers: long names are folded, and then Python 3.11 forgets their quotes.
_SYNTAX = str.maketrans(dict.fromkeys('()<>[]:;@\\,"', " "))
#: The start of a coded word: Python 3.11 decodes it in what it is given, line breaks and all.
_CODED = re.compile(r"=(?=\?)")
_BREAKS = frozenset({"Cc", "Zl", "Zp", "Cs"})


class AddressUnusable(ValueError):
    """No e-mail can be written to or from this address."""


@dataclass(frozen=True)
class Mailbox:
    """An address with its host in ASCII. `str()` of it is what the mail server is told."""

    local: str
    host: str

    def __str__(self) -> str:
        return f"{self.local}@{self.host}"


def mailbox(text: str) -> Mailbox:
    """The parts of an address; an international host becomes ASCII. Raises AddressUnusable."""
    local, at, host = text.strip().rpartition("@")
    if not at or not _LOCAL.match(local) or any(unicodedata.category(each) in _BREAKS for each in local):
        raise AddressUnusable("it is no e-mail address")
    try:
        plain = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except UnicodeError as problem:
        raise AddressUnusable("its host name does not exist in any alphabet") from problem
    if not _HOST.match(plain):
        raise AddressUnusable("its host name cannot exist")
    return Mailbox(local, plain)


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, each stretch of white space one blank."""
    return " ".join("".join(" " if unicodedata.category(each) in _BREAKS else each for each in text).split())


def in_header(text: str) -> str:
    """One line that a header shows as it is, whatever coded words it pretends to hold."""
    return _CODED.sub("= ", one_line(text))


def display_name(name: str) -> str:
    """A name beside an address, without the characters that separate addresses."""
    return one_line(in_header(name).translate(_SYNTAX))
