"""The demo's mail server: what Keyturn sends arrives, and is read as text and as HTML."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import httpx2
import pytest

from app.mail import rendered_email, smtp_client
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.server import Server
from demo.inbox.app import create_inbox
from docs.mail_examples import ADDRESS, LETTERHEAD, VALUES

SENDER = "keyturn@demo.example"


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
async def inbox(port: int) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser on the inbox, which takes e-mails."""
    app = create_inbox("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", port)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://inbox.example") as browser,
    ):
        yield browser


async def _send(port: int, **context: mails.Shown) -> None:
    values = {name: each[0] for name, each in VALUES["invitation"].items()} | context
    message = rendered_email.compose(
        mails.render("invitation", LETTERHEAD, "en", values), mail_id="mail_1", sender=SENDER,
        to=Recipient("zoë@brand.example", "Zoë Brand"), language="en", written_at=datetime.now(UTC),
    )  # fmt: skip
    answer = await smtp_client.send(Server("127.0.0.1", port, "none", SENDER), message, to="zoë@brand.example")
    assert answer.accepted, answer


async def test_an_e_mail_is_read_as_text_and_as_html(inbox: httpx2.AsyncClient, port: int) -> None:
    await _send(port, requested_by="Ana & Co")
    listed = (await inbox.get("/mails")).text
    assert "North Agency asks for limited access to your TikTok ads" in listed
    assert "zoë@brand.example" in listed
    text = (await inbox.get("/mails/1")).text
    assert ADDRESS in text
    assert "Ana &amp; Co" in text
    html = await inbox.get("/mails/1/html")
    assert f'href="{ADDRESS}"' in html.text
    assert "default-src 'none'" in html.headers["content-security-policy"]


async def test_lines_that_begin_with_a_dot_arrive_unchanged(inbox: httpx2.AsyncClient, port: int) -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"], message["From"], message["To"] = "Dots", SENDER, "ana@brand.example"
    message.set_content(".one\n..two\n.\nend\n")
    answer = await smtp_client.send(Server("127.0.0.1", port, "none", SENDER), message, to="ana@brand.example")
    assert answer.accepted, answer
    assert ".one\n..two\n.\nend" in (await inbox.get("/mails/1")).text.replace("\r", "")


async def test_the_newest_is_first_and_others_are_unknown(inbox: httpx2.AsyncClient, port: int) -> None:
    assert "None yet." in (await inbox.get("/mails")).text
    for _ in range(2):
        await _send(port)
    listed = (await inbox.get("/mails")).text
    assert listed.index("/mails/2") < listed.index("/mails/1")
    for path in ("/mails/3", "/mails/3/html"):
        assert (await inbox.get(path)).status_code == 404
