"""Free text, times and places: what cannot be seen goes, and what has to be guessed is refused."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.kit.input import fields, places, text
from app.kit.input.text import TextWrong


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u3164", "\u2800", "\u115f", "\U000e0041", "\u0301"]
)
def test_names_of_invisible_characters_alone_are_blank(hidden: str) -> None:
    assert text.is_blank(hidden * 3)
    with pytest.raises(TextWrong):
        text.line(hidden * 3)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana\u202e Lima\u202c", "Ana Lima"),
        ("Ana\u2028Lima", "Ana Lima"),
        ("Ana\u0085Lima", "Ana Lima"),
        ("A\u009bna", "Ana"),
        ("e\u0301te\u0301", "été"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("An\u200da\u200c", "Ana"),
        ("Ана  Лима", "Ана Лима"),
    ],
)
def test_a_typed_name_keeps_what_is_seen(typed: str, kept: str) -> None:
    assert text.one_line(typed) == kept


@given(some.text())
def test_nothing_hidden_is_left(typed: str) -> None:
    for each in text.visible(typed).replace("\n", "").replace("\t", ""):
        assert unicodedata.category(each) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.category(each) != "Cf" or each in "\u200c\u200d"
    assert len(text.one_line(typed).splitlines()) <= 1
    assert text.visible(text.visible(typed)) == text.visible(typed)


@pytest.mark.parametrize("typed", ["a\x00b", "a\nb", "a\u2028b", "a\x85b", "a\ud800b", " ", ""])
def test_a_program_is_told_what_a_line_is(typed: str) -> None:
    with pytest.raises(TextWrong):
        text.line(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "password: abc12345",
        "ｐａｓｓｗｏｒｄ：abc",
        "pass\u200bword: abc12345",
        "Pass: abc12345",
        "pw=abc",
        "hasło: kot",
        "Şifre: abc",
        "пароль: кот",
        "パスワード：neko",
        "비밀번호: abc",
        "the wachtwoord is geheim1",
        "Password\nabc12345",
    ],
)
def test_passwords_are_known_in_disguise(typed: str) -> None:
    assert text.looks_like_password(typed)


@pytest.mark.parametrize(
    "typed", ["compass: north", "Passage: 3", "palabras clave", "The pass to the conference", "PW Ltd"]
)
def test_other_words_are_not(typed: str) -> None:
    assert not text.looks_like_password(typed)
    assert not text.asks_for_password(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("UK", "GB"),
        ("uk", "GB"),
        ("EL", "GR"),
        ("IC", None),
        ("EA", None),
        ("EU", None),
        ("XX", None),
        ("GBR", "GB"),
        ("France", "FR"),
        ("united kingdom", "GB"),
        ("ＦＲ", "FR"),
        ("fr\u200b", "FR"),
        ("AQ", "AQ"),
    ],
)
def test_countries(typed: str, code: str | None) -> None:
    assert places.country(typed) == code


@pytest.mark.parametrize(
    ("typed", "tag"), [("zh_CN", "zh-CN"), ("zh-cn", "zh-CN"), ("EN", "en"), ("sr_latn_rs", "sr-Latn-RS")]
)
def test_languages(typed: str, tag: str) -> None:
    assert places.language(typed) == tag


@pytest.mark.parametrize("typed", ["klingon", "", "e", "xx-YY-ZZ-1", "\x00"])
def test_what_is_no_language(typed: str) -> None:
    with pytest.raises(TextWrong):
        places.language(typed)


@pytest.mark.parametrize(
    "given_", ["1764432000", 1764432000, 1764432000.5, "2026-12-31", "+1", "tomorrow", "", "12:00"]
)
def test_a_time_is_not_guessed(given_: object) -> None:
    with pytest.raises(TextWrong, match=r"Give a time with its time zone, such as 2026"):
        fields.iso(given_)


@pytest.mark.parametrize(
    "body", [b'{"a": NaN}', b"[Infinity]", b"-Infinity", b"1e999", b'"\\ud800"', b'{"\\udfff": 1}', b"{"]
)
def test_json_is_read_by_the_book(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        fields.read_json(body)
    assert fields.read_json(b'"\\ud83d\\ude00 1.5"') == "😀 1.5"
