"""Mail server configuration from the settings."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from app.mail import rendered_email

Tls = Literal["whole", "starttls", "none"]

_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = re.compile(r"^(localhost|127(\.\d{1,3}){3}|::1)$")
_URL = "KEYTURN_SMTP_URL is wrong: "


class ServerWrong(ValueError):
    """Invalid mail settings; the message names the setting, never its value."""


@dataclass(frozen=True)
class Server:
    """A mail server and its sender address. `tls`: implicit TLS, STARTTLS, or none."""

    host: str
    port: int
    tls: Tls
    #: the sender, and the address for bounces
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read(smtp_url: str | None, mail_from: str | None) -> Server | None:
    """The server of `smtp[s]://user:password@host:port?starttls=yes|no`; None: mail is off. Raises ServerWrong.

    Without an explicit setting, only the local machine is used without TLS.
    """
    if not smtp_url and not mail_from:
        return None
    if not smtp_url or not mail_from:
        raise ServerWrong("KEYTURN_SMTP_URL and KEYTURN_MAIL_FROM go together: set both, or neither.")
    parts, port = _split(smtp_url)
    user, password = _credentials(parts)
    return Server(
        host=parts.hostname or "",
        port=port or _PORTS[parts.scheme],
        tls=_tls(parts),
        sender=_sender(mail_from),
        user=user,
        password=password,
    )


def _split(smtp_url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(smtp_url)
        port = parts.port
    except ValueError:
        raise ServerWrong(_URL + "it cannot be read as an address.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ServerWrong(_URL + "it must read smtp://user:password@host:587 or smtps://user:password@host:465.")
    if parts.path not in ("", "/") or parts.fragment:
        raise ServerWrong(
            _URL + "after host and port comes nothing but ?starttls=. In a password write / # ? @ as %2F %23 %3F %40."
        )
    return parts, port


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if bool(parts.username) != bool(parts.password):
        raise ServerWrong(_URL + "user and password go together: give both, or neither.")
    return (unquote(parts.username), unquote(parts.password)) if parts.username and parts.password else (None, None)


def _tls(parts: SplitResult) -> Tls:
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    starttls = given.pop("starttls", None)
    if given or starttls not in (None, "yes", "no"):
        raise ServerWrong(_URL + "the only option is starttls, yes or no.")
    if parts.scheme == "smtps":
        if starttls:
            raise ServerWrong(_URL + "smtps:// is encrypted from the first byte; leave starttls out.")
        return "whole"
    if parts.port == _PORTS["smtps"] and not starttls:
        raise ServerWrong(_URL + "port 465 is encrypted from the first byte; write smtps:// in place of smtp://.")
    is_here = bool(_LOOPBACK.match(parts.hostname or ""))
    return "none" if starttls == "no" or (starttls is None and is_here) else "starttls"


def _sender(mail_from: str) -> str:
    wrong = ServerWrong("KEYTURN_MAIL_FROM is wrong: give one address such as access@agency.com, without a name.")
    try:
        box = rendered_email.mailbox(mail_from)
    except rendered_email.AddressUnusable:
        raise wrong from None
    if not box.local.isascii():
        raise wrong
    return str(box)
