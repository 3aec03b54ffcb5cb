"""Validation of answers to a preset's questions, and of files: type by content, and a safe name. Pure."""

import csv
import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.kit.i18n.message import Message, _
from app.kit.input.text import CREDENTIAL, looks_like_password, too_long
from app.links.pasted_ids import ParsedField
from app.links.presets import builtin
from app.links.presets.preset import Question

MOST_TEXT, MOST_ADDRESS = 2_000, 500
MEGABYTE = 1024 * 1024
MOST_FILE_BYTES = 5 * MEGABYTE
MOST_FILES = 5
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
TEXT, CSV = "text/plain", "text/csv"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX, XLSX = f"{_OFFICE}.wordprocessingml.document", f"{_OFFICE}.spreadsheetml.sheet"
#: File endings of each type; a file with another ending gets the first one.
ENDINGS = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    CSV: (".csv", ".tsv"),
    TEXT: (".txt", ".md"),
    XLSX: (".xlsx",),
    DOCX: (".docx",),
}
#: File endings for the browser's file dialogue.
ACCEPTED_ENDINGS = ",".join(ending for endings in ENDINGS.values() for ending in endings)
FILE_KINDS = _("PDF, PNG, JPEG, CSV, text, Word or Excel")
_HOST = re.compile(r"^(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,}$")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]+')
_MOST_NAME = 120


@dataclass(frozen=True)
class SubmittedFile:
    """A submitted file."""

    name: str
    content: bytes


@dataclass(frozen=True)
class AcceptedFile:
    """A valid file."""

    name: str
    media_type: str
    content: bytes


def read_answer(question: Question, given: str) -> ParsedField:
    """The answer as it is stored, `""` for none, or the sentence to show beside it."""
    given = given.strip()
    if not given:
        return ParsedField(problem=_missing(question) if question.required else None)
    if looks_like_password(given):
        return ParsedField(problem=CREDENTIAL)
    return _READERS[question.kind](question, given)


def _text(_question: Question, given: str) -> ParsedField:
    if len(given) > MOST_TEXT:
        return ParsedField(problem=too_long(given, MOST_TEXT))
    return ParsedField((given,))


def _choice(question: Question, given: str) -> ParsedField:
    if given not in question.choices:
        return ParsedField(problem=_missing(question))
    return ParsedField((given,))


def _address(_question: Question, given: str) -> ParsedField:
    if len(given) > MOST_ADDRESS:
        return ParsedField(problem=too_long(given, MOST_ADDRESS))
    whole = given if "://" in given else f"https://{given}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
    except ValueError:
        return ParsedField(problem=_WRONG_ADDRESS)
    if parts.username or parts.password:
        return ParsedField(problem=CREDENTIAL)
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host) or re.search(r"\s", whole):
        return ParsedField(problem=_WRONG_ADDRESS)
    return ParsedField((whole,))


def _missing(question: Question) -> Message:
    return _MISSING[question.kind].fill(label=builtin.words(question.label))


_READERS = {"text": _text, "choice": _choice, "address": _address}
_EXAMPLE = "https://www.brand.com"
_WRONG_ADDRESS = _("This is not the address of a website: enter one such as {example}.", example=_EXAMPLE)
_MISSING = {
    "text": _("Please answer: {label}"),
    "choice": _("Choose one: {label}"),
    "address": _("Enter the address of the website, such as {example}.", example=_EXAMPLE),
    "file": _("Add a file: {label}"),
}


def accept_file(given: SubmittedFile) -> AcceptedFile | Message:
    """The file with its detected type and a safe name, or the sentence that says why it is not accepted."""
    shown = _short(clean_name(given.name))
    if not given.content:
        return _("“{file}” is empty. Open it to see whether it is the right one, then choose it again.", file=shown)
    if len(given.content) > MOST_FILE_BYTES:
        return _(
            "“{file}” has {size} MB; a file may have at most {most} MB. Choose a smaller one, or a part of it.",
            file=shown,
            size=round(len(given.content) / MEGABYTE, 1),
            most=MOST_FILE_BYTES // MEGABYTE,
        )
    media_type = media_type_of(given.content)
    if media_type is None:
        return _(
            "“{file}” is none of the kinds we take: {kinds}. Save it as one of these and choose it again.",
            file=shown,
            kinds=FILE_KINDS,
        )
    return AcceptedFile(file_name(given.name, media_type), media_type, given.content)


def media_type_of(content: bytes) -> str | None:
    """The media type by the content alone; None if it is not accepted, as Office files with macros."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    text = _decoded(content)
    if text is None:
        return None
    return CSV if _is_table(text) else TEXT


def clean_name(name: str) -> str:
    """The last part of a name without what no file system, header or page should get."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    return _UNSAFE.sub("_", last).strip(" ._") or "file"


def file_name(name: str, media_type: str) -> str:
    """A clean name of at most 120 characters that ends as its type does, whatever it ended with."""
    cleaned, endings = clean_name(name), ENDINGS[media_type]
    if cleaned.lower().endswith(endings):
        stem, dot, ending = cleaned.rpartition(".")
        return f"{stem[: _MOST_NAME - len(ending) - 1]}{dot}{ending}"
    return f"{cleaned[: _MOST_NAME - len(endings[0])]}{endings[0]}"


def _office(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = {name.lower() for name in packed.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if "[content_types].xml" not in names or any(name.endswith("vbaproject.bin") for name in names):
        return None
    if "word/document.xml" in names:
        return DOCX
    return XLSX if "xl/workbook.xml" in names else None


def _decoded(content: bytes) -> str | None:
    """Text in the encodings that spreadsheets save; None for what is no text."""
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if is_utf16 else ["utf-8-sig", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _NOT_TEXT.search(text) else text
    return None


def _is_table(text: str) -> bool:
    """True if the first lines have the same number of columns, and more than one."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if len(lines) < 2:
        return False
    for delimiter in (",", ";", "\t"):
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() > 1:
            return True
    return False


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"
