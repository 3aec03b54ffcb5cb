"""The table of guards: each row names tests, and each of those is there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
TABLE = TESTS.parent / "docs/security.md"
_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_guard_names_tests_that_are_there() -> None:
    rows = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    guards = [row for row in rows if not row.startswith("| somebody |")]
    assert len(guards) > 40
    for row in guards:
        named = _TEST.findall(row)
        assert named, f"no test: {row}"
        for path, name in named:
            tree = ast.parse((TESTS / path).read_text("utf-8"))
            assert name in {getattr(each, "name", "") for each in tree.body}, f"there is no {path}::{name}"
