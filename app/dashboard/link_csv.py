"""CSV of links to make, and of the report about them: one row for each client. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.kit.i18n.message import Message, _, _n
from app.kit.input.text import TypedWrong, folded, short

MOST_ROWS = 500
#: Names of the columns in headings, in the order in which they are proposed.
HEADINGS: Mapping[str, str] = {
    "name": "client", "contact_name": "contact_name", "contact_email": "email", "external_id": "external_id",
    "preset": "preset", "language": "language", "owner": "owner",
}  # fmt: skip
EXAMPLE = (("brand", "ana", "ana@brand.example", "crm-204", "run-campaigns", "", ""), ("shop", "", "", "", "", "", ""))
#: Other names of the columns, without blanks and signs.
_ALSO = {
    "clientname": "name", "company": "name", "name": "name", "contact": "contact_name", "contactemail": "contact_email",
    "mail": "contact_email", "crmid": "external_id",
}  # fmt: skip
_SIGNS = re.compile(r"[\W_]+")
_DELIMITERS = ",;\t"
_MOST_CELL = 2_000
#: Characters with which spreadsheets begin a formula, in their wide forms too.
_FORMULA = frozenset("=+-@＝＋－＠")


@dataclass(frozen=True)
class CsvRow:
    """One row with its number in the file, the heading being row 1. `problem`: its cells cannot be told apart."""

    number: int
    values: Mapping[str, str]
    problem: Message | None = None


@dataclass(frozen=True)
class CsvTable:
    """The rows of a file, and the headings of columns that mean nothing here."""

    rows: Sequence[CsvRow]
    unused: tuple[str, ...]


def decoded(content: bytes) -> str:
    """The text of a file. Raises TypedWrong unless it is in UTF-8."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
            raise UnicodeError
        return content.decode("utf-8-sig")
    except UnicodeError as problem:
        raise TypedWrong(
            _("This file is not in UTF-8. In your spreadsheet, save it as “CSV UTF-8”, and choose it again.")
        ) from problem


def read(text: str) -> CsvTable:
    """The rows of a CSV with a heading, separated by commas, semicolons or tabs. Raises TypedWrong."""
    text = text.lstrip("\ufeff").strip("\r\n")
    if not text.strip():
        raise TypedWrong(_("There is nothing in it. The first row names the columns, each other row is a client."))
    heading = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=heading.count), strict=True)
    try:
        lines = [(number, cells) for number, cells in enumerate(reader, start=1) if any(map(str.strip, cells))]
    except csv.Error as problem:
        raise TypedWrong(
            _("This is not a CSV: row {number} cannot be read. Look for a quote that is not closed.",
              number=reader.line_num)
        ) from problem  # fmt: skip
    columns, unused = _columns(lines[0][1])
    rows = lines[1:]
    if not rows:
        raise TypedWrong(_("There are only headings in it. Add a row for each client."))
    if len(rows) > MOST_ROWS:
        raise TypedWrong(
            _n(
                "At most {count} row fits in one go; these are {number}. Nothing was made. Split it into several.",
                "At most {count} rows fit in one go; these are {number}. Nothing was made. Split it into several.",
                MOST_ROWS,
                number=len(rows),
            )
        )
    return CsvTable([_row(number, cells, columns, len(lines[0][1])) for number, cells in rows], unused)


def report(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV that spreadsheets open as text: no cell of it is a formula."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([heading, *(map(harmless, row) for row in rows)])
    return written.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    is_formula = cell.lstrip()[:1] in _FORMULA if cell.strip() else False
    return f"'{cell}" if is_formula or cell[:1] in ("\t", "\r", "\n") else cell


def _columns(cells: Sequence[str]) -> tuple[Mapping[int, str], tuple[str, ...]]:
    """Fields by position, and headings without a meaning. Raises TypedWrong."""
    known = {_plain(heading): name for name, heading in HEADINGS.items()} | _ALSO
    columns: dict[int, str] = {}
    unused = []
    for at, cell in enumerate(cells):
        name = known.get(_plain(cell))
        if name is None:
            unused.append(short(cell.strip()))
        elif name in columns.values():
            raise TypedWrong(_("Two columns mean “{column}”. Leave one of them out.", column=HEADINGS[name]))
        else:
            columns[at] = name
    if "name" not in columns.values():
        raise TypedWrong(
            _(
                "There is no column “{column}”. The first row names the columns: {columns}.",
                column=HEADINGS["name"],
                columns=", ".join(HEADINGS.values()),
            )
        )
    return columns, tuple(filter(None, unused))


def _plain(heading: str) -> str:
    return _SIGNS.sub("", folded(heading).lower())


def _row(number: int, cells: Sequence[str], columns: Mapping[int, str], width: int) -> CsvRow:
    values = {name: cells[at].strip() if at < len(cells) else "" for at, name in columns.items()}
    problem = None
    if any(map(str.strip, cells[width:])):
        problem = _("This row has more cells than there are columns. Check its quotes.")
    elif any(len(cell) > _MOST_CELL for cell in values.values()):
        problem = _("A cell of this row is far too long. Look for a quote that is not closed.")
    return CsvRow(number, {name: cell[:_MOST_CELL] for name, cell in values.items()}, problem)
