"""Many rows in one statement, passed as one array per column, which PostgreSQL reads as a table.

Write the statement once over `table(...)` and execute it with `values(...)`: one round trip for any number of rows,
while `executemany` binds and plans each row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, TableValuedAlias, bindparam, column, func
from sqlalchemy.types import TypeEngine

#: Names and types, in order.
Columns = Mapping[str, TypeEngine[Any]]


def table(name: str, columns: Columns) -> TableValuedAlias:
    """A table of rows passed at execution, for `select`, `update … where` and `insert … from_select`."""
    typed = [column(column_name, kind) for column_name, kind in columns.items()]
    return func.unnest(*parameters(name, columns)).table_valued(*typed, name=name).render_derived()


def given(name: str, columns: Columns, *, place: str = "") -> str:
    """`table` as text for textual statements; with `place`, the row number under that name.

    Bind it with `parameters(...)`.
    """
    names, numbered = ", ".join([*columns, place] if place else columns), "WITH ORDINALITY " if place else ""
    return f"unnest({', '.join(f':{name}_{column_name}' for column_name in columns)}) {numbered}AS {name}({names})"


def parameters(name: str, columns: Columns) -> list[BindParameter[Any]]:
    """The typed parameters of `given(...)`."""
    return [bindparam(f"{name}_{column_name}", type_=ARRAY(kind)) for column_name, kind in columns.items()]


def values(name: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Parameters of an execution: rows with their values in the order of the columns."""
    arrays: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return {f"{name}_{column_name}": list(array) for column_name, array in zip(columns, arrays, strict=True)}
