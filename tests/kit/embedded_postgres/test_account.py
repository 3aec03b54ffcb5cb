"""Whom the server runs as."""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from app.kit.embedded_postgres import data_directory
from app.kit.embedded_postgres.child import PARENT_GONE
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.kit.embedded_postgres.conftest import OWNER, ROOM, Owner, access_request, needs_root
from tests.kit.embedded_postgres.test_binaries import copied

NOBODY = 65534


def test_a_child_without_its_parent_does_not_begin(tmp_path: Path) -> None:
    """The owner died between fork and prctl: nobody would ever tell the server."""
    stranger = ["1" if os.getpid() != 1 else "2", "-1", "-1", "2"]
    begun = subprocess.run(
        [
            sys.executable,
            str(data_directory.CHILD),
            *stranger,
            str(tmp_path),
            "/usr/bin/touch",
            str(tmp_path / "mark"),
        ],
        check=False,
    )
    assert begun.returncode == PARENT_GONE
    assert not (tmp_path / "mark").exists()


def test_never_root(tmp_path: Path) -> None:
    chosen = data_directory.choose_account(tmp_path / "nothing there")
    assert (chosen.uid if chosen.changes else os.geteuid()) != 0


@needs_root
def test_data_keeps_its_owner(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    os.chown(cluster, 4711, 4712)
    assert data_directory.choose_account(cluster) == data_directory.Account(4711, 4712)
    assert data_directory.Account(4711, 4712).name == "uid 4711"
    assert data_directory.Account(0, 0).name == pwd.getpwuid(0).pw_name


@needs_root
def test_root_drops_everything(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        status = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1:] for line in status}
    owner = str((home / "cluster").stat().st_uid)
    assert owner != "0"
    assert found["Uid"] == [owner] * 4
    assert "0" not in found["Gid"]
    assert found["Groups"] == []
    assert found["CapEff"] == ["0000000000000000"]


@needs_root
def test_runs_for_an_ordinary_account(home: Path, place: Path, own: Callable[..., Owner]) -> None:
    """With a Python, our code and the programs where that account can reach them, as on its own machine."""
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    binaries = copied(place / "wheel")
    for part in (ROOM / "app" / "kit" / "embedded_postgres", OWNER.parent):
        shutil.copytree(part, place / part.relative_to(ROOM), ignore=shutil.ignore_patterns("__pycache__"))
    python, environment = reachable_python(place)
    owner = own(
        home,
        10,
        NOBODY,
        binaries.prefix,
        binaries.libraries,
        python=python,
        room=place,
        **environment,
    )
    answer = owner.answer()
    assert "pid" in answer, answer
    assert Path(f"/proc/{answer['pid']}").stat().st_uid == NOBODY
    assert access_request(answer["dsn"], "SELECT 1") == 1
    assert not list(home.glob("postgres-*"))
    owner.end()
    with EmbeddedPostgres(
        home, binaries=binaries, durable=False
    ) as server:  # root comes by: the data stays with its owner
        assert access_request(server.dsn("world"), "SELECT 1") == 1
        assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY


def reachable_python(place: Path) -> tuple[str, dict[str, str]]:
    """This interpreter, or a copy of it when it lies where only root can go."""
    tried = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -c 'import ctypes'"],
        user=NOBODY,
        group=NOBODY,
        cwd="/",
        check=False,
    )
    if tried.returncode == 0:
        return sys.executable, {}
    library = Path(sysconfig.get_path("stdlib"))
    unneeded = shutil.ignore_patterns("site-packages", "dist-packages", "test", "__pycache__", "config-*", "idlelib")
    shutil.copytree(library, place / "python" / "lib" / library.name, ignore=unneeded)
    for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython3*.so*"):
        shutil.copy(shared, place / "python" / "lib")
    (place / "python" / "bin").mkdir()
    python = shutil.copy(os.path.realpath(sys.executable), place / "python" / "bin")
    return str(python), {"LD_LIBRARY_PATH": str(place / "python" / "lib")}
