"""What the launcher's tests share: a folder the server's account can enter, owners, questions in SQL."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

ROOM = Path(__file__).parents[3]
OWNER = Path(__file__).with_name("owner.py")
IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="needs root")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder all may enter. Not pytest's own: root's lies below a private one, closed to the server."""
    with tempfile.TemporaryDirectory(prefix="keyturn-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def home(place: Path) -> Path:
    """A data folder to be."""
    return place / "data"


@dataclass
class Owner:
    """A process running `owner.py`."""

    running: subprocess.Popen[str]

    def answer(self) -> dict[str, Any]:
        """Its one line, when it has come up or given up."""
        assert self.running.stdout
        line = self.running.stdout.readline()
        assert line, "the owner ended without a word"
        said: dict[str, Any] = json.loads(line)
        return said

    def end(self) -> None:
        self.running.communicate(timeout=60)


@pytest.fixture
def own() -> Iterator[Callable[..., Owner]]:
    """Start owners: `own(folder, patience)`; those still there at the end are told to stop."""
    owners: list[Owner] = []

    def start(*words: object, python: str = sys.executable, room: Path = ROOM, **environment: str) -> Owner:
        paths = os.pathsep.join(filter(None, [str(room), os.environ.get("PYTHONPATH")]))
        owners.append(
            Owner(
                subprocess.Popen(
                    [python, str(room / OWNER.relative_to(ROOM)), *map(str, words)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "PYTHONPATH": paths, **environment},
                )
            )
        )
        return owners[-1]

    yield start
    for owner in owners:
        if owner.running.poll() is None:
            owner.end()
        for stream in (owner.running.stdin, owner.running.stdout):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()


def access_request(dsn: str, question: str) -> Any:
    """The first value of the first row."""
    loop = asyncio.new_event_loop()  # not `asyncio.run`, which would unset the loop of the async tests
    try:
        return loop.run_until_complete(_ask(dsn, question))
    finally:
        loop.close()


async def _ask(dsn: str, question: str) -> Any:
    connection = await asyncpg.connect(dsn.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def lives(pid: int) -> bool:
    """Does the process run? A zombie does not, and where nobody collects orphans it stays for ever."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int, seconds: float = 20) -> bool:
    """Has it ended, at the latest after so long?"""
    until = time.monotonic() + seconds
    while lives(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not lives(pid)
