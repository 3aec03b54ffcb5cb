"""Background work of e-mails: sends each at least once, for up to a day."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import func

from app.kit import clock, jobs
from app.kit.database import Sessions
from app.kit.encryption import DecryptionFailed, Keyring
from app.kit.jobs import JobType
from app.mail import rendered_email, retry_policy, smtp_client
from app.mail.rendered_email import Recipient, RenderedEmail
from app.mail.retry_policy import MailRetry, SmtpReply, SmtpResult
from app.mail.server import Server
from app.mail.service import Mail, content_place

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=smtp_client.WHOLE + 20)


@dataclass(frozen=True)
class MailContext:
    """Dependencies of the job, given by assembly. `server` None: mail is off, and queued e-mails wait."""

    sessions: Sessions
    keyring: Keyring
    server: Server | None


def work(tools: MailContext) -> list[JobType[Any]]:
    """Jobs of the worker."""
    return [JobType("mails to send", Mail, partial(send, tools), concurrency=4, lease=LEASE)]


async def send(tools: MailContext, row: Mail) -> None:
    """Make one attempt to send an e-mail and record the result; no transaction is open meanwhile."""
    made = row.attempt_count + 1
    outcome = await _try(tools, row)
    step = retry_policy.after(outcome, made=made, now=clock.now(), not_after=row.not_after)
    async with tools.sessions.begin() as session:
        await jobs.finish(
            session,
            row,
            due_in=step.due_in,
            attempt_count=made,
            last_error=step.error,
            detail=outcome.detail,
            **_ended(step),
        )
    said = {"mail": row.id, "kind": row.kind, "attempt": made, "end": step.end}
    if outcome.what == "sent":
        log.info("mail.sent", **said)
    else:
        log.warning("mail.not_sent", **said, sentence=outcome.sentence, detail=outcome.detail)


async def _try(tools: MailContext, row: Mail) -> SmtpResult:
    if retry_policy.is_too_late(clock.now(), row.not_after):
        return retry_policy.TOO_LATE
    if tools.server is None:
        return retry_policy.OFF
    to = Recipient(row.to_email, row.to_name)
    try:
        message = rendered_email.compose(
            _open(tools, row), mail_id=row.id, sender=tools.server.sender, to=to, language=row.language,
            written_at=row.created_at,
        )  # fmt: skip
        address = rendered_email.recipient(to)
    except DecryptionFailed:  # the missing key may be restored later
        return retry_policy.KEY_MISSING
    except ValueError as problem:
        return retry_policy.classify(SmtpReply(False, None, str(problem), about_letter=True))
    return retry_policy.classify(await smtp_client.send(tools.server, message, to=address))


def _open(tools: MailContext, row: Mail) -> RenderedEmail:
    encrypted = row.content_encrypted or b""
    return RenderedEmail.from_json(tools.keyring.decrypt(encrypted, bound_to=content_place(row.agency_id, row.id)))


def _ended(step: MailRetry) -> dict[str, Any]:
    if step.end is None:
        return {}
    return {"content_encrypted": None, "sent_at" if step.end == "sent" else "failed_at": func.now()}
