"""Files, functions and folders stay small enough to be read."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.shape import source

LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 50
FILES_OF_A_FOLDER = 12


def test_no_file_is_too_long() -> None:
    long = {str(path): len(source.text(path).splitlines()) for path in source.python_files()}
    assert {path: lines for path, lines in long.items() if lines > LINES_OF_A_FILE} == {}


def test_no_function_is_too_long() -> None:
    # a migration is a list of statements, read from top to bottom
    looked_at = [path for path in source.python_files() if path.parts[:2] != ("migrations", "versions")]
    assert [long for path in looked_at for long in _long_functions(path)] == []


def test_no_folder_has_too_many_files() -> None:
    counted = Counter(str(path.parent) for path in source.python_files() if path.name != "__init__.py")
    del counted["migrations/versions"]  # grows by one with every change
    assert {folder: count for folder, count in counted.items() if count > FILES_OF_A_FOLDER} == {}


def _long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.text(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LINES_OF_A_FUNCTION:
                yield f"{path}:{node.lineno} {node.name} has {lines} lines"
