"""Answers and files as they are read: passwords refused, types told by content, names made harmless."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.kit.i18n.locales import english
from app.kit.i18n.message import Message
from app.kit.input.text import CREDENTIAL, looks_like_password
from app.links import answers
from app.links.answers import CSV, DOCX, JPEG, PDF, PNG, TEXT, XLSX, AcceptedFile, SubmittedFile
from app.links.pasted_ids import ParsedField
from app.links.presets.preset import Question

ADDRESS = Question("website", "address", "Which website?")
CHOICE = Question("when", "choice", "When?", choices=("Now", "Later"))
WORDS = Question("goal", "text", "Your goal?")


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2", "my PASSWORD is hunter2", "pwd=abc", "Passwort: geheim1", "mot de passe : soleil",
        "mot de passe soleil42", "login ana@brand.com / password=x", "contraseña: sol", "密码：abc", "mật khẩu: abc",
        "api_key=abcdef", "TikTok password -> Xy12345",
    ],
)  # fmt: skip
def test_passwords_are_refused(text: str) -> None:
    assert looks_like_password(text)
    assert answers.read_answer(WORDS, text).problem == CREDENTIAL


@pytest.mark.parametrize(
    "text", ["We lost the password.", "Nobody needs passwords, right?", "compass: north", "Reach 25% more buyers", "x"]
)
def test_talk_about_passwords_is_not(text: str) -> None:
    assert answers.read_answer(WORDS, text).values == (text,)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("www.brand.com", "https://www.brand.com"), (" https://shop.brand.co.uk/x?y=1 ", "https://shop.brand.co.uk/x?y=1"),
        ("http://münchen.de", "http://münchen.de"),
    ],
)  # fmt: skip
def test_addresses_are_kept_whole(typed: str, kept: str) -> None:
    assert answers.read_answer(ADDRESS, typed).values == (kept,)


@pytest.mark.parametrize(
    "typed", ["brand", "javascript:alert(1)//x.com", "ftp://brand.com", "https://brand com", "https://[x", "http://1.2"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    assert "such as https://www.brand.com" in english(answers.read_answer(ADDRESS, typed).problem or "")


def test_an_address_with_a_password_is_refused() -> None:
    assert answers.read_answer(ADDRESS, "https://ana:pw@brand.com").problem == CREDENTIAL


def test_choices_are_those_given() -> None:
    assert answers.read_answer(CHOICE, "Now").values == ("Now",)
    assert english(answers.read_answer(CHOICE, "Never").problem or "") == "Choose one: When?"
    assert english(answers.read_answer(CHOICE, "").problem or "") == "Choose one: When?"


def test_what_is_optional_may_be_left_out() -> None:
    assert answers.read_answer(Question("a", "text", "A?", required=False), "  ") == ParsedField()


def packed(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 ...", PDF),
        (b"\x89PNG\r\n\x1a\n....", PNG),
        (b"\xff\xd8\xff\xe0...", JPEG),
        (b"a,b\n1,2\n", CSV),
        ("name;größe\nx;1\n".encode("cp1252"), CSV),
        ("a\tb\n1\t2\n".encode("utf-16"), CSV),
        (b"Just some words, nothing else.\nMore.", TEXT),
        (packed("[Content_Types].xml", "word/document.xml"), DOCX),
        (packed("[Content_Types].xml", "xl/workbook.xml"), XLSX),
        (packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), None),
        (packed("evil.exe"), None),
        (b"PK\x03\x04broken", None),
        (b"MZ\x90\x00\x03", None),
        (b"GIF89a\x01\x00", None),
        (b"\x7fELF\x02\x01", None),
    ],
)
def test_the_content_decides(content: bytes, media_type: str | None) -> None:
    assert answers.media_type_of(content) == media_type


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("plan.pdf", "plan.pdf"), ("../../etc/passwd", "passwd.pdf"), ("C:\\x\\plan.PDF", "plan.PDF"),
        ("invoice.exe", "invoice.exe.pdf"), ('a"b\r\nc.pdf', "a_b_c.pdf"), ("", "file.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("é" * 300 + ".pdf", "é" * 116 + ".pdf"),
    ],
)  # fmt: skip
def test_names_are_made_harmless(name: str, kept: str) -> None:
    read = answers.accept_file(SubmittedFile(name, b"%PDF-1"))
    assert isinstance(read, AcceptedFile)
    assert read.name == kept


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"x" * (answers.MOST_FILE_BYTES + 1), "at most 5 MB"), (b"MZ\x00", "none of the kinds")],
)
def test_a_file_that_cannot_be_kept_says_why(content: bytes, said: str) -> None:
    refused = answers.accept_file(SubmittedFile("plan.pdf", content))
    assert isinstance(refused, Message)
    assert said in english(refused)


def test_five_megabytes_are_taken() -> None:
    assert isinstance(
        answers.accept_file(SubmittedFile("plan.pdf", b"%PDF-".ljust(answers.MOST_FILE_BYTES, b"x"))), AcceptedFile
    )


@given(some.text(), some.binary(max_size=200))
def test_any_file_is_kept_under_a_short_name_or_refused(name: str, content: bytes) -> None:
    read = answers.accept_file(SubmittedFile(name, content))
    if isinstance(read, AcceptedFile):
        assert 5 <= len(read.name) <= 120
        assert not set(read.name) & set('/\\"<>:|?*\r\n\x00')
    else:
        assert english(read)
