"""`keyturn up` as a process: on a database that is named, on one of its own, and after it was killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.cli.up import here
from app.kit import child_processes
from app.settings import load
from tests.world import KEYS

ROOT = Path(__file__).parents[1]
LONGEST = 120
NORTH = ("--name", "North", "--slug", "north", "--contact-name", "N", "--contact-email", "n@n.example")
#: How often each process is killed; `make test-faults` says five.
TIMES = int(os.environ.get("KEYTURN_TEST_KILLS", "1"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty data folder."""
    with tempfile.TemporaryDirectory(prefix="keyturn-up-") as made:
        yield Path(made)


@contextmanager
def up(folder: Path, lines: Path | None = None, **more: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running `keyturn up` and its address; what it says goes to `lines`."""
    port = child_processes.port(0)
    env = {**os.environ, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_DATA_DIR": str(folder), **more}
    if "DATABASE_URL" not in more:
        env.pop("DATABASE_URL", None)
    with open(lines or os.devnull, "ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up", "--port", str(port)], env=env, cwd=ROOT, stderr=said
        )
    address = f"http://localhost:{port}"
    try:
        child_processes.wait_for(child_processes.Child("up", process), f"{address}/readyz", seconds=LONGEST)
        yield process, address
    finally:
        process.terminate()
        process.wait(LONGEST)


def running(supervisor: int) -> dict[str, int]:
    """The processes below `keyturn up`: PostgreSQL, web and worker, by name."""
    names = {"app.web": "web", "app.worker": "worker", "postgres": "PostgreSQL"}
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if (
                not entry.name.isdecimal()
                or int((entry / "stat").read_text().rpartition(")")[2].split()[1]) != supervisor
            ):
                continue
            words = (entry / "cmdline").read_text().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        for word, name in names.items():
            if word in words or words[0].endswith(f"/{word}"):
                found[name] = int(entry.name)
    return found


def kill(supervisor: int, name: str) -> None:
    """SIGKILL to one of its processes, then wait until another has taken its place."""
    _until(lambda: name in running(supervisor), f"there is no {name}")
    before = running(supervisor)[name]
    os.kill(before, signal.SIGKILL)
    _until(lambda: running(supervisor).get(name, before) != before, f"{name} did not come back")


@contextmanager
def making_clients(folder: Path, address: str) -> Iterator[tuple[list[str], str]]:
    """Clients that a CRM makes without pause, each tried until it is answered: the ids of those that were, its key."""
    _command(
        folder,
        "agency",
        "create",
        "--name",
        "N",
        "--slug",
        "north",
        "--contact-name",
        "N",
        "--contact-email",
        "n@n.example",
    )
    scopes = ("--scopes", "clients:write", "--scopes", "clients:read")
    key = json.loads(_command(folder, "key", "create", "--agency", "north", "--name", "CRM", *scopes, "--json"))
    made: list[str] = []
    over = threading.Event()

    def make() -> None:
        headers = {"Authorization": f"Bearer {key['value']}"}
        with httpx2.Client(base_url=f"{address}/api/v1", headers=headers, trust_env=False, timeout=20) as http:
            answered = True
            while not over.is_set() or not answered:  # stored, perhaps, although its response was lost
                answered = False
                try:
                    wish = {"name": "Brand", "external_id": f"crm:{len(made)}"}
                    if http.post("/clients", json=wish).status_code in (200, 201):
                        made.append(wish["external_id"])
                        answered = True
                        continue
                except httpx2.TransportError:
                    pass
                over.wait(0.1)

    writer = threading.Thread(target=make)
    writer.start()
    try:
        yield made, key["value"]
    finally:
        over.set()
        writer.join()


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


def _command(folder: Path, *words: str, **more: str) -> str:
    """A command beside `up`, which finds its database by itself."""
    env = {**os.environ, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_DATA_DIR": str(folder), **more}
    env.pop("DATABASE_URL", None)
    done = subprocess.run([sys.executable, "-m", "app.cli", *words], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_what_is_killed_comes_back_by_itself_and_killed_as_a_whole_it_stops(folder: Path) -> None:
    """Killed as a whole, everything below stops by itself; the next start has the data, and ends with nothing left."""
    lines = folder.with_suffix(".log")
    with up(folder, lines) as (process, address):
        with making_clients(folder, address) as (made, key):
            for name in ("PostgreSQL", "worker", "web") * TIMES:
                before = len(made)
                kill(process.pid, name)
                _until(lambda before=before: len(made) > before + 1, f"nothing is made after {name} was killed")
        assert process.poll() is None
        child_processes.wait_for(child_processes.Child("up", process), f"{address}/readyz", seconds=LONGEST)
        postgres = int((folder / "cluster" / "postmaster.pid").read_text().split()[0])
        process.kill()
        _until(lambda: _is_silent(address), "the web went on without its supervisor")
        _until(lambda: not Path(f"/proc/{postgres}").exists() or _is_zombie(postgres), "PostgreSQL went on")
    said = lines.read_text()
    lines.unlink()
    for name in ("PostgreSQL", "worker", "web"):
        assert said.count(f"{name} ended (SIGKILL): it is started again in") == TIMES, said
    with up(folder) as (process, address):
        settings = {"KEYTURN_URL": address, "KEYTURN_API_KEY": key}
        listed = json.loads(_command(folder, "clients", "list", "--all", "--json", **settings))
        assert sorted(each["external_id"] for each in listed["data"]) == sorted(made), "lost, or made twice"
        below = running(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST) == 0
    assert set(below) == {"PostgreSQL", "web", "worker"}
    for name, pid in below.items():
        assert not Path(f"/proc/{pid}").exists(), f"{name} stayed behind"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--host", "192.0.2.1"), "--host 192.0.2.1 is not an address of this machine"),
        (("--host", "nonsense.invalid"), "--host nonsense.invalid is not an address of this machine"),
        (("--port", "99999"), "--port"),
    ],
)
def test_a_wrong_flag_is_blamed_by_its_name(words: tuple[str, ...], said: str, folder: Path) -> None:
    env = {**os.environ, "KEYTURN_DATA_DIR": str(folder)}
    ran = CliRunner().invoke(cli, ["up", *words], env=env)
    assert (ran.exit_code, "KEYTURN_" in ran.stderr) == (2, False)
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("localhost", "localhost"), ("127.0.0.2", "127.0.0.2"),
    ],
)  # fmt: skip
def test_every_host_has_an_address_that_settings_take(host: str, name: str) -> None:
    port = child_processes.port(0)
    address = here(host, port)
    assert address == f"http://{name}:{port}"
    assert load(database_url="postgres://h/k", secret_keys=KEYS, public_url=address).public_url == address


def test_localhost_is_not_named_where_another_program_answers_there() -> None:
    for family, theirs, ours, name in (
        (socket.AF_INET6, "::1", "127.0.0.1", "127.0.0.1"), (socket.AF_INET, "127.0.0.1", "::", "[::1]"),
    ):  # fmt: skip
        with socket.create_server((theirs, 0), family=family) as other:
            port = other.getsockname()[1]
            assert here(ours, port) == f"http://{name}:{port}"


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
