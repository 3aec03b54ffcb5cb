"""Only `deliveries/transitions.py` writes status, due time, lease and order of a delivery."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.shape import source

OWNER = "app/webhooks/deliveries/transitions.py"
OWNED = frozenset({
    "status", "reason", "due_at", "lease_until", "lease_token", "tries", "slot_class", "ordered",
    "attempts_since_requeue",
})  # fmt: skip
#: Statements as text, and the table by which SQLAlchemy could write it without its name.
WRITING = re.compile(r"(UPDATE|INSERT\s+INTO)\s+webhook_deliveries\b", re.IGNORECASE)


def writes(text: str) -> Iterator[int]:
    """Lines that write owned columns of deliveries."""
    return (node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.expr) and is_writing(node))


def is_writing(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str() as value):
            return bool(WRITING.search(value))
        case ast.Attribute():
            return ast.unparse(node) == "Delivery.__table__"
        case ast.Call():
            called, named = ast.unparse(node.func), {keyword.arg for keyword in node.keywords}
            if called.startswith("update(Delivery)") and called.endswith(".values"):
                return bool(node.args or None in named or named & OWNED)
            return called == "Delivery" or (called == "insert" and "Delivery" in ast.unparse(node))
    return False


def test_no_other_module_writes_the_status_of_a_delivery() -> None:
    found = {
        f"{path}:{line}"
        for path in source.python_files()
        if path.parts[0] == "app" and str(path) != OWNER
        for line in writes(source.text(path))
    }
    assert found == set()


def test_the_owner_is_seen_to_write() -> None:
    [owner] = [path for path in source.python_files() if str(path) == OWNER]
    assert len(list(writes(source.text(owner)))) >= 10


@pytest.mark.parametrize(
    "text",
    [
        "session.execute(update(Delivery).where(Delivery.id == row.id).values(status='cancelled'))",
        "session.execute(update(Delivery).values(**_OVER))",
        "_table = cast(Table, Delivery.__table__)",
        'text(f"UPDATE webhook_deliveries d SET due_at = now() {where}")',
        'text("insert into webhook_deliveries (id) values (1)")',
        "session.add(Delivery(agency_id=agency_id))",
    ],
)
def test_each_way_to_write_is_seen(text: str) -> None:
    assert list(writes(text)) == [1]


def test_other_columns_are_free() -> None:
    assert list(writes("update(Delivery).where(Delivery.id == one).values(body_id=body_id)")) == []
