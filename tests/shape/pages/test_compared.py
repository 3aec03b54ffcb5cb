"""The comparison claims nothing without a test that shows it."""

import ast
import re

from tests.shape import source

PAGE = "docs/compared.md"
_ROW = re.compile(r"^\| (.+) \| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)
_OTHER_STORES = re.compile(r"^(?:redis|valkey|celery|kombu|pika|aio-?pika|kafka|aiokafka|nats)\b", re.MULTILINE)


def test_every_test_it_names_is_there() -> None:
    rows = _ROW.findall(source.text(PAGE))
    assert [f"{place}::{name}" for _, place, name in rows if name not in _tests(place)] == []
    assert len(rows) >= 20


def test_every_claim_names_a_test() -> None:
    lines = [line for line in source.text(PAGE).splitlines() if line.startswith("| ")]
    assert [line for line in lines[1:] if not _ROW.match(line)] == []


def test_it_says_where_the_other_is_ahead() -> None:
    _, heading, rest = source.text(PAGE).partition("## Where Svix is ahead\n")
    assert heading
    assert rest.count("\n- ") >= 4


def test_nothing_is_needed_besides_postgresql() -> None:
    assert _OTHER_STORES.findall(source.text("requirements/app.txt").lower()) == []
    # mailpit is where development's e-mails go
    images = re.findall(r"^\s+image:\s*(\S+)", source.text("docker-compose.yml"), re.MULTILINE)
    assert {image.split(":")[0].rpartition("/")[2] for image in images} - {"postgres", "keyturn", "mailpit"} == set()


def _tests(place: str) -> set[str]:
    if not (source.ROOT / place).is_file():
        return set()
    tree = ast.parse(source.text(place))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
