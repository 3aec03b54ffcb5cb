"""Names and addresses in e-mail headers. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from app.kit.input import email_address
from app.kit.input.text import TextWrong

#: Special characters of address headers: Python 3.11 loses their quotes when it folds long names.
_SYNTAX = str.maketrans(dict.fromkeys('()<>[]:;@\\,"', " "))
#: The start of an encoded word: Python 3.11 decodes it in its input, including line breaks.
_CODED = re.compile(r"=(?=\?)")
_BREAKS = frozenset({"Cc", "Zl", "Zp", "Cs"})


class AddressUnusable(ValueError):
    """The address cannot be used in an e-mail."""


@dataclass(frozen=True)
class Mailbox:
    """An address with its host in ASCII. `str()` is the form for the mail server."""

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
    """The text without control characters, with each run of white space as one space."""
    return " ".join("".join(" " if unicodedata.category(each) in _BREAKS else each for each in text).split())


def in_header(text: str) -> str:
    """One line that a header shows literally, whatever encoded words it contains."""
    return _CODED.sub("= ", one_line(text))


def display_name(name: str) -> str:
    """A name beside an address, without the characters that separate addresses."""
    return one_line(in_header(name).translate(_SYNTAX))
