"""Child processes: no answer of a stranger's is taken for a child's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.kit import child_processes
from app.kit.child_processes import INSTANCE, Child, ChildFailed
from tests.world import KEYS

LONGEST = 120


@contextmanager
def web(database_url: str, port: int, log: Path) -> Iterator[Child]:
    """A web process of this test's own, started as `keyturn up` starts it."""
    settings = {"DATABASE_URL": database_url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": "http://localhost"}
    arguments = [sys.executable, "-m", "app.web", "--port", str(port)]
    child = child_processes.start("web", arguments, env={**os.environ, **settings}, log=log)
    try:
        yield child
    finally:
        child_processes.stop([child])


def test_the_answer_of_another_program_on_the_same_port_is_not_taken(database_url: str, tmp_path: Path) -> None:
    port = child_processes.port(0)
    address = f"http://127.0.0.1:{port}/readyz"
    with web(database_url, port, tmp_path / "first.log") as first:
        child_processes.wait_for(first, address, seconds=LONGEST)
        assert httpx2.get(address, trust_env=False).headers[INSTANCE] == first.instance
        with web(database_url, port, tmp_path / "second.log") as second:
            with pytest.raises(ChildFailed, match="web ended"):
                child_processes.wait_for(second, address, seconds=LONGEST)
            first.check()


def test_two_programs_that_choose_the_same_port_at_once_get_two() -> None:
    """The first does not listen yet when the second looks."""
    with _choosing(0) as first, _choosing(first) as second:
        assert first != second


@contextmanager
def _choosing(wanted: int) -> Iterator[int]:
    """Another program of ours, which has chosen a port and does not listen there yet; the port."""
    choose = f"from app.kit import child_processes as it; print(it.port({wanted}), flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", choose], **pipes, text=True) as process:  # type: ignore[call-overload]
        yield int(process.stdout.readline())
        process.communicate("\n")
