"""What an e-mail is: the agency in whose name it goes, its three parts, and the message made of them. Pure."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser

from app.mail import addresses
from app.mail.addresses import AddressUnusable, Mailbox


class HeaderBroken(ValueError):
    """The message written out has other headers than were put in: it must not leave."""


@dataclass(frozen=True)
class Recipient:
    """Somebody with an e-mail address."""

    email: str
    name: str | None = None


@dataclass(frozen=True)
class EmailBranding:
    """The agency in whose name an e-mail goes. `colour` is `#` and six hex digits, dark enough for white text."""

    agency: str
    contact: Recipient
    colour: str


@dataclass(frozen=True)
class RenderedEmail:
    """An e-mail as it was rendered; this is what lies sealed in its row."""

    agency: str
    contact: Recipient
    subject: str
    text: str
    html: str

    def to_json(self) -> str:
        """All of it as text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, written: str) -> "RenderedEmail":
        """From that text."""
        read = json.loads(written)
        return cls(**{**read, "contact": Recipient(**read["contact"])})


def compose(
    letter: RenderedEmail, *, mail_id: str, sender: str, to: Recipient, language: str, written_at: datetime
) -> EmailMessage:
    """The message. Its Message-ID comes from the mail's id, so that one sent twice can be told.

    Raises AddressUnusable, and HeaderBroken when something in a name got past us.
    """
    from_box, to_box = addresses.mailbox(sender), addresses.mailbox(to.email)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _address(f"{letter.agency} via Keyturn", from_box)
    if answers_to := _answers_to(letter.contact):
        message["Reply-To"] = answers_to
    message["To"] = _address(to.name or "", to_box)
    message["Subject"] = addresses.in_header(letter.subject)
    message["Date"] = written_at
    message["Message-ID"] = f"<{mail_id}@{from_box.host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note shall answer
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = language  # last: setting content takes such headers away
    _check(message, utf8=not to_box.local.isascii())
    return message


def recipient(to: Recipient) -> str:
    """The address the mail server is told. Raises AddressUnusable."""
    return str(addresses.mailbox(to.email))


def _address(name: str, box: Mailbox) -> Address:
    return Address(addresses.display_name(name), box.local, box.host)


def _answers_to(contact: Recipient) -> Address | None:
    try:
        box = addresses.mailbox(contact.email)
    except AddressUnusable:
        return None
    # beyond ASCII it could stand only in a message to such an address
    return _address(contact.name or "", box) if box.local.isascii() else None


def _check(message: EmailMessage, *, utf8: bool) -> None:
    written = message.as_bytes(policy=policy.SMTPUTF8 if utf8 else policy.SMTP)
    read = BytesHeaderParser(policy=policy.compat32).parsebytes(written)
    if sorted(read.keys()) != sorted(message.keys()):
        raise HeaderBroken("a name in it would have changed its headers")
