"""A worker killed by SIGKILL once the server has the letter: `python -m tests.mail.mortal DATABASE_URL PORT`."""

import asyncio
import os
import signal
import sys
from typing import Any

from app.kit import jobs
from app.kit.database import make_engine, make_sessions
from app.mail import job as mail_job
from app.mail.job import MailContext
from app.mail.service import Mail
from tests.mail.post_office import PostOffice
from tests.world import keyring


async def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(database_url: str, port: str) -> None:
    """Sends the one that is due, and dies where it would be written down."""
    sessions = make_sessions(make_engine(database_url))
    tools = MailContext(sessions, keyring(), PostOffice(int(port)).server)
    (row,) = await jobs.claim(sessions, Mail, limit=1, lease=mail_job.LEASE)
    jobs.finish = _die
    await mail_job.send(tools, row)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
