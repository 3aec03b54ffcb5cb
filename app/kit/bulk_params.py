"""Many rows in one statement: given as one array a column, which PostgreSQL reads as a table.

Write the statement once over `table(...)`, and execute it with `values(...)`: one round trip whatever the number of
rows, where `executemany` binds and plans each by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, TableValuedAlias, bindparam, column, func
from sqlalchemy.types import TypeEngine

#: Names and types, in order.
Columns = Mapping[str, TypeEngine[Any]]


def table(name: str, columns: Columns) -> TableValuedAlias:
    """A table of rows that come with the execution, for `select`, `update … where` and `insert … from_select`."""
    typed = [column(column_name, kind) for column_name, kind in columns.items()]
    return func.unnest(*parameters(name, columns)).table_valued(*typed, name=name).render_derived()


def given(name: str, columns: Columns, *, place: str = "") -> str:
    """The same as text, for statements that are written as text; with `place`, the number of the row under that name.

    Bind it with `parameters(...)`.
    """
    names, numbered = ", ".join([*columns, place] if place else columns), "WITH ORDINALITY " if place else ""
    return f"unnest({', '.join(f':{name}_{column_name}' for column_name in columns)}) {numbered}AS {name}({names})"


def parameters(name: str, columns: Columns) -> list[BindParameter[Any]]:
    """The typed parameters of `given(...)`."""
    return [bindparam(f"{name}_{column_name}", type_=ARRAY(kind)) for column_name, kind in columns.items()]


def values(name: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """The parameters of an execution: rows with their values in the order of the columns."""
    arrays: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return {f"{name}_{column_name}": list(array) for column_name, array in zip(columns, arrays, strict=True)}
