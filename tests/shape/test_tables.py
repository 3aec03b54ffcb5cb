"""Every row belongs to an agency, and no reference leaves it."""

import re

from sqlalchemy import ForeignKeyConstraint, Table

from app.kit import keyring_check
from app.tables import metadata
from tests.shape import source

#: The tenant itself.
TENANT = "agencies"
#: Of the installation: calls of a platform’s app, limits per visitor, chores, seals, the code that makes an agency, and
#: challenges that a browser has to answer before it is known who is there.
OF_ALL = frozenset({
    "audit_sealers", "passkey_challenges", "rate_limits", "setup_codes", "throttles", "webhook_tasks",
})  # fmt: skip
#: Written with a row that refers to it, in one transaction.
BESIDE_ANOTHER = frozenset({"webhook_attempts"})


def test_there_are_tables_to_look_at() -> None:
    assert {TENANT, "links", "access_requests", "handshakes", "webhook_deliveries"} <= set(metadata.tables)


def test_the_keyring_check_reads_every_encrypted_column() -> None:
    """A value is bound to the place `table.column:agency:row`: each such column is checked by the doctor."""
    product = [source.text(path) for path in source.python_files() if path.parts[0] == "app"]
    bound = {place for text in product for place in re.findall(r'f"([a-z_]+\.[a-z_]+):\{', text)}
    assert bound
    assert {f"{table.name}.{column.name}" for table, column in keyring_check.columns(metadata)} == bound


def test_every_primary_key_begins_with_the_agency() -> None:
    assert [table.name for table in _of_tenants() if _primary_key(table)[0] != "agency_id"] == []


def test_every_foreign_key_carries_the_agency() -> None:
    assert [
        f"{table.name}: {', '.join(key.column_keys)}"
        for table in _of_tenants()
        for key in table.constraints
        if isinstance(key, ForeignKeyConstraint) and not _carries_the_agency(key)
    ] == []


def test_every_table_refers_to_its_agency() -> None:
    """Directly, or through a row that does."""
    assert [
        table.name for table in _of_tenants() if not table.foreign_key_constraints and table.name not in BESIDE_ANOTHER
    ] == []


def _of_tenants() -> list[Table]:
    return [table for name, table in metadata.tables.items() if name != TENANT and name not in OF_ALL]


def _primary_key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _carries_the_agency(key: ForeignKeyConstraint) -> bool:
    pairs = {(element.parent.name, element.column.name) for element in key.elements}
    return ("agency_id", "agency_id") in pairs or pairs == {("agency_id", "id")}
