"""Programs the server's account can run: the ones found, else a copy where it can enter."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from app.kit.embedded_postgres.account import Account, run
from app.kit.embedded_postgres.binaries import Binaries
from app.kit.embedded_postgres.child import FOLDER_CLOSED
from app.kit.embedded_postgres.failures import PostgresBroken, PostgresUnreachable


def runnable(binaries: Binaries, account: Account, home: Path) -> tuple[Binaries, int]:
    """The programs and their major version. An account that is not ours may need a copy of them."""
    try:
        return binaries, _major(binaries, account, home)
    except PostgresBroken:
        if not account.changes:
            raise
    copied = _copy(binaries, home, account.name)
    return copied, _major(copied, account, home)


def _major(binaries: Binaries, account: Account, folder: Path) -> int:
    """As the account sees it: proof that it can reach and run both programs from the folder."""
    for program in (binaries.initdb, binaries.postgres):
        answer = run([str(program), "--version"], account, folder)
        if answer.returncode == FOLDER_CLOSED:
            raise PostgresUnreachable(
                f"The account {account.name}, which the database runs as, cannot enter {folder}: "
                "choose a data folder outside private folders, such as /var/lib/keyturn."
            )
        if answer.returncode != 0:
            raise PostgresBroken(
                f"The PostgreSQL program {program} does not run as {account.name} "
                f"({answer.stderr.strip()}): install it again, or name a server in DATABASE_URL."
            )
    found = re.search(r"\) (\d+)", answer.stdout)  # postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
    if not found:
        raise PostgresBroken(f"{binaries.postgres} does not tell its version: install PostgreSQL again.")
    return int(found[1])


def _copy(binaries: Binaries, place: Path, account: str) -> Binaries:
    """The same programs below `place`, for an account that cannot enter the folder they came in.

    Written aside and renamed, so a copy is whole or absent; readable by all, writable by its owner alone.
    The caller holds the data folder's lock, so two never write at once.
    """
    if place.stat().st_uid != os.geteuid() or place.stat().st_mode & 0o022:
        raise PostgresUnreachable(
            f"The account {account} cannot enter {binaries.prefix}, and others may write to {place}, "
            "so no safe copy can be kept there: choose a data folder that root alone can write to."
        )
    target = place / f"postgres-{_fingerprint(binaries)}"
    made = _below(target, binaries)
    if made.complete:
        return made
    aside = target.with_suffix(".new")
    for leftover in (aside, target):
        if leftover.exists():
            shutil.rmtree(leftover)
    begun = _below(aside, binaries)
    shutil.copytree(binaries.prefix, begun.prefix, ignore=_unneeded)
    if binaries.libraries and begun.libraries:
        shutil.copytree(binaries.libraries, begun.libraries)
    for path in [aside, *aside.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    aside.rename(target)
    return made


def _unneeded(folder: str, names: list[str]) -> set[str]:
    """Files for compilers and people only, three quarters of the installation."""
    tools = set(names) - {"postgres", "initdb"} if Path(folder).name == "bin" else set()
    return tools | {name for name in names if name in ("include", "pgxs") or name.endswith(".a")}


def _fingerprint(binaries: Binaries) -> str:
    return hashlib.sha256(binaries.postgres.read_bytes() + binaries.initdb.read_bytes()).hexdigest()[:12]


def _below(target: Path, binaries: Binaries) -> Binaries:
    prefix = target / binaries.prefix.parent.name / binaries.prefix.name
    return Binaries(prefix, target / binaries.libraries.name if binaries.libraries else None)
