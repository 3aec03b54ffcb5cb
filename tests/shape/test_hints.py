"""Texts name operations of the API and commands: each exists, and the command line names commands alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.operations import in_commands
from app.kit.errors import AppError
from tests.api import operations
from tests.cli import written
from tests.shape.source import python_files, text

OPERATION = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.-]*[\w}])")
#: Talk about requests, which nobody at a terminal can follow.
HTTP = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE|Idempotency-Key)\b|/api/v1|[Ss]end the header|send the request")
#: What speaks of requests and is only ever read by those who send them.
OF_REQUESTS = (
    "app.kit.web.", "app.kit.html.", "app.client_portal.", "app.tenants.api_keys.principal.",
    "app.tenants.api_keys.idempotency.",
    "app.kit.input.validation_errors.BrokenJson", "app.kit.input.validation_errors.WrongContentType",
    "app.tenants.api_keys.service.ScopeNotYours",
)  # fmt: skip
#: TikTok's own operations, and descriptions in the OpenAPI document.
ELSEWHERE = ("simulator/", "app/platforms/tiktok/")
DOCUMENTED = frozenset({"Field", "Query", "Path", "Header"})


def refusals(of: type[AppError] = AppError) -> Iterator[type[AppError]]:
    """Every problem that can be raised."""
    for each in of.__subclasses__():
        yield each
        yield from refusals(each)


REFUSALS = {f"{each.__module__}.{each.__name__}": each for each in refusals() if each.__module__.startswith("app.")}


def sentences(node: ast.AST) -> Iterator[str]:
    """Every text below a node but docstrings; what is filled in stands in braces."""
    called = getattr(node, "func", None)
    if getattr(called, "id", "") in DOCUMENTED:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "{filled}" for each in node.values)
        return
    for each in ast.iter_child_nodes(node):
        yield from sentences(each)


SOURCES = [
    path
    for path in python_files()
    if path.parts[0] == "app" and (path.stem == "findings" or not str(path).startswith(ELSEWHERE))
]


def named_in(path: Path) -> list[str]:
    """The sentences of a file that name an operation."""
    return [each for each in sentences(ast.parse(text(path))) if OPERATION.search(each)]


def of_requests(path: Path) -> bool:
    """Whether only those who send requests read what stands in a file."""
    return ".".join(path.with_suffix("").parts).startswith(tuple(each.rstrip(".") for each in OF_REQUESTS))


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Method and path of every operation, whatever its parameters are called."""
    return {_bare(f"{each.method} {each.path}") for each in operations.every()} | {"GET /api/v1/openapi.json"}


def _bare(operation: str) -> str:
    return re.sub(r"{\w+}|(?<=/platform-apps/)tiktok", "{}", operation)


def test_every_operation_that_a_sentence_names_exists(known: set[str]) -> None:
    named = [
        (str(path), found[0])
        for path in SOURCES
        for sentence in sentences(ast.parse(text(path)))
        for found in OPERATION.finditer(sentence)
    ]
    assert len(named) > 25
    assert [each for each in named if _bare(each[1]) not in known] == []


def test_every_operation_that_a_sentence_names_has_a_command() -> None:
    silent = [
        (str(path), said)
        for path in SOURCES
        if not of_requests(path) and path != Path("app/tenants/api_keys/service.py")
        for said in map(in_commands, named_in(path))
        if OPERATION.search(said)
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(name for name in REFUSALS if not name.startswith(OF_REQUESTS)))
def test_a_problem_speaks_of_commands_at_a_terminal(name: str) -> None:
    problem = REFUSALS[name]()
    for said in (problem.detail, problem.hint or ""):
        assert HTTP.search(in_commands(said)) is None, said


@pytest.mark.parametrize("path", [each for each in SOURCES if each.stem == "hints" or each.stem == "findings"], ids=str)
def test_hints_in_lists_speak_of_commands_at_a_terminal(path: Path) -> None:
    for said in sentences(ast.parse(text(path))):
        assert HTTP.search(in_commands(said)) is None, said


def test_every_command_that_a_sentence_names_exists() -> None:
    said = {(str(path), each) for path in SOURCES for each in sentences(ast.parse(text(path))) if "keyturn " in each}
    assert len([each for _, sentence in said for each in written.named(sentence)]) > 15
    assert [(path, wrong) for path, sentence in said for wrong in written.mistakes(sentence)] == []


def test_a_command_that_is_not_there_is_found() -> None:
    assert written.mistakes("Run `keyturn links list --status draft`, or `keyturn up`; see `keyturn keys`.") == []
    assert (
        len(written.mistakes("`keyturn link list`\n keyturn links lost\n.venv/bin/keyturn links list --state x")) == 3
    )
