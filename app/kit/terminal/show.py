"""Printing what a command found: a table for people, or the JSON of the API for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from app.kit.errors import AppError, at_terminal
from app.kit.terminal.operations import in_commands

_WIDE = 240
#: Fields of the API whose option has a name of its own.
_OPTIONS = {
    "agency_bc_id": "--business-center", "client.name": "--client",
    "contact_name": "--contact", "client.contact_name": "--contact",
    "contact_email": "--email", "client.contact_email": "--email",
}  # fmt: skip


def one(view: BaseModel, *, as_json: bool, only: Sequence[str] = ()) -> None:
    """One thing, a line for each of its fields, or for `only` those."""
    found = view.model_dump(mode="json")
    if as_json:
        _json(found)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name in only or found:
        table.add_row(name, _text(found[name]))
    _console().print(table)


def many(views: Iterable[BaseModel], columns: Sequence[str], *, as_json: bool) -> None:
    """A list, with these fields as columns."""
    found = [view.model_dump(mode="json") for view in views]
    if as_json:
        _json(found)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(*(_text(each[column]) for column in columns))
    _console().print(table if found else "None yet.")


def refusal(why: AppError) -> None:
    """Why something was not done and what to do, for a person; operations of the API by their commands."""
    err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    err.print(in_commands(why.detail), style="red")
    for field, sentence in why.fields.items():
        label = f"{_OPTIONS.get(field, field)}: " if field else ""
        err.print(f"  {label}{in_commands(sentence)}")
    if why.hint:
        err.print(in_commands(at_terminal(why.hint)))


def text(line: str) -> None:
    """One line, as it is."""
    sys.stdout.write(f"{line}\n")


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return in_commands(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _json(found: Any) -> None:
    text(json.dumps(found, ensure_ascii=False, indent=2))


def _console() -> Console:
    wide = None if sys.stdout.isatty() else _WIDE  # a pipe has no width: do not break ids for it
    return Console(highlight=False, markup=False, width=wide)
