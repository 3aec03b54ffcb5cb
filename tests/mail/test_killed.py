"""The worker killed between sending and writing it down: sent twice, recognizably the same; and two workers at once."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from app.kit import jobs
from app.kit.jobs import LeaseLost
from app.mail import job as mail_job
from app.mail.job import MailContext
from app.mail.service import Mail
from tests.mail import scenes
from tests.mail.post_office import PostOffice
from tests.world import World

ROOT = Path(__file__).parents[2]


async def test_killed_once_the_server_had_it(
    tools: MailContext, world: World, office: PostOffice, database_url: str
) -> None:
    mail = await scenes.owe(tools, world.north)
    command = (sys.executable, "-m", "tests.mail.mortal", database_url, str(office.port))
    worker = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await worker.wait() == -signal.SIGKILL
    row = await scenes.seen(tools, world.north, mail)
    assert (len(office.envelopes), row.sent_at, row.tries) == (1, None, 1)
    assert await scenes.work(tools) == 0  # the dead one's lease runs on
    assert await scenes.work(tools, hurry=True) == 1
    assert [str(each["Message-ID"]) for each in office.letters()] == [f"<{mail.id}@post.example>"] * 2
    assert (await scenes.seen(tools, world.north, mail)).sent_at is not None


async def test_who_lost_the_lease_writes_nothing_down(tools: MailContext, world: World, office: PostOffice) -> None:
    office.at_data = ["554 Spam"]
    mail = await scenes.owe(tools, world.north)
    (slow,) = await jobs.claim(tools.sessions, Mail, limit=1, lease=mail_job.LEASE)
    await scenes.work(tools, hurry=True)
    with pytest.raises(LeaseLost):
        await mail_job.send(tools, slow)
    row = await scenes.seen(tools, world.north, mail)
    assert (row.failed_at is not None, row.sent_at) == (True, None)


async def test_no_transaction_is_open_while_it_is_sent(tools: MailContext, world: World, office: PostOffice) -> None:
    await scenes.owe(tools, world.north)
    open_ones: list[int] = []
    handle = office.handle_DATA

    async def look(*given: object) -> str:
        open_ones.append(tools.sessions.kw["bind"].pool.checkedout())
        return await handle(*given)  # type: ignore[arg-type]  # passed on as it came

    office.handle_DATA = look  # type: ignore[method-assign,assignment]  # only looks in between
    await scenes.work(tools)
    assert open_ones == [0]
