"""SMTP client: send one message, or only test the login."""

import asyncio
import ssl
from email.message import EmailMessage

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from app.mail.retry_policy import ACCEPTED, SmtpReply
from app.mail.server import Server

#: Seconds for one command, and in total; the job's lease is longer.
COMMAND, WHOLE = 15.0, 40.0
#: The same for a login test, while a user waits.
LOGIN, LOGIN_WHOLE = 4.0, 8.0
#: Seconds in which a server without a greeting has to answer a TLS handshake.
HANDSHAKE = 2.0
#: Failures of a plain connection to a server that expects a TLS handshake, or of waiting for its greeting.
_SILENT = (TimeoutError, SMTPTimeoutError, SMTPConnectError, SMTPServerDisconnected)


async def send(server: Server, message: EmailMessage, *, to: str) -> SmtpReply:
    """Send one message to one address. Once it is accepted, errors while disconnecting are ignored."""
    answer = SmtpReply(False)
    try:
        async with asyncio.timeout(WHOLE), _client(server) as client:
            _refused, said = await client.send_message(message, sender=server.sender, recipients=[to])
            answer = SmtpReply(True, 250, said)
    except (SMTPException, OSError, ValueError) as problem:
        return answer if answer.accepted else await _why(server, problem)
    return answer


async def check_login(server: Server) -> SmtpReply:
    """Connect and sign in without sending anything; for the doctor."""
    try:
        async with asyncio.timeout(LOGIN_WHOLE), _client(server, LOGIN):
            return ACCEPTED
    except (SMTPException, OSError, ValueError) as problem:
        return await _why(server, problem)


async def _why(server: Server, problem: Exception) -> SmtpReply:
    """Reason of the failure; names a mismatch of plain text and TLS, which neither side reports by itself."""
    if server.tls != "whole" and isinstance(problem, _SILENT) and await _is_encrypted(server):
        return SmtpReply(False, None, "it is encrypted from the first byte: write smtps:// in KEYTURN_SMTP_URL.")
    if server.tls == "whole" and "WRONG_VERSION_NUMBER" in str(problem):
        return SmtpReply(False, None, "it is not encrypted from the first byte: write smtp:// in KEYTURN_SMTP_URL.")
    if isinstance(problem, TimeoutError) and not str(problem):
        return SmtpReply(False, None, "it does not answer in time.")
    return _read(problem)


async def _is_encrypted(server: Server) -> bool:
    """True if the server accepts a TLS handshake in place of sending a greeting."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent through it
    try:
        async with asyncio.timeout(HANDSHAKE):
            _, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
    except OSError:  # includes time-outs and failed handshakes
        return False
    writer.close()
    return True


def _client(server: Server, seconds: float = COMMAND) -> SMTP:
    return SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls == "whole",
        start_tls=server.tls == "starttls",
        local_hostname=server.sender.rpartition("@")[2],
        timeout=seconds,
    )


def _read(problem: Exception) -> SmtpReply:
    if isinstance(problem, SMTPRecipientsRefused):
        problem = problem.recipients[0]  # there is one
    if isinstance(problem, SMTPNotSupported):
        return SmtpReply(False, None, "the mail server knows no addresses beyond ASCII", about_letter=True)
    if isinstance(problem, SMTPResponseException) and problem.code > 0:
        about_letter = isinstance(problem, SMTPRecipientRefused | SMTPDataError)
        return SmtpReply(False, problem.code, problem.message, about_letter)
    return SmtpReply(False, None, str(problem))
