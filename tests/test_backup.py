"""`keyturn backup`: a dump that can be restored, or the file as it was."""

import os
import stat
import subprocess
from pathlib import Path

from click.testing import CliRunner, Result

from app.cli.main import cli
from app.kit.embedded_postgres import binaries
from tests.world import KEYS, PUBLIC_URL, World


def backup(url: str, file: Path, **more: str) -> Result:
    env = {"DATABASE_URL": url, "KEYTURN_SECRET_KEYS": KEYS, "KEYTURN_PUBLIC_URL": PUBLIC_URL, **more}
    return CliRunner().invoke(cli, ["backup", str(file)], env=env)


def test_the_dump_is_whole_though_an_older_pg_dump_comes_first(tmp_path: Path, database_url: str, world: World) -> None:
    old, file = tmp_path / "pg_dump", tmp_path / "keyturn.dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    file.write_bytes(b"yesterday's")
    said = backup(database_url, file, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert said.exit_code == 0, said.stderr
    assert "KEYTURN_SECRET_KEYS" in said.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    pg_restore = binaries.find_binaries().prefix / "bin" / "pg_restore"
    listed = subprocess.run([str(pg_restore), "--list", str(file)], check=True, capture_output=True, text=True).stdout
    assert "TABLE DATA public grants" in listed
    assert world.north.agency_id


def test_a_dump_that_fails_leaves_the_older_one_and_no_other_file(tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "keyturn.dump"
    file.write_bytes(b"yesterday's")
    mark = "&" if "?" in database_url else "?"
    said = backup(f"{database_url}{mark}options=-crole%3Dpg_monitor", file)
    assert said.exit_code == 1
    assert "permission denied" in said.stderr
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"keyturn.dump": b"yesterday's"}


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, database_url: str) -> None:
    said = backup(database_url, tmp_path / "missing" / "keyturn.dump")
    assert (said.exit_code, "No such file or directory" in said.stderr) == (1, True)
