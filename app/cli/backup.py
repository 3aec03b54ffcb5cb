"""`keyturn backup`: a dump of the database in one file, whole or absent."""

import asyncio
import os
import re
import subprocess
import tempfile
from pathlib import Path

import click
from sqlalchemy import text

from app import local
from app.cli.output import Failed, SettingsUnusable
from app.kit import database_url
from app.kit.database import make_engine
from app.kit.embedded_postgres import binaries
from app.settings import SettingsWrong


class BackupFailed(Exception):
    """No dump was written, or no program for it was found; the message has the reason and no password."""


def write(url: str, file: Path) -> Path:
    """Dump the database into `file` and return the program that did it. Raises BackupFailed.

    Written beside the file and renamed, so that what was there before stays until the new dump is whole.
    """
    server = asyncio.run(_major(url))
    program = find_program("pg_dump", server)
    address, password = database_url.read(url).for_libpq()
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # readable by its owner alone
    except OSError as problem:
        raise BackupFailed(f"{file} cannot be written: {problem.strerror}.") from problem
    os.close(handle)
    unfinished = Path(name)
    try:
        made = subprocess.run(  # noqa: S603 - a program we found, no shell
            [str(program), "--format=custom", "--no-password", f"--file={unfinished}", f"--dbname={address}"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise BackupFailed(f"{program} wrote no dump: {made.stderr.strip()}")
        unfinished.replace(file)
    except OSError as problem:
        raise BackupFailed(f"{file} cannot be written: {problem.strerror}.") from problem
    finally:
        unfinished.unlink(missing_ok=True)
    return program


async def _major(url: str) -> int:
    engine = make_engine(url, kept=False)
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(text("SHOW server_version_num"))).scalar_one()) // 10000
    finally:
        await engine.dispose()


def find_program(name: str, server: int) -> Path:
    """The oldest program of this name that knows this server. An older pg_restore can then read the dump."""
    majors = {program: major_of(program) for program in binaries.find_programs(name)}
    fitting = [program for program, major in majors.items() if major >= server]
    if not fitting:
        raise BackupFailed(
            f"The server is PostgreSQL {server}, and no {name} of version {server} or newer was found: install "
            f"postgresql-client-{server} (https://www.postgresql.org/download/), or put its {name} on the PATH."
        )
    return min(fitting, key=lambda program: majors[program])


def major_of(program: Path) -> int:
    """Major version of a program; 0 if it does not run."""
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", answer.stdout)  # pg_dump (PostgreSQL) 18.4
    return int(found[1]) if found and answer.returncode == 0 else 0


def run(file: Path) -> None:
    """Write a dump of the database to a file, for `pg_restore`. Also keep a copy of the key ring elsewhere."""
    try:
        chosen = local.load()
        program = write(chosen.database_url, file)
    except BackupFailed as failed:
        raise Failed(str(failed)) from failed
    except SettingsWrong as wrong:
        raise SettingsUnusable(*wrong.sentences) from wrong
    ring = f"the file {local.key_file()}" if local.keeps_key_ring() else "KEYTURN_SECRET_KEYS"
    click.echo(f"The database is in {file}. `keyturn restore` reads it, and so does {program.with_name('pg_restore')}.")
    click.echo(f"It is of little use without the key ring: keep a copy of {ring} too, in another place.")
