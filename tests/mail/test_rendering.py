"""The three parts of each e-mail: nothing escaped in text, everything in HTML."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

import app.mail
from app.mail import service as mails
from app.mail import styles
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Shown
from app.tenants.agencies import branding
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency
from docs import mail_examples
from tests.mail import scenes

EVIL = '<script>alert(1)</script> & "Sons"\r\n\r\nhttps://evil.example'
FOLDER = Path(app.mail.__file__).parent / "templates"


def invitation(**context: Shown) -> RenderedEmail:
    return mails.render("invitation", scenes.letterhead(), "en", {**scenes.INVITATION, **context})


def test_every_e_mail_is_three_files() -> None:
    kinds = [each for each in FOLDER.iterdir() if each.is_dir()]
    assert {each.name for each in kinds} == {
        "invitation", "renewal_requested", "endpoint_failing", "needed_again", "blind", "device_code",
        "member_invitation", "mail_test", "reminder", "erasure_requested", "saved_link", "all_done",
        "notice_done", "notice_needs_you", "notice_stuck", "notice_drifted", "notice_digest",
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


class _Tags(HTMLParser):
    """The tags of a document, and its elements with their attributes."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.mark.parametrize("kind", mail_examples.VALUES)
def test_html_holds_in_old_mail_programs(kind: str) -> None:
    for _what, context in mail_examples.variants(kind):
        elements = _Tags(mails.render(kind, scenes.letterhead(), "en", context).html).elements
        seen = {tag for tag, _ in elements} | {name for _, attrs in elements for name in attrs}
        assert not {"img", "script", "link", "src", "iframe", "form", "onclick", "background", "svg"} & seen
        assert all(attrs.get("style") for tag, attrs in elements if tag in ("body", "p", "h1", "h2", "td", "li", "a"))
        assert all(attrs.get("role") == "presentation" for tag, attrs in elements if tag == "table")
        assert "flex" not in str(elements)
        pressed = [attrs["href"] for _, attrs in elements if attrs.get("class") == "press"]
        assert len(pressed) <= 1
        shown = [attrs["href"] for tag, attrs in elements if tag == "a" and attrs.get("class") != "press"]
        assert set(pressed) <= set(shown)


def test_the_agencys_colour_is_dark_enough_for_white_text() -> None:
    pale = Agency(name="North", contact_name="Ana", contact_email="ana@north.example", brand={"colour": "#ffe600"})
    head = agencies.email_branding(pale)
    assert branding.contrast_with_white(head.colour) >= branding.ENOUGH
    written = mails.render("invitation", head, "en", scenes.INVITATION)
    assert f"background-color:{head.colour}" in written.html


def test_a_language_from_right_to_left_has_its_lists_on_the_right() -> None:
    document = "<ul><li>x</li></ul>"
    assert "padding-right:20px" in styles.inlined(document, "#000000", "rtl")
    assert "padding-left:20px" in styles.inlined(document, "#000000", "ltr")


def test_styles_change_nothing_else() -> None:
    document = '<!doctype html><!-- & --><p title="a&quot;b">&lt;b&gt; &#8211; &amp; x<br>y</p>'
    written = styles.inlined(document, "#000000", "ltr")
    assert re.sub(r' style="[^"]*"', "", written) == document


def test_what_a_template_was_not_given_is_an_error() -> None:
    context = {name: value for name, value in scenes.INVITATION.items() if name != "address"}
    with pytest.raises(UndefinedError):
        mails.render("invitation", scenes.letterhead(), "en", context)
