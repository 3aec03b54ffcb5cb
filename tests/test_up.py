"""`keyturn up` as a process: on a database that is named, on one of its own, and after it was killed."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.kit import children
from tests.world import KEYS

ROOT = Path(__file__).parents[1]
LONGEST = 60


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty data folder."""
    with tempfile.TemporaryDirectory(prefix="keyturn-up-") as made:
        yield Path(made)


@contextmanager
def up(folder: Path, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running `keyturn up` and its address."""
    port = children.port(0)
    env = {**os.environ, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_DATA_DIR": str(folder), **more}
    if "DATABASE_URL" not in more:
        env.pop("DATABASE_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "up", "--port", str(port)], env=env, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        children.wait_for(children.Child("up", process), f"{address}/readyz", seconds=LONGEST)
        yield process, address
    finally:
        process.terminate()
        process.wait(LONGEST)


def _until(is_so: object, what: str) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if is_so():  # type: ignore[operator]  # a function without parameters
            return
        time.sleep(0.05)
    pytest.fail(what)


def _is_silent(address: str) -> bool:
    try:
        httpx2.get(f"{address}/healthz", timeout=2, trust_env=False)
    except httpx2.TransportError:
        return True
    return False


def test_a_database_that_is_named_is_used_and_no_other_is_started(folder: Path, database_url: str) -> None:
    with up(folder, DATABASE_URL=database_url) as (process, _):
        assert not list(folder.iterdir())
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST) == 0


def test_killed_everything_stops_by_itself_and_the_next_start_has_the_data(folder: Path) -> None:
    with up(folder) as (process, address):
        _command(
            folder, "agency", "create", "--name", "North", "--slug", "north", "--contact", "N", "--email", "n@n.example"
        )
        postgres = int((folder / "cluster" / "postmaster.pid").read_text().split()[0])
        process.kill()
        _until(lambda: _is_silent(address), "the web went on without its supervisor")
        _until(lambda: not Path(f"/proc/{postgres}").exists() or _is_zombie(postgres), "PostgreSQL went on")
    with up(folder):
        assert '"north"' in _command(folder, "agency", "list", "--json")


def _command(folder: Path, *words: str) -> str:
    """A command beside `up`, which finds its database by itself."""
    env = {**os.environ, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_DATA_DIR": str(folder)}
    env.pop("DATABASE_URL", None)
    done = subprocess.run([sys.executable, "-m", "app.cli", *words], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_port_that_is_taken_is_said_before_anything_begins(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = [sys.executable, "-m", "app.cli", "up", "--port", str(other.getsockname()[1])]
        ran = subprocess.run(
            command, env={**os.environ, "KEYTURN_DATA_DIR": str(folder)}, cwd=ROOT, capture_output=True, text=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
    assert ran.returncode == 2
    assert "is taken" in ran.stderr
    assert "is up at" not in ran.stderr
    assert not list(folder.iterdir())
