"""Names and addresses as they may stand in an e-mail's header. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from app.kit.input import email_address
from app.kit.input.text import TextWrong

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
    try:
        parts = email_address.validated(text.strip(), anywhere=False)
    except TextWrong as problem:
        raise AddressUnusable(str(problem)) from problem
    return Mailbox(parts.local_part, parts.ascii_domain)


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, each stretch of white space one blank."""
    return " ".join("".join(" " if unicodedata.category(each) in _BREAKS else each for each in text).split())


def in_header(text: str) -> str:
    """One line that a header shows as it is, whatever coded words it pretends to hold."""
    return _CODED.sub("= ", one_line(text))


def display_name(name: str) -> str:
    """A name beside an address, without the characters that separate addresses."""
    return one_line(in_header(name).translate(_SYNTAX))
