"""The guard of tenancy in tests: a statement on tenant tables that does not name its agency fails."""

import re
from functools import lru_cache
from typing import Any

from app.tables import metadata

TENANT_TABLES = frozenset(table.name for table in metadata.tables.values() if "agency_id" in table.columns)
_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE)\s+([a-z_]+)", re.IGNORECASE)
_AGENCY = re.compile(r"\bagency_id\s*(?:=|IN\b)|\(agency_id\b|\bagency_id, ", re.IGNORECASE)


class AgencyNotNamed(AssertionError):
    """A SELECT, UPDATE or DELETE reached rows of every agency."""


def check(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    """Listens to `before_cursor_execute`; what serves all agencies says so with ACROSS_AGENCIES."""
    options = context.execution_options if context is not None else {}
    if options.get("across_agencies"):
        return
    if missing := unnamed(statement):
        raise AgencyNotNamed(f"{', '.join(sorted(missing))}: {statement}")


@lru_cache(4096)
def unnamed(statement: str) -> frozenset[str]:
    """The tenant tables a statement reaches without `agency_id` in its conditions."""
    if statement.lstrip()[:6].upper() not in ("SELECT", "UPDATE", "DELETE"):
        return frozenset()
    tables = TENANT_TABLES.intersection(_TABLE.findall(statement))
    _, _, conditions = statement.partition("WHERE")
    return frozenset() if not tables or _AGENCY.search(conditions) else tables
