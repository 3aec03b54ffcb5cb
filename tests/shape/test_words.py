"""Names say the domain, modules say what they are for, and nothing is left for later."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shape import source

PATTERNS = frozenset({
    "base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils",
})  # fmt: skip
#: SQLAlchemy's own word for the class its tables derive from.
ALLOWED = frozenset({("app/kit/database.py", "Base")})
LEFT_FOR_LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
QUESTION = re.compile(r"(?:What|Whether|How|Who|Whom|Where|Which|When|Why)\b")
PRODUCT = ("app", "bench", "demo", "simulator")
#: Words of a translation: say "the operator", "the person who", "again".
TRANSLATED = re.compile(r"\b(?:whoever|whomever|anew|whom we)\b", re.IGNORECASE)
TEXTS = {".py", ".html", ".md", ".yml", ".txt"}
#: A test that needs root says so by this mark; everything else runs everywhere.
ROOT_MARK = re.compile(r"""skipif\(not IS_ROOT, reason="needs root"\)""")
SKIPPED = re.compile(r"\b(?:mark\.skip|mark\.xfail|pytest\.skip|pytest\.xfail|importorskip)")


@pytest.mark.parametrize("name", ["vault_manager", "helpers", "BaseThing", "string_utils"])
def test_a_name_for_a_pattern_is_seen(name: str) -> None:
    assert _parts(name) & PATTERNS


def test_names_say_the_domain() -> None:
    assert [
        f"{path}: {name}" for path, name in _names() if _parts(name) & PATTERNS and (str(path), name) not in ALLOWED
    ] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in source.python_files() if path.name != "__init__.py" and not _docstring(path)]
    assert [str(path) for path in silent] == []


def test_no_docstring_is_an_indirect_question() -> None:
    held = [path for path in source.python_files() if path.parts[0] in PRODUCT]
    asking = [f"{path}:{node.body[0].lineno}" for path in held for node in _documented(path) if _asks(node)]
    assert asking == []


def test_texts_of_the_product_do_not_read_as_translated() -> None:
    root = Path(__file__).parents[2]
    texts = [path for folder in (*PRODUCT, "docs") for path in (root / folder).rglob("*") if path.suffix in TEXTS]
    found = [path for path in (*texts, root / "README.md", root / "CONTRIBUTING.md")
             if "decisions" not in path.parts and TRANSLATED.search(path.read_text(encoding="utf-8"))]  # fmt: skip
    assert [str(path.relative_to(root)) for path in found] == []


def test_nothing_is_left_for_later() -> None:
    assert [str(path) for path in source.python_files() if LEFT_FOR_LATER.search(source.text(path))] == []


def test_no_test_is_switched_off() -> None:
    tests = [path for path in source.python_files() if path.parts[0] == "tests" and path.parts[1] != "shape"]
    assert [str(path) for path in tests if SKIPPED.search(ROOT_MARK.sub("", source.text(path)))] == []


def _names() -> Iterator[tuple[Path, str]]:
    for path in source.python_files():
        for part in (*path.parent.parts, path.stem):
            yield path, part
        for node in ast.walk(ast.parse(source.text(path))):
            if isinstance(node, ast.ClassDef):
                yield path, node.name


def _parts(name: str) -> set[str]:
    """The words of a name, in `snake_case` or in CamelCase."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def _documented(path: Path) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source.text(path))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            yield node


def _asks(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return QUESTION.match(ast.get_docstring(node) or "") is not None


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(source.text(path)))
