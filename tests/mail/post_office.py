"""A real mail server on loopback that answers as a test wants and keeps what it takes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app.mail.server import Server

SENDER = "keyturn@post.example"


@dataclass
class PostOffice:
    """Keeps envelopes; `at_recipient` and `at_data` are answers to give first, one for each try."""

    port: int = 0
    at_recipient: list[str] = field(default_factory=list)
    at_data: list[str] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    signed_in: list[tuple[str, str]] = field(default_factory=list)

    @property
    def server(self) -> Server:
        """How it is reached."""
        return Server("127.0.0.1", self.port, "none", SENDER)

    def letters(self) -> list[EmailMessage]:
        """What arrived, read."""
        contents = [cast(bytes, envelope.original_content) for envelope in self.envelopes]
        return [BytesParser(policy=default).parsebytes(each) for each in contents]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """RCPT TO."""
        if self.at_recipient:
            return self.at_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The end of DATA."""
        if self.at_data:
            return self.at_data.pop(0)
        self.envelopes.append(envelope)
        return "250 Taken"

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """AUTH: any user with the password `s/cr@t`."""
        assert isinstance(data, LoginPassword)
        self.signed_in.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"s/cr@t", handled=False)


@asynccontextmanager
async def serving(
    office: PostOffice, *, smtputf8: bool = True, auth: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[PostOffice]:
    """The office open on its port, or on any free one."""

    lines: list[SMTP] = []

    def answer() -> SMTP:
        line = SMTP(
            office,
            hostname="post.example",
            enable_SMTPUTF8=smtputf8,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=auth,
            authenticator=office.check if auth else None,
        )
        lines.append(line)
        return line

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(cast(Callable[[], Any], answer), "127.0.0.1", office.port)
    office.port = listening.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        listening.close()
        for line in lines:  # one left open would be found, and warned about, long after its test
            if line.transport is not None:
                line.transport.close()
        await asyncio.sleep(0.01)
        await listening.wait_closed()
