"""The message as it leaves: whatever names hold, its headers are those that were meant."""

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.mail import rendered_email
from app.mail.rendered_email import AddressUnusable, Recipient, RenderedEmail

HEADERS = [
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "MIME-Version",
    "Content-Type",
]  # fmt: skip
PLAIN = RenderedEmail(
    "North Agency via Keyturn", Recipient("ana@north.example", "Ana Agent"), "A subject", "Text\n", "<p>HTML</p>"
)
ANA = Recipient("ana@maisonlune.example", "Ana Client")
#: Python 3.11 decodes this in a subject, line break and all (CVE-2024-6923).
CODED = "=?utf-8?q?hello=0D=0ABcc=3A_eve=40x.example?="
#: Folded, the quotes of a long name get lost (python/cpython#121284).
LONG = "A, B <eve@x.example>, " * 5
NAMES = st.text(max_size=120) | st.text(alphabet='ab =?,;:<>@"\\()\r\n\u2028é漢', max_size=120)


def compose(written: RenderedEmail = PLAIN, to: Recipient = ANA) -> EmailMessage:
    return rendered_email.compose(
        written, mail_id="mail_01", sender="keyturn@post.example", to=to, language="en",
        written_at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    )  # fmt: skip


def arrived(message: EmailMessage) -> dict[str, str]:
    """The headers as a mail program reads them."""
    read = BytesParser(policy=policy.compat32).parsebytes(message.as_bytes(policy=policy.SMTP))
    assert sorted(read.keys()) == sorted(HEADERS)
    return {name: str(value) for name, value in read.items()}


def shown(header: str) -> str:
    return str(make_header(decode_header(header)))


def test_the_headers_of_an_e_mail() -> None:
    headers = arrived(compose())
    assert headers["From"] == "North Agency via Keyturn <keyturn@post.example>"
    assert headers["Reply-To"] == "Ana Agent <ana@north.example>"
    assert headers["To"] == "Ana Client <ana@maisonlune.example>"
    assert headers["Subject"] == "A subject"
    assert headers["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert headers["Message-ID"] == "<mail_01@post.example>"
    assert headers["Content-Language"] == "en"
    assert headers["Auto-Submitted"] == "auto-generated"


def test_names_beyond_ascii_arrive() -> None:
    written = replace(PLAIN, sender="Agence Zoë via Keyturn", subject="木月 bittet")
    headers = arrived(compose(written, Recipient(ANA.email, "Ána 漢字")))
    assert shown(headers["From"]) == "Agence Zoë via Keyturn <keyturn@post.example>"
    assert shown(headers["Subject"]) == "木月 bittet"
    assert shown(headers["To"]) == "Ána 漢字 <ana@maisonlune.example>"


def test_written_twice_it_is_the_same_e_mail() -> None:
    assert arrived(compose())["Message-ID"] == arrived(compose())["Message-ID"]


@settings(deadline=None)
@given(NAMES, NAMES, NAMES)
@example(CODED, CODED, CODED)
@example(LONG, LONG, LONG)
@example("x " * 60 + CODED, "x " * 60 + CODED, "x " * 60 + CODED)
@example("a\r\nBcc: eve@x.example", "a\nBcc: eve@x.example", "a\rBcc: eve@x.example")
def test_no_name_can_change_the_headers(agency: str, name: str, subject: str) -> None:
    written = RenderedEmail(agency, Recipient("ana@north.example", name), subject, "Text\n", "<p>HTML</p>")
    headers = arrived(compose(written, Recipient(ANA.email, name)))
    assert [each for _, each in getaddresses([headers["From"]])] == ["keyturn@post.example"]
    assert [each for _, each in getaddresses([headers["To"]])] == [ANA.email]
    assert [each for _, each in getaddresses([headers["Reply-To"]])] == ["ana@north.example"]


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_both_parts_arrive_as_they_were_written(text: str) -> None:
    message = compose(replace(PLAIN, text=f"{text}\n", html=f"<p>{text}</p>\n"))
    read = BytesParser(policy=policy.default).parsebytes(message.as_bytes(policy=policy.SMTP))
    plain, html = (part.get_content() for part in read.iter_parts())
    assert plain.splitlines() == f"{text}\n".splitlines()
    assert html.splitlines() == f"<p>{text}</p>\n".splitlines()


@pytest.mark.parametrize("contact", ["nobody", "zoë@north.example"])
def test_a_contact_nobody_can_answer_to_is_left_out(contact: str) -> None:
    assert "Reply-To" not in compose(replace(PLAIN, contact=Recipient(contact, "Zoë")))


def test_to_no_address_there_is_no_message() -> None:
    with pytest.raises(AddressUnusable):
        compose(to=Recipient("nobody"))


def test_a_letter_is_the_same_after_its_seal() -> None:
    assert RenderedEmail.from_json(PLAIN.to_json()) == PLAIN
