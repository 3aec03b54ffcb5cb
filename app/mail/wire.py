"""Speaking to the mail server: one letter handed over, or a knock to see whether it lets us in."""

import asyncio
from email.message import EmailMessage

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from app.mail.outcome import ACCEPTED, Answer
from app.mail.server import Server

#: Seconds for one command, and for the whole; the lease of the work is longer.
COMMAND, WHOLE = 15.0, 40.0


async def hand_over(server: Server, message: EmailMessage, *, to: str) -> Answer:
    """Sends one message to one address. Once it is accepted, nothing that happens in parting counts."""
    answer = Answer(False)
    try:
        async with asyncio.timeout(WHOLE), _client(server) as client:
            await client.send_message(message, sender=server.sender, recipients=[to])
            answer = ACCEPTED
    except (SMTPException, OSError, ValueError) as problem:
        return answer if answer.accepted else _read(problem)
    return answer


async def knock(server: Server) -> Answer:
    """Connects and signs in, sends nothing; for the doctor."""
    try:
        async with asyncio.timeout(WHOLE), _client(server):
            return ACCEPTED
    except (SMTPException, OSError, ValueError) as problem:
        return _read(problem)


def _client(server: Server) -> SMTP:
    return SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls == "whole",
        start_tls=server.tls == "starttls",
        local_hostname=server.sender.rpartition("@")[2],
        timeout=COMMAND,
    )


def _read(problem: Exception) -> Answer:
    if isinstance(problem, SMTPRecipientsRefused):
        problem = problem.recipients[0]  # there is one
    if isinstance(problem, SMTPNotSupported):
        return Answer(False, None, "the mail server knows no addresses beyond ASCII", about_letter=True)
    if isinstance(problem, SMTPResponseException) and problem.code > 0:
        about_letter = isinstance(problem, SMTPRecipientRefused | SMTPDataError)
        return Answer(False, problem.code, problem.message, about_letter)
    return Answer(False, None, str(problem))
