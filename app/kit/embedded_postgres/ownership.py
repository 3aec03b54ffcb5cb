"""One owner for a data folder: our lock among starters, and what a `postmaster.pid` left behind is worth."""

import fcntl
import os
import time
from pathlib import Path

from app.kit.embedded_postgres.failures import PostgresOwned

PAUSE = 0.05


def take(lock: Path, patience: float) -> int:
    """The held lock as a descriptor; closing it, or dying, lets go. The file stays: removing it is a race."""
    held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + patience
    while not _locked(held):
        if time.monotonic() > until:
            owner = os.pread(held, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(held)
            raise PostgresOwned(
                f"The data folder {lock.parent} is in use by Keyturn's process {owner}: "
                "stop that one first, or choose another KEYTURN_DATA_DIR."
            )
        time.sleep(PAUSE)
    os.ftruncate(held, 0)
    os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
    return held


def outlast(folder: Path, patience: float) -> None:
    """Wait until no PostgreSQL process works in the folder: a killed owner's may still be going down."""
    until = time.monotonic() + patience
    while living := _living_in(folder):
        if time.monotonic() > until:
            raise PostgresOwned(
                f"A PostgreSQL server that is not ours (pid {living[0]}) runs on {folder}: "
                f"stop it with `kill -INT {living[0]}` and start again."
            )
        time.sleep(PAUSE)


def clear(postmaster: Path) -> None:
    """Take a stale `postmaster.pid` away that would stop the next server. Needs the lock and `outlast`.

    Nobody of PostgreSQL is at work there, so a pid in it that exists is a zombie, or a stranger that was
    given the number. Where it is dead the file stays: PostgreSQL replaces it, after a look at the shared
    memory it names.
    """
    named = _pid_in(postmaster)
    if named is not None and _exists(named):
        postmaster.unlink()


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _living_in(cluster: Path) -> list[int]:
    """PostgreSQL processes that have the folder for working directory, as each has from its start on.

    Where there is no /proc, the one that `postmaster.pid` names.
    """
    if not Path("/proc/self/stat").exists():
        named = _pid_in(cluster / "postmaster.pid")
        return [named] if named is not None and _exists(named) else []
    pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    return [pid for pid in sorted(pids) if _works_in(pid, cluster)]


def _works_in(pid: int, cluster: Path) -> bool:
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        return name == "postgres" and Path(f"/proc/{pid}/cwd").samefile(cluster)
    except OSError:  # gone, a zombie (it has no folder any more), or somebody else's
        return False


def _pid_in(postmaster: Path) -> int | None:
    try:
        first = postmaster.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
    except FileNotFoundError:
        return None
    return abs(int(first)) if first.lstrip("-").isdecimal() else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
