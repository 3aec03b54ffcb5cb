"""The three parts of each e-mail: nothing escaped in text, everything in HTML."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

import app.mail
from app.mail import service as mails
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Shown
from tests.mail import scenes

EVIL = '<script>alert(1)</script> & "Sons"\r\n\r\nhttps://evil.example'
FOLDER = Path(app.mail.__file__).parent / "templates"


def invitation(**context: Shown) -> RenderedEmail:
    return mails.render("invitation", scenes.letterhead(), "en", {**scenes.INVITATION, **context})


def test_every_e_mail_is_three_files() -> None:
    kinds = [each for each in FOLDER.iterdir() if each.is_dir()]
    assert {each.name for each in kinds} == {
        "invitation", "renewal_requested", "endpoint_failing", "needed_again", "blind", "device_code",
        "member_invitation", "mail_test", "reminder", "erasure_requested",
    }  # fmt: skip
    for kind in kinds:
        assert sorted(each.name for each in kind.iterdir()) == ["html.html", "subject.txt", "text.txt"]


def test_the_plain_link_stands_on_a_line_of_its_own() -> None:
    assert scenes.ADDRESS in invitation().text.splitlines()


def test_an_invitation_says_what_a_client_wants_to_know() -> None:
    written = invitation()
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", written.html)).replace("&nbsp;", " ")
    for text in (re.sub(r"\s+", " ", written.text), words):
        for said in (
            "North Agency needs limited access to your TikTok ads", "about 6 minutes", "You stay the owner",
            "remove access any time", "What to have ready", "Admin access to your TikTok Business Center",
            "6 December 2026, 14:32 UTC", "Ana Agent", "ana@north.example", "password",
        ):  # fmt: skip
            assert said in text
    assert written.subject == "North Agency asks for limited access to your TikTok ads"


def test_html_is_escaped_and_text_is_not() -> None:
    written = invitation(name=EVIL, requested_by=EVIL, reasons=(EVIL,))
    assert "<script" not in written.html
    assert '<script>alert(1)</script> & "Sons" https://evil.example' in written.text


def test_no_name_makes_a_line_of_its_own() -> None:
    evil = invitation(name=EVIL, requested_by=EVIL, reasons=(EVIL,))
    assert len(evil.text.splitlines()) == len(invitation().text.splitlines())
    assert "https://evil.example" not in evil.text.splitlines()


def test_html_loads_nothing_from_anywhere() -> None:
    class Tags(HTMLParser):
        seen: list[str] = []  # noqa: RUF012 - one reader, one list

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.seen += [tag, *(name for name, _ in attrs)]

    tags = Tags()
    tags.feed(invitation().html)
    assert not {"img", "script", "link", "src", "iframe", "form", "onclick", "background"} & set(tags.seen)


def test_what_a_template_was_not_given_is_an_error() -> None:
    context = {name: value for name, value in scenes.INVITATION.items() if name != "address"}
    with pytest.raises(UndefinedError):
        mails.render("invitation", scenes.letterhead(), "en", context)
