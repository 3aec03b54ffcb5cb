"""Where things lie, how long a socket's path may be, and folders that must not be used."""

import os
import stat
from pathlib import Path

import pytest

from app.kit.embedded_postgres import data_directory
from app.kit.embedded_postgres.failures import PostgresUnreachable, PostgresVersionMismatch
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.kit.embedded_postgres.conftest import access_request, needs_root


def test_the_usual_place() -> None:
    assert data_directory.default_data_dir(is_root=True) == Path("/var/lib/keyturn")
    assert data_directory.default_data_dir(is_root=False) == Path.home() / ".local/share/keyturn"


@pytest.mark.parametrize("length", range(60, 130))
def test_a_socket_path_is_never_too_long(length: int) -> None:
    data = Path("/" + "d" * (length - 1))
    where = data_directory.lay_out(data, None)
    assert len(os.fsencode(where.address)) <= 103
    assert where == data_directory.lay_out(data, None)
    kept = data / "socket"
    assert where.socket == (kept if len(os.fsencode(kept / ".s.PGSQL.5432")) <= 103 else where.socket)


def test_two_long_folders_have_two_sockets() -> None:
    one, two = (data_directory.lay_out(Path(f"/{'d' * 120}/{name}"), None).socket for name in ("one", "two"))
    assert one != two


def test_a_long_data_folder_works_and_leaves_no_socket_folder(home: Path) -> None:
    with EmbeddedPostgres(home / ("d" * 120), durable=False) as server:
        assert access_request(server.dsn("postgres"), "SELECT 1") == 1
        socket = data_directory.lay_out(home / ("d" * 120), None).socket
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.exists()


def test_a_socket_folder_of_somebody_else_is_refused(home: Path, place: Path) -> None:
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    with pytest.raises(PostgresUnreachable, match="mode 0700"):
        EmbeddedPostgres(home, socket_dir=place / "open", durable=False).start()


def test_data_of_another_version_is_refused_untouched(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False):
        pass
    version = home / "cluster" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(PostgresVersionMismatch, match=r"PostgreSQL 12, but \d+ was found: install PostgreSQL 12"):
        EmbeddedPostgres(home).start()
    assert version.read_text() == "12\n"


def test_a_data_folder_that_is_a_file_is_named(home: Path) -> None:
    home.write_text("")
    with pytest.raises(PostgresUnreachable, match="another KEYTURN_DATA_DIR"):
        EmbeddedPostgres(home).start()


def test_an_empty_private_folder_is_taken(home: Path) -> None:
    home.mkdir(mode=0o700)
    with EmbeddedPostgres(home, durable=False) as server:
        assert access_request(server.dsn("postgres"), "SELECT 1") == 1
    assert stat.S_IMODE(home.stat().st_mode) & 0o007 == 0


@needs_root
def test_a_data_folder_below_a_private_one_is_refused(place: Path) -> None:
    (place / "private").mkdir(mode=0o700)
    with pytest.raises(PostgresUnreachable, match=r"cannot enter .*private/data.*/var/lib/keyturn"):
        EmbeddedPostgres(place / "private" / "data").start()
    assert stat.S_IMODE((place / "private").stat().st_mode) == 0o700


@needs_root
def test_a_folder_with_things_in_it_keeps_its_mode(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "letter").write_text("mine")
    with pytest.raises(PostgresUnreachable, match="cannot enter"):
        EmbeddedPostgres(home).start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
