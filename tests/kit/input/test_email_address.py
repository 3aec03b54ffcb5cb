"""One e-mail address: what is harmless around it goes, everything else gets a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.kit.input import email_address
from app.kit.input.text import TextWrong

GOOD = "ana.lima+ads@brand.example"


@pytest.mark.parametrize(
    "typed",
    [
        GOOD,
        f" {GOOD} ",
        f"{GOOD},",
        f"{GOOD};",
        f"{GOOD}>",
        f"<{GOOD}>",
        f'"{GOOD}"',
        f"“{GOOD}”",
        f"'{GOOD}'",
        f"mailto:{GOOD}",
        f"MAILTO:{GOOD}?subject=Hi",
        f"<mailto:{GOOD}>",
        f"{GOOD}\u200b",
        f"\ufeff{GOOD}",
        f"\u202a{GOOD}\u202c",
        f"Ana Lima <{GOOD}>",
        f'"{GOOD}" <{GOOD}>',
        f"({GOOD})",
        f"{GOOD}.",
        GOOD.replace("@", "\uff20"),
        GOOD.replace("brand", "BRAND"),
        f"{GOOD}\n",
    ],
)
def test_what_is_harmless_goes(typed: str) -> None:
    assert email_address.read(typed) == GOOD


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter an e-mail address"),
        ("ana", "Enter an e-mail address"),
        ("ana@", "Enter an"),
        ("@brand.com", "Enter an"),
        ("a..b@brand.com", "Two dots"),
        ("ana@brand..com", "Two dots"),
        ("ana@-brand.com", "no domain “-brand.com”"),
        ("ana@brand", "no domain"),
        ("ana@localhost", "no domain"),
        ("ana@127.0.0.1", "no domain"),
        ('a"><b>@x.example', "before the @"),
        ("ana lima@brand.com", "no blanks"),
        (".ana@brand.com", "before the @"),
        ("ana@brand.com, bo@brand.com", "more than one"),
        ("ana@brand.com bo@brand.com", "more than one"),
        ("ana@brand.com\r\nRCPT TO:<eve@x.example>", "more than one"),
        ("a" * 70 + "@brand.com", "before the @"),
    ],
)
def test_the_rest_says_what_to_do(typed: str, said: str) -> None:
    with pytest.raises(TextWrong) as told:
        email_address.read(typed)
    assert said in str(told.value)


@given(some.text(max_size=80))
def test_any_text_is_one_address_or_refused(text: str) -> None:
    try:
        found = email_address.read(text + "@brand.example")
    except TextWrong:
        return
    assert found.count("@") == 1
    assert email_address.read(found) == found
    assert not set(found) & set(' <>"(),;:\\[]\u200b\u202e\n')
