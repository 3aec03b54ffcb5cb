"""A rendered e-mail and the message composed of it, with addresses and headers that names cannot manipulate. Pure."""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser

from app.kit.input import email_address
from app.kit.input.text import TextWrong

#: Special characters of address headers: Python 3.11 loses their quotes when it folds long names.
_SYNTAX = str.maketrans(dict.fromkeys('()<>[]:;@\\,"', " "))
#: The start of an encoded word: Python 3.11 decodes it in its input, including line breaks.
_CODED = re.compile(r"=(?=\?)")
_BREAKS = frozenset({"Cc", "Zl", "Zp", "Cs"})


class AddressUnusable(ValueError):
    """The address cannot be used in an e-mail."""


class HeaderBroken(ValueError):
    """The serialized message has other headers than intended: it must not be sent."""


@dataclass(frozen=True)
class Recipient:
    """An e-mail address, and the name of its owner."""

    email: str
    name: str | None = None


@dataclass(frozen=True)
class Mailbox:
    """An address with its host in ASCII. `str()` is the form for the mail server."""

    local: str
    host: str

    def __str__(self) -> str:
        return f"{self.local}@{self.host}"


@dataclass(frozen=True)
class EmailBranding:
    """The agency in whose name an e-mail is sent. `colour` is `#` and six hex digits, dark enough for white text.

    `sender`: the name beside the address that it comes from; None: the agency's, via Keyturn.
    """

    agency: str
    contact: Recipient
    colour: str
    sender: str | None = None


@dataclass(frozen=True)
class RenderedEmail:
    """A rendered e-mail, as it is encrypted in its row. `sender`: the name beside the address it comes from."""

    sender: str
    contact: Recipient
    subject: str
    text: str
    html: str

    def to_json(self) -> str:
        """Serialize to JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, written: str) -> "RenderedEmail":
        """Parse the JSON of `to_json`."""
        read = json.loads(written)
        return cls(**{**read, "contact": Recipient(**read["contact"])})


def compose(
    letter: RenderedEmail, *, mail_id: str, sender: str, to: Recipient, language: str, written_at: datetime
) -> EmailMessage:
    """Compose the message. Its Message-ID derives from the mail's id, so that duplicates can be detected.

    Raises AddressUnusable, and HeaderBroken if a name manipulated the headers.
    """
    from_box, to_box = mailbox(sender), mailbox(to.email)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _address(letter.sender, from_box)
    if answers_to := _answers_to(letter.contact):
        message["Reply-To"] = answers_to
    message["To"] = _address(to.name or "", to_box)
    message["Subject"] = in_header(letter.subject)
    message["Date"] = written_at
    message["Message-ID"] = f"<{mail_id}@{from_box.host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = language  # last: setting content removes such headers
    _check(message, utf8=not to_box.local.isascii())
    return message


def recipient(to: Recipient) -> str:
    """The address for the mail server. Raises AddressUnusable."""
    return str(mailbox(to.email))


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


def _address(name: str, box: Mailbox) -> Address:
    return Address(display_name(name), box.local, box.host)


def _answers_to(contact: Recipient) -> Address | None:
    try:
        box = mailbox(contact.email)
    except AddressUnusable:
        return None
    # non-ASCII would need a server with SMTPUTF8
    return _address(contact.name or "", box) if box.local.isascii() else None


def _check(message: EmailMessage, *, utf8: bool) -> None:
    written = message.as_bytes(policy=policy.SMTPUTF8 if utf8 else policy.SMTP)
    read = BytesHeaderParser(policy=policy.compat32).parsebytes(written)
    if sorted(read.keys()) != sorted(message.keys()):
        raise HeaderBroken("a name in it would have changed its headers")
