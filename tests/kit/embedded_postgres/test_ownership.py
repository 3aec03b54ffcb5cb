"""One owner at a time, and what a `postmaster.pid` left behind is worth."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kit.embedded_postgres import binaries, data_directory, server
from app.kit.embedded_postgres.binaries import find_binaries
from app.kit.embedded_postgres.failures import PostgresOwned
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.kit.embedded_postgres.conftest import Owner, access_request, gone


def test_of_two_at_once_one_owns_and_the_other_says_whom_to_stop(home: Path, own: Callable[..., Owner]) -> None:
    both = [own(home, 2), own(home, 2)]
    answers = [each.answer() for each in both]
    owners = [each for each, said in zip(both, answers, strict=True) if "pid" in said]
    losers = [said for said in answers if "failure" in said]
    assert len(owners) == 1
    assert [said["kind"] for said in losers] == ["PostgresOwned"]
    assert f"Keyturn's process {owners[0].running.pid}:" in losers[0]["failure"]


def test_the_second_gets_it_when_the_first_ends_in_time(home: Path, own: Callable[..., Owner]) -> None:
    first = own(home)
    first.answer()
    second = own(home, 30)
    first.end()
    assert second.answer()["pid"]


def test_twice_in_one_process_is_two_owners(home: Path) -> None:
    with (
        EmbeddedPostgres(home, durable=False),
        pytest.raises(PostgresOwned, match=f"process {os.getpid()}:"),
    ):
        EmbeddedPostgres(home, patience=0.1).start()


@pytest.fixture
def used(home: Path) -> Path:
    """A data folder a server has run in, so that it belongs to the server's account."""
    with EmbeddedPostgres(home, durable=False):
        pass
    return home


@pytest.fixture(params=["zombie", "stranger", "dead"])
def leftover(request: pytest.FixtureRequest, used: Path) -> Iterator[int]:
    """A pid that says nothing, of the server's own account (another's pid does not impress PostgreSQL)."""
    owner = (used / "cluster").stat().st_uid if os.geteuid() == 0 else None
    command = ["/bin/sleep", "60"] if request.param == "stranger" else ["/bin/true"]
    with subprocess.Popen(command, user=owner, cwd="/") as process:
        if request.param == "zombie":
            assert gone(process.pid)
        elif request.param == "dead":
            process.wait()
        yield process.pid
        process.kill()


def test_a_stale_pid_does_not_stop_the_next_start(used: Path, leftover: int) -> None:
    cluster = used / "cluster"
    postmaster = cluster / "postmaster.pid"
    postmaster.write_text(f"{leftover}\n{cluster}\n1763768036\n5432\n{used / 'socket'}\n\n  1234  5678\nready\n")
    os.chown(postmaster, cluster.stat().st_uid, cluster.stat().st_gid)
    with EmbeddedPostgres(used, durable=False) as server:
        assert access_request(server.dsn("postgres"), "SELECT 1") == 1
        assert postmaster.read_text().split()[0] == str(server.pid)


def test_a_server_that_is_not_ours_is_left_alone(used: Path) -> None:
    cluster, socket = used / "cluster", used / "socket"
    who = data_directory.choose_account(cluster)
    programs, _ = binaries.runnable(find_binaries(), who, used)
    command = [str(programs.postgres), *server.server_arguments(cluster, socket, durable=False)]
    with open(used / "other.log", "wb") as log:
        other = data_directory.spawn_as(command, who, cluster, log.fileno())
    try:
        while not server.is_ready(socket / ".s.PGSQL.5432"):
            assert other.poll() is None
        with pytest.raises(PostgresOwned, match=rf"\(pid {other.pid}\).*kill -INT {other.pid}"):
            EmbeddedPostgres(used, patience=0.3).start()
        assert server.is_ready(socket / ".s.PGSQL.5432")
    finally:
        other.terminate()
        other.wait(30)
