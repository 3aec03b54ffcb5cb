"""The embedded server's ordinary life: first start, warm start, its settings, its end."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.kit.embedded_postgres.failures import PostgresNotStarted, PostgresRefused, PostgresWrongThread
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.kit.embedded_postgres.conftest import access_request, gone, lives


def test_data_is_there_after_a_second_start(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        server.ensure_database("world")
        access_request(server.dsn("world"), "CREATE TABLE kept AS SELECT 7 AS value")
        first = server.pid
    with EmbeddedPostgres(home, durable=False) as server:
        assert server.pid != first
        assert access_request(server.dsn("world"), "SELECT value FROM kept") == 7
    assert "not properly shut down" not in (home / "postgres.log").read_text()


def test_settings_are_ours(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        dsn = server.dsn("postgres")
        assert access_request(dsn, "SHOW listen_addresses") == ""
        assert access_request(dsn, "SHOW server_encoding") == "UTF8"
        assert access_request(dsn, "SHOW fsync") == "off"
        assert access_request(dsn, "SHOW max_connections") == "200"
        assert access_request(dsn, "SHOW timezone") == "UTC"
        assert access_request(dsn, "SELECT lower('ÄÖ') || ('B' < 'a')::text") == "äötrue"
        reachable = "SELECT count(*) FROM pg_hba_file_rules WHERE type <> 'local' AND auth_method <> 'reject'"
        assert access_request(dsn, reachable) == 0


def test_durable_unless_told_otherwise(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        assert access_request(server.dsn("postgres"), "SHOW fsync") == "on"


async def test_sqlalchemy_takes_the_address(home: Path) -> None:
    with EmbeddedPostgres(home / "a folder, 100% odd: yes", durable=False) as server:
        name = 'odd "name" / 100%'
        server.ensure_database(name)
        server.ensure_database(name)
        engine = create_async_engine(server.dsn(name))
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT current_database()"))).scalar() == name
        await engine.dispose()


def test_nobody_else_may_enter(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        for folder in (home / "socket", home / "cluster"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert folder.stat().st_uid != 0
        assert Path(f"/proc/{server.pid}").stat().st_uid == (home / "cluster").stat().st_uid
        assert stat.S_IMODE((home / "socket" / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_ctrl_c_in_the_terminal_reaches_us_first(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        assert server.pid
        assert os.getsid(server.pid) != os.getsid(0)


def test_stop_may_be_called_twice_and_start_after_it(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.stop()
    server.start()
    pid = server.pid
    server.start()
    assert pid is not None
    assert server.pid == pid
    server.stop()
    server.stop()
    assert not lives(pid)
    with server:
        assert server.pid not in (None, pid)


def test_a_server_that_died_is_started_again(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        pid = server.pid
        assert pid
        os.kill(pid, 3)  # SIGQUIT: as if it had crashed
        assert gone(pid)
        assert server.pid is None
        server.start()
        assert access_request(server.dsn("postgres"), "SELECT 1") == 1


def test_only_the_main_thread_starts_it(home: Path) -> None:
    server = EmbeddedPostgres(home)
    with ThreadPoolExecutor(1) as threads, pytest.raises(PostgresWrongThread, match="main thread"):
        threads.submit(server.start).result()
    assert not (home / "cluster").exists()


def test_a_failed_start_shows_the_log_and_can_be_repeated(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False):
        pass
    settings = home / "cluster" / "postgresql.auto.conf"
    settings.write_text("no_such_setting = 'on'\n")
    server = EmbeddedPostgres(home, durable=False)
    with pytest.raises(PostgresNotStarted, match="no_such_setting"):
        server.start()
    settings.write_text("")
    with server:
        assert server.pid


def test_no_database_without_a_server(home: Path) -> None:
    with pytest.raises(PostgresRefused, match="start it first"):
        EmbeddedPostgres(home).ensure_database("world")


def test_a_socket_folder_elsewhere_is_used(home: Path, place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir(mode=0o700)  # root's and empty: the server's account gets it
    with EmbeddedPostgres(home, socket_dir=elsewhere, durable=False) as server:
        assert str(elsewhere) in server.dsn("postgres")
        assert access_request(server.dsn("postgres"), "SELECT 1") == 1
