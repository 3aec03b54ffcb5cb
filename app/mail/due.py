"""Background work of e-mails: sending what is owed, at least once and for at most a day."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import func

from app.kit import clock, due
from app.kit.database import Sessions
from app.kit.due import Work
from app.kit.vault import SealBroken, Vault
from app.mail import letter, schedule, wire
from app.mail import outcome as outcomes
from app.mail.letter import Letter, Person
from app.mail.model import Mail, content_place
from app.mail.outcome import Answer, Outcome
from app.mail.schedule import Step
from app.mail.server import Server

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=wire.WHOLE + 20)


@dataclass(frozen=True)
class Tools:
    """What the work needs, given by assembly. `server` None: mail is off, and what is owed from before waits."""

    sessions: Sessions
    vault: Vault
    server: Server | None


def work(tools: Tools) -> list[Work[Any]]:
    """The lines of the worker's table."""
    return [Work("mails to send", Mail, partial(send, tools), concurrency=4, lease=LEASE)]


async def send(tools: Tools, row: Mail) -> None:
    """Sends one e-mail once, and writes down what came of it; no transaction is open meanwhile."""
    made = row.attempt_count + 1
    outcome = await _try(tools, row)
    step = schedule.after(outcome, made=made, now=clock.now(), not_after=row.not_after)
    async with tools.sessions.begin() as session:
        await due.finish(session, row, due_in=step.due_in, attempt_count=made, last_error=step.error, **_ended(step))
    said = {"mail": row.id, "kind": row.kind, "attempt": made, "end": step.end}
    if outcome.what == "sent":
        log.info("mail.sent", **said)
    else:
        log.warning("mail.not_sent", **said, sentence=outcome.sentence, detail=outcome.detail)


async def _try(tools: Tools, row: Mail) -> Outcome:
    if schedule.is_too_late(clock.now(), row.not_after):
        return outcomes.TOO_LATE
    if tools.server is None:
        return outcomes.OFF
    to = Person(row.to_email, row.to_name)
    try:
        message = letter.compose(
            _open(tools, row), mail_id=row.id, sender=tools.server.sender, to=to, language=row.language,
            written_at=row.created_at,
        )  # fmt: skip
        address = letter.recipient(to)
    except SealBroken:  # a key may be put back into the ring
        return outcomes.KEY_MISSING
    except ValueError as problem:
        return outcomes.judge(Answer(False, None, str(problem), about_letter=True))
    return outcomes.judge(await wire.hand_over(tools.server, message, to=address))


def _open(tools: Tools, row: Mail) -> Letter:
    sealed = row.content_sealed or b""
    return Letter.from_json(tools.vault.open(sealed, bound_to=content_place(row.agency_id, row.id)))


def _ended(step: Step) -> dict[str, Any]:
    if step.end is None:
        return {}
    return {"content_sealed": None, "sent_at" if step.end == "sent" else "failed_at": func.now()}
