"""Sending what is owed to a real mail server."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.kit import clock
from app.mail import rendered_email
from app.mail.job import MailContext
from app.mail.rendered_email import Recipient
from app.mail.service import Mail
from tests.mail import scenes
from tests.mail.post_office import SENDER, PostOffice, serving
from tests.world import World


async def _row(tools: MailContext, mail: Mail) -> str:
    """Everything that lies in the row, as text and as the bytes of text."""
    whole = text("mails::text || coalesce(encode(content_encrypted, 'escape'), '')")
    async with tools.sessions() as session:
        rows = select(whole).select_from(Mail).where(Mail.agency_id == mail.agency_id, Mail.id == mail.id)
        return str((await session.execute(rows)).scalar_one())


async def test_what_arrives(tools: MailContext, world: World, office: PostOffice) -> None:
    head = scenes.letterhead("Agence Zoë & Fils", Recipient("zoe@north.example", "Zoë Müller"))
    mail = await scenes.owe(tools, world.north, head=head, to=Recipient("ana@maisonlune.example", "Ána 漢字"))
    assert await scenes.work(tools) == 1
    (envelope,), (arrived,) = office.envelopes, office.letters()
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["ana@maisonlune.example"])
    assert str(arrived["From"]) == "Agence Zoë & Fils via Keyturn <keyturn@post.example>"
    assert str(arrived["Reply-To"]) == "Zoë Müller <zoe@north.example>"
    assert str(arrived["To"]) == "Ána 漢字 <ana@maisonlune.example>"
    assert str(arrived["Subject"]) == "Agence Zoë & Fils asks for limited access to your TikTok ads"
    assert str(arrived["Message-ID"]) == f"<{mail.id}@post.example>"
    plain, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert [part.get_content_type() for part in arrived.iter_parts()] == ["text/plain", "text/html"]
    assert scenes.ADDRESS in plain.get_content().splitlines()
    assert f'href="{scenes.ADDRESS}"' in html.get_content()


async def test_once_sent_it_is_never_due_again_and_empty(tools: MailContext, world: World, office: PostOffice) -> None:
    mail = await scenes.owe(tools, world.north)
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    assert row.sent_at is not None
    assert (row.content_encrypted, row.due_at, row.failed_at, row.last_error, row.attempt_count) == (None,) * 4 + (1,)
    assert await scenes.work(tools, hurry=True) == 0
    assert len(office.envelopes) == 1


async def test_nothing_secret_lies_in_clear(tools: MailContext, world: World, office: PostOffice) -> None:
    office.at_data = [f"451 spam? {scenes.ADDRESS}", f"554 spam: {scenes.SECRET}"]
    mail = await scenes.owe(tools, world.north)
    for _ in range(3):
        row = await _row(tools, mail)
        assert scenes.SECRET not in row
        assert "limited access" not in row
        await scenes.work(tools, hurry=True)


async def test_put_off_it_is_tried_again(tools: MailContext, world: World, office: PostOffice) -> None:
    office.at_recipient, office.at_data = ["450 Greylisted, come back"], ["451 Not now"]
    mail = await scenes.owe(tools, world.north)
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    assert row.last_error == "The mail server put it off: 450 Greylisted, come back."
    assert row.due_at is not None
    assert timedelta(0) < row.due_at - clock.now() <= timedelta(minutes=1)
    assert await scenes.work(tools) == 0
    await scenes.work(tools, hurry=True)
    assert (await scenes.seen(tools, world.north, mail)).last_error == "The mail server put it off: 451 Not now."
    await scenes.work(tools, hurry=True)
    row = await scenes.seen(tools, world.north, mail)
    assert (row.sent_at is not None, row.attempt_count, row.last_error) == (True, 3, None)
    assert len(office.envelopes) == 1


@pytest.mark.parametrize("where", ["at_recipient", "at_data"])
async def test_refused_for_good_it_is_given_up_with_the_reason(
    tools: MailContext, world: World, office: PostOffice, where: str
) -> None:
    setattr(office, where, ["550 No such user"])
    mail = await scenes.owe(tools, world.north)
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    assert row.last_error == "The mail server refused it: 550 No such user."
    assert row.failed_at is not None
    assert (row.content_encrypted, row.due_at, row.sent_at) == (None, None, None)
    assert await scenes.work(tools, hurry=True) == 0


async def test_after_a_day_it_is_given_up(tools: MailContext, world: World, office: PostOffice) -> None:
    office.at_data = ["451 Not now"] * 10
    mail = await scenes.owe(tools, world.north)
    for _ in range(10):
        assert await scenes.work(tools, hurry=True) == 1
    row = await scenes.seen(tools, world.north, mail)
    assert (row.failed_at is not None, row.attempt_count, row.content_encrypted) == (True, 10, None)


async def test_a_server_that_is_away_and_comes_back(tools: MailContext, world: World) -> None:
    office = PostOffice()
    async with serving(office):
        tools = replace(tools, server=office.server)
    mail = await scenes.owe(tools, world.north)
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    assert row.last_error == "The mail server could not be reached, or broke off."
    async with serving(office):
        await scenes.work(tools, hurry=True)
    assert len(office.envelopes) == 1
    assert (await scenes.seen(tools, world.north, mail)).sent_at is not None


async def test_when_its_time_is_over_it_is_not_sent(tools: MailContext, world: World, office: PostOffice) -> None:
    mail = await scenes.owe(tools, world.north, not_after=clock.now() - timedelta(seconds=1))
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    assert (row.failed_at is not None, office.envelopes) == (True, [])
    assert row.last_error == "There was no use in sending it any more: its time was over."


@pytest.mark.parametrize("wrong", ["nobody", "ana@x.example\r\nRCPT TO:<eve@x.example>", "a,b@x.example"])
async def test_what_is_no_address_gets_nothing(
    tools: MailContext, world: World, office: PostOffice, wrong: str
) -> None:
    mail = await scenes.owe(tools, world.north, to=Recipient(wrong))
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    assert (row.failed_at is not None, office.envelopes) == (True, [])
    assert (row.last_error or "").startswith("It cannot be sent: ")


async def test_a_name_cannot_add_a_recipient(tools: MailContext, world: World, office: PostOffice) -> None:
    evil = "x " * 60 + "=?utf-8?q?a=0D=0ABcc=3A_eve=40x.example?=\r\nBcc: eve@x.example, <eve@x.example>"
    head = scenes.letterhead(evil, Recipient("ana@north.example", evil))
    await scenes.owe(tools, world.north, head=head, to=Recipient("ana@maisonlune.example", evil), platform=evil)
    await scenes.work(tools)
    (envelope,), (arrived,) = office.envelopes, office.letters()
    assert envelope.rcpt_tos == ["ana@maisonlune.example"]
    assert "Bcc" not in arrived
    assert [each.addr_spec for each in arrived["To"].addresses] == ["ana@maisonlune.example"]


async def test_without_disarming_names_still_no_message_with_a_header_more_leaves(
    tools: MailContext, world: World, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered_email, "in_header", lambda name: name)
    evil = scenes.letterhead("=?utf-8?q?a=0D=0ABcc=3A_eve=40x.example?=")
    mail = await scenes.owe(tools, world.north, head=evil)
    await scenes.work(tools)
    row = await scenes.seen(tools, world.north, mail)
    if row.failed_at is None:  # a Python whose e-mail library writes such a name out harmlessly (CVE-2024-6923 mended)
        (envelope,), (arrived,) = office.envelopes, office.letters()
        assert (envelope.rcpt_tos, "Bcc" in arrived) == (["ana@maisonlune.example"], False)
    else:
        assert not office.envelopes
        assert row.last_error == "It cannot be sent: a name in it would have changed its headers."


async def test_without_its_key_or_server_it_waits(tools: MailContext, world: World, office: PostOffice) -> None:
    mail = await scenes.owe(tools, world.north)
    await scenes.work(scenes.without_key(tools))
    await scenes.work(replace(tools, server=None), hurry=True)
    row = await scenes.seen(tools, world.north, mail)
    assert (row.attempt_count, row.failed_at, row.sent_at) == (2, None, None)
    assert row.last_error == "Sending e-mails is switched off in this installation."
    await scenes.work(tools, hurry=True)
    assert len(office.envelopes) == 1


async def test_it_opens_in_its_own_row_alone(tools: MailContext, world: World, office: PostOffice) -> None:
    theirs, ours = await scenes.owe(tools, world.south), await scenes.owe(tools, world.north)
    async with tools.sessions.begin() as session:
        swapped = update(Mail).where(Mail.agency_id == world.north.agency_id, Mail.id == ours.id)
        await session.execute(swapped.values(content_encrypted=theirs.content_encrypted))
    await scenes.work(tools)
    assert [str(each["Message-ID"]) for each in office.letters()] == [f"<{theirs.id}@post.example>"]
