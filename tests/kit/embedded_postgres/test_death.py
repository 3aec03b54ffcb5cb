"""The owner dies without a word: the server goes by itself, and the next start finds everything in order."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.kit.embedded_postgres.conftest import Owner, access_request, gone


@pytest.mark.parametrize("last_word", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_follows_its_owner(home: Path, own: Callable[..., Owner], last_word: signal.Signals) -> None:
    owner = own(home, PGPORT="9999", PGDATA="/nowhere", PGUSER="stranger")  # as somebody's shell may have it
    answer = owner.answer()
    assert b"/nowhere" not in Path(f"/proc/{answer['pid']}/environ").read_bytes()
    access_request(answer["dsn"], "CREATE TABLE kept AS SELECT 7 AS value")
    owner.running.send_signal(last_word)
    owner.running.wait(10)
    assert gone(answer["pid"])
    with EmbeddedPostgres(home, durable=False) as server:
        assert access_request(server.dsn("world"), "SELECT value FROM kept") == 7
    assert "not properly shut down" not in (home / "postgres.log").read_text()


def test_the_next_start_waits_for_the_old_server(home: Path, own: Callable[..., Owner]) -> None:
    owner = own(home)
    old = owner.answer()["pid"]
    os.kill(old, signal.SIGSTOP)  # it takes its time
    owner.running.kill()
    owner.running.wait(10)
    heir = own(home, 20)
    time.sleep(1)
    assert heir.running.poll() is None
    os.kill(old, signal.SIGCONT)
    new = heir.answer()
    assert new.get("pid") not in (None, old)
    assert gone(old, 0)


def test_a_kill_during_the_first_start_leaves_nothing_to_stumble_over(home: Path, own: Callable[..., Owner]) -> None:
    owner = own(home)
    until = time.monotonic() + 20
    while not (home / "cluster.new" / "base").exists() and time.monotonic() < until:
        time.sleep(0.002)
    owner.running.kill()
    owner.running.wait(10)
    assert not (home / "cluster").exists()
    with EmbeddedPostgres(home, durable=False) as server:
        assert access_request(server.dsn("postgres"), "SELECT 1") == 1
    assert not (home / "cluster.new").exists()


def test_a_server_killed_itself_recovers(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        server.ensure_database("world")
        access_request(server.dsn("world"), "CREATE TABLE kept AS SELECT 7 AS value")
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
    with EmbeddedPostgres(home) as server:
        assert access_request(server.dsn("world"), "SELECT value FROM kept") == 7
