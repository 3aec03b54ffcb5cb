"""Data directory of the embedded server: layout, permissions, account and owner.

The server never runs as root, and always as the account that owns existing data. A lock gives the directory one owner.
"""

import fcntl
import hashlib
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.kit.embedded_postgres.failures import PostgresOwned, PostgresUnreachable

CHILD = Path(__file__).with_name("child.py")
LAST_RESORT = 65534
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET = 103  # bytes; Linux takes 107 and macOS 103
PRIVATE = 0o700
LOCK_PAUSE = 0.05


@dataclass(frozen=True)
class Account:
    """The account that runs a PostgreSQL program; -1 keeps the current one."""

    uid: int = -1
    gid: int = -1

    @property
    def changes(self) -> bool:
        return self.uid >= 0

    @property
    def name(self) -> str:
        return _name(self.uid if self.changes else os.geteuid())


@dataclass(frozen=True)
class Folders:
    """Layout of a data directory. Only `cluster` and `socket` belong to the server's account."""

    home: Path
    socket: Path

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def unfinished(self) -> Path:
        return self.home / "cluster.new"

    @property
    def lock(self) -> Path:
        return self.home / "owner.lock"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def postmaster(self) -> Path:
        return self.cluster / "postmaster.pid"

    @property
    def address(self) -> Path:
        return self.socket / SOCKET_NAME


def default_data_dir(is_root: bool) -> Path:
    """The default data directory."""
    return Path("/var/lib/keyturn") if is_root else Path.home() / ".local" / "share" / "keyturn"


def lay_out(data_dir: Path, socket_dir: Path | None) -> Folders:
    """Layout of this data directory. Its socket is always the same, so a second process can find a running server."""
    home = data_dir.absolute()
    return Folders(home, _usable(socket_dir.absolute() if socket_dir else home / "socket"))


def open_home(home: Path, account: Account) -> None:
    """Create the data directory, or let the server's account pass through a new, empty one.

    The mode of a directory that is not empty stays as it is.
    """
    fresh = not home.exists()
    home.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    if account.changes and (fresh or not any(home.iterdir())):
        os.chown(home, -1, account.gid)
        home.chmod(0o710)


def give_folder(folder: Path, account: Account) -> None:
    """Create a directory of the server's account with mode 0700. Raises PostgresUnreachable."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    found = folder.lstat()
    if account.changes and found.st_uid == 0 and not any(folder.iterdir()):
        os.lchown(folder, account.uid, account.gid)
        found = folder.lstat()
    owner = account.uid if account.changes else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != PRIVATE:
        raise PostgresUnreachable(
            f"{folder} must be a folder of the account {account.name} with mode 0700: remove it and retry."
        )


def remove_socket_folder(where: Folders) -> None:
    """Remove a socket directory that is outside the data directory."""
    if where.socket.parent != where.home:
        with suppress(OSError):
            where.socket.rmdir()


def _usable(wanted: Path) -> Path:
    """The directory itself, or a short one named after it if its path does not fit into a socket or URL."""
    if _fits(wanted) and re.fullmatch(r"[\w./+-]+", str(wanted), re.ASCII):
        return wanted
    name = f"keyturn-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]}"
    private = Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)
    if os.geteuid() != 0 and private.is_absolute() and private.parent.is_dir() and _fits(private):
        return private
    return Path("/tmp", name)  # noqa: S108 - `give_folder` refuses a folder that is not ours


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET


def choose_account(cluster: Path) -> Account:
    """Account of the server. For root: the owner of existing data, else `postgres`, `nobody` or uid 65534."""
    if os.geteuid() != 0:
        return Account()
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid)
    return Account(LAST_RESORT, LAST_RESORT)


def run_as(command: list[str], account: Account, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a short PostgreSQL program to its end as the account, in the folder."""
    return subprocess.run(  # noqa: S603 - our own list of words, no shell
        _as_child(command, account, folder, signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def spawn_as(command: list[str], account: Account, folder: Path, log: int) -> subprocess.Popen[bytes]:
    """Start the server; it is stopped fast but cleanly (SIGINT) when the calling *thread* ends."""
    return subprocess.Popen(  # noqa: S603 - our own list of words, no shell
        _as_child(command, account, folder, signal.SIGINT),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C in the terminal reaches us first; we stop the server after our work
    )


def _as_child(command: list[str], account: Account, folder: Path, death: signal.Signals) -> list[str]:
    numbers = [os.getpid(), account.uid, account.gid, int(death)]
    return [sys.executable, "-I", "-S", str(CHILD), *map(str, numbers), str(folder), *command]


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def take_lock(lock: Path, patience: float) -> int:
    """Take the lock; returns its descriptor. Closing it or the end of the process releases it. The file stays: removing
    it is a race. Raises PostgresOwned.
    """
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
        time.sleep(LOCK_PAUSE)
    os.ftruncate(held, 0)
    os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
    return held


def wait_until_unused(folder: Path, patience: float) -> None:
    """Wait until no PostgreSQL process works in the directory: one of a killed owner may still stop.

    Raises PostgresOwned.
    """
    until = time.monotonic() + patience
    while living := _living_in(folder):
        if time.monotonic() > until:
            raise PostgresOwned(
                f"A PostgreSQL server that is not ours (pid {living[0]}) runs on {folder}: "
                f"stop it with `kill -INT {living[0]}` and start again."
            )
        time.sleep(LOCK_PAUSE)


def clear_pid_file(postmaster: Path) -> None:
    """Remove a stale `postmaster.pid` that would stop the next server. Needs the lock and `wait_until_unused`.

    No PostgreSQL process works there, so a process with its pid is a zombie or another program. If there is none, the
    file stays: PostgreSQL checks the shared memory that it names, and replaces it.
    """
    named = _pid_in(postmaster)
    if named is not None and _process_exists(named):
        postmaster.unlink()


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _living_in(cluster: Path) -> list[int]:
    """PostgreSQL processes whose working directory this is. Without /proc: the one that `postmaster.pid` names."""
    if not Path("/proc/self/stat").exists():
        named = _pid_in(cluster / "postmaster.pid")
        return [named] if named is not None and _process_exists(named) else []
    pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    return [pid for pid in sorted(pids) if _works_in(pid, cluster)]


def _works_in(pid: int, cluster: Path) -> bool:
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        return name == "postgres" and Path(f"/proc/{pid}/cwd").samefile(cluster)
    except OSError:  # ended, a zombie (without working directory), or of another account
        return False


def _pid_in(postmaster: Path) -> int | None:
    try:
        first = postmaster.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
    except FileNotFoundError:
        return None
    return abs(int(first)) if first.lstrip("-").isdecimal() else None


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
