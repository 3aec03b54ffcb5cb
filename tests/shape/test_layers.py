"""Modules that say they are pure import no database, web or HTTP library, however indirectly."""

import ast

import grimp
import pytest

from tests.shape import source

IMPURE = (
    "aiohttp", "aiosmtplib", "alembic", "asyncpg", "fastapi", "httpx2", "jinja2", "sqlalchemy", "starlette", "uvicorn",
)  # fmt: skip
#: Modules with these names decide something.
DECIDING = frozenset({
    "action_history", "buyer_planner", "event_filter", "health_rules", "fair_share", "manual_status", "pasted_ids",
    "blockers", "declarations", "end_reason", "findings",
    "kinds", "next_steps", "pacing", "planner", "problems", "rate_limit_policy", "response_classifier",
    "retry_policy", "roles", "scopes", "screens", "selectable_assets", "status", "status_texts", "steps",
})  # fmt: skip


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("app", "demo", "simulator", include_external_packages=True)


def test_pure_modules_are_pure(graph: grimp.ImportGraph) -> None:
    assert {name: found for name in _pure() if (found := _impure(graph, name))} == {}


def test_an_impure_module_is_seen(graph: grimp.ImportGraph) -> None:
    assert "sqlalchemy" in _impure(graph, "app.links.queries")


def test_every_module_that_decides_is_pure() -> None:
    deciding = {name for name in _modules() if name.rpartition(".")[2] in DECIDING}
    assert {name.rpartition(".")[2] for name in deciding} == DECIDING
    assert deciding - set(_pure()) == set()


def _impure(graph: grimp.ImportGraph, name: str) -> set[str]:
    return graph.find_upstream_modules(name) & set(IMPURE)


def _pure() -> list[str]:
    return [name for name, docstring in _modules().items() if "Pure." in docstring]


def _modules() -> dict[str, str]:
    """Docstrings of the modules of the product, its demo and its simulator."""
    return {
        ".".join(path.with_suffix("").parts): ast.get_docstring(ast.parse(source.text(path))) or ""
        for path in source.python_files()
        if path.parts[0] in ("app", "demo", "simulator") and path.name != "__init__.py"
    }
