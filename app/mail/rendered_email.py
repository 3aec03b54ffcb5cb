"""A rendered e-mail: branding, three parts, and the message composed of them. Pure."""

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
    """The serialized message has other headers than intended: it must not be sent."""


@dataclass(frozen=True)
class Recipient:
    """Somebody with an e-mail address."""

    email: str
    name: str | None = None


@dataclass(frozen=True)
class EmailBranding:
    """The agency in whose name an e-mail is sent. `colour` is `#` and six hex digits, dark enough for white text."""

    agency: str
    contact: Recipient
    colour: str


@dataclass(frozen=True)
class RenderedEmail:
    """A rendered e-mail, as it is encrypted in its row."""

    agency: str
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
    from_box, to_box = addresses.mailbox(sender), addresses.mailbox(to.email)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _address(f"{letter.agency} via Keyturn", from_box)
    if answers_to := _answers_to(letter.contact):
        message["Reply-To"] = answers_to
    message["To"] = _address(to.name or "", to_box)
    message["Subject"] = addresses.in_header(letter.subject)
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
    return str(addresses.mailbox(to.email))


def _address(name: str, box: Mailbox) -> Address:
    return Address(addresses.display_name(name), box.local, box.host)


def _answers_to(contact: Recipient) -> Address | None:
    try:
        box = addresses.mailbox(contact.email)
    except AddressUnusable:
        return None
    # non-ASCII would need a server with SMTPUTF8
    return _address(contact.name or "", box) if box.local.isascii() else None


def _check(message: EmailMessage, *, utf8: bool) -> None:
    written = message.as_bytes(policy=policy.SMTPUTF8 if utf8 else policy.SMTP)
    read = BytesHeaderParser(policy=policy.compat32).parsebytes(written)
    if sorted(read.keys()) != sorted(message.keys()):
        raise HeaderBroken("a name in it would have changed its headers")
