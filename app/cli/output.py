"""Output of commands: responses as tables or as JSON, and failures on standard error with an exit status.

Exit status 1: refused, or something is unreachable; 2: the command line or the settings are invalid.
"""

import json
import sys
from collections.abc import Sequence
from typing import IO, Any

import click

from app.cli.operations import in_commands

_WIDE = 240
_MOST_COLUMNS = 9
_EMPTY: tuple[Any, ...] = (None, "", [], {})
#: Columns of a table, where the rows have them, in this order; a table with fewer than two shows all it has.
_COLUMNS = (
    "number", "id", "slug", "key", "platform", "destination", "type", "event_type", "name", "sentence", "email", "url",
    "target_url", "external_id", "client_id", "endpoint_id", "event_types", "preset", "kind", "kinds", "roles",
    "asset_id", "asset_name", "role", "side", "person", "account_id", "select", "operation", "outcome", "status",
    "code",
    "subject", "reason", "next_actor", "identifiers", "missing", "hint", "scopes", "matched", "delivered", "uses",
    "last_seen_at", "last_used_at", "expires_at", "timestamp", "created_at",
)  # fmt: skip


class Failed(click.ClickException):
    """A failure, with further lines about the cause and the next step."""

    def __init__(self, message: str, *lines: str | None) -> None:
        super().__init__(message)
        self.lines = [line for line in lines if line]

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it; only the first line is red."""
        click.secho(self.message, fg="red", err=True, file=file)
        for line in self.lines:
            click.echo(line, err=True, file=file)


class SettingsUnusable(Failed):
    """A setting of the environment is missing or invalid."""

    exit_code = 2


def as_json(found: Any) -> None:
    """Print the response unchanged."""
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def as_tables(found: Any, columns: Sequence[str] = ()) -> None:
    """Print an object as one line per field and one table per list; a list as one table."""
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        _table(found["data"], columns)
    elif isinstance(found, list):
        _table(found, columns)
    elif isinstance(found, dict):
        lists = {name: value for name, value in found.items() if _is_table(value)}
        _lines([row for row in _flat(found) if row[0] not in lists], columns)
        for name, rows in lists.items():
            if name in (columns or lists):
                click.echo(f"\n{name}:")
                _table(rows, ())
    else:
        click.echo(plain(found))


def _lines(fields: Sequence[tuple[str, Any]], columns: Sequence[str]) -> None:
    """The chosen fields, by default those that have a value."""
    from rich.table import Table  # slow to load, and programs that read JSON do without

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields:
        if _is_chosen(name, columns) or (not columns and value not in _EMPTY):
            table.add_row(name, plain(value))
    _print(table)


def _table(rows: Sequence[Any], columns: Sequence[str]) -> None:
    from rich.table import Table

    if not rows:
        click.echo("None.")
        return
    if not all(isinstance(each, dict) for each in rows):
        click.echo("\n".join(plain(each) for each in rows))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    names = list(columns) or _columns_of(rows)
    for name in names:
        table.add_column(name, overflow="fold")
    for each in rows:
        table.add_row(*(plain(_value(each, name)) for name in names))
    _print(table)


def _is_chosen(name: str, columns: Sequence[str]) -> bool:
    """True if a column names this field or an object around it."""
    return any(name == each or name.startswith(f"{each}.") for each in columns)


def _value(row: Any, name: str) -> Any:
    """The field of this dotted name; None where an object around it is null."""
    for part in name.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return row


def _columns_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Default columns, without those that are empty in every row."""
    filled = [name for name in rows[0] if any(_is_short(each.get(name)) for each in rows)]
    chosen = [name for name in _COLUMNS if name in filled][:_MOST_COLUMNS]
    return chosen if len(chosen) > 1 else filled[:_MOST_COLUMNS]


def _flat(fields: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Fields of nested objects, with dotted names."""
    found = []
    for name, value in fields.items():
        if isinstance(value, dict) and value:
            found += _flat(value, f"{before}{name}.")
        else:
            found.append((before + name, value))
    return found


def _is_short(value: Any) -> bool:
    """True if it fits into a table cell: an object only if it has an id."""
    return value not in _EMPTY and (not isinstance(value, dict) or "id" in value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def plain(value: Any) -> str:
    """A value in one line."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return in_commands(value)
    if isinstance(value, dict) and "id" in value:
        return plain(value["id"])
    if isinstance(value, list) and not _is_table(value):
        return ", ".join(map(plain, value))
    if _is_table(value):  # a list inside a table: the first field of each item
        return ", ".join(plain(next(iter(each.values()), None)) for each in value)
    return json.dumps(value, ensure_ascii=False)


def _print(table: Any) -> None:
    from rich.console import Console

    wide = None if sys.stdout.isatty() else _WIDE  # a pipe has no width: do not break ids for it
    Console(highlight=False, markup=False, width=wide).print(table)
