"""Addresses and names as they may stand in a header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail import rendered_email
from app.mail.rendered_email import AddressUnusable


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ("ana@brand.example", "ana@brand.example"),
        (" ana+tiktok@Brand.Example ", "ana+tiktok@brand.example"),
        ("o'neil@brand.example", "o'neil@brand.example"),
        ("zoë@brand.example", "zoë@brand.example"),
        ("ana@müller.example", "ana@xn--mller-kva.example"),
        ("ana@localhost", "ana@localhost"),
    ],
)
def test_an_address_as_the_server_is_told(given_: str, told: str) -> None:
    assert str(rendered_email.mailbox(given_)) == told


@pytest.mark.parametrize(
    "wrong",
    [
        "", "ana", "@brand.example", "ana@", "ana@brand..example", "a b@brand.example", "ana@brand.example>",
        "ana@x.example,eve@x.example", "eve@x.example,ana@brand.example", "<ana@brand.example>", '"a"@brand.example',
        "ana@brand.example\r\nRCPT TO:<eve@x.example>", "ana\r\n@brand.example", "ana\u2028@brand.example",
        "ana@[127.0.0.1]", "ana@\udc80.example", "ana@-.example", f"ana@{'a.' * 130}example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(AddressUnusable):
        rendered_email.mailbox(wrong)


@given(st.text())
def test_an_address_is_refused_or_one_word(text: str) -> None:
    try:
        told = str(rendered_email.mailbox(text))
    except AddressUnusable:
        return
    assert len(told.split()) == 1
    assert told.count("@") == 1
    assert not set(told) & set('<>,;:"\\()[]')


@given(st.text())
def test_one_line_is_one(text: str) -> None:
    assert len(rendered_email.one_line(text).splitlines()) <= 1


@given(st.text(alphabet="=?a ,<>\r\n"))
def test_a_header_never_holds_the_start_of_a_coded_word(text: str) -> None:
    assert "=?" not in rendered_email.in_header(text)
