"""Reading the settings of the mail server."""

import pytest

from app.mail import server
from app.mail.server import Server, ServerWrong

FROM = "access@agency.example"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.agency.example", Server("mail.agency.example", 587, "starttls", FROM)),
        ("smtp://mail.agency.example:25?starttls=no", Server("mail.agency.example", 25, "none", FROM)),
        ("smtp://127.0.0.1:1025", Server("127.0.0.1", 1025, "none", FROM)),
        ("smtp://localhost:25/?starttls=yes", Server("localhost", 25, "starttls", FROM)),
        ("smtp://[::1]:1025", Server("::1", 1025, "none", FROM)),
        ("smtps://mail.agency.example", Server("mail.agency.example", 465, "whole", FROM)),
        (
            "smtp://ana%40agency.example:s%2Fcr%40t@mail.agency.example:587",
            Server("mail.agency.example", 587, "starttls", FROM, "ana@agency.example", "s/cr@t"),
        ),
    ],
)
def test_an_address_is_read(url: str, expected: Server) -> None:
    assert server.read(url, FROM) == expected


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_settings_mail_is_off(nothing: str | None) -> None:
    assert server.read(nothing, nothing) is None


@pytest.mark.parametrize(
    "url",
    [
        "mail.agency.example", "http://mail.agency.example", "smtp://", "smtp://host:port", "smtp://host:99999",
        "smtp://user:s3cret", "smtp://user@host", "smtp://:s3cret@host", "smtp://user:s3cret@host/path",
        "smtp://user:s3/cret@host", "smtp://host?starttls=maybe", "smtp://host?tls=yes", "smtps://host?starttls=yes",
        "smtp://[::1", "smtp://user:s3#cret@host",
    ],
)  # fmt: skip
def test_a_wrong_address_is_a_sentence_without_its_secrets(url: str) -> None:
    with pytest.raises(ServerWrong, match=r"^KEYTURN_SMTP_URL is wrong: .+\.$") as wrong:
        server.read(url, FROM)
    assert "s3" not in str(wrong.value)


@pytest.mark.parametrize(
    "sender", ["Keyturn <access@agency.example>", "access", "zoë@agency.example", "a@b.example, c@d.example"]
)
def test_a_wrong_sender_is_a_sentence(sender: str) -> None:
    with pytest.raises(ServerWrong, match=r"^KEYTURN_MAIL_FROM is wrong: "):
        server.read("smtp://127.0.0.1:25", sender)


@pytest.mark.parametrize("half", [("smtp://127.0.0.1:25", None), (None, FROM)])
def test_both_settings_go_together(half: tuple[str | None, str | None]) -> None:
    with pytest.raises(ServerWrong, match="go together"):
        server.read(*half)


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(server.read("smtp://user:s3cret@host", FROM))
