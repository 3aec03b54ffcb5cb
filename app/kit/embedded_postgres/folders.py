"""Directories of the embedded server, and their permissions."""

import hashlib
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.kit.embedded_postgres.account import Account
from app.kit.embedded_postgres.failures import PostgresUnreachable

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET = 103  # bytes; Linux takes 107 and macOS 103
PRIVATE = 0o700


@dataclass(frozen=True)
class Folders:
    """The layout below one data folder. Only `cluster` and `socket` belong to the server's account."""

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
    """The same data folder always gives the same socket, so a second process can find a running server."""
    home = data_dir.absolute()
    return Folders(home, _usable(socket_dir.absolute() if socket_dir else home / "socket"))


def open_home(home: Path, account: Account) -> None:
    """Make the data folder, or make a new and empty one passable for the server's account.

    The modes of a folder with things in it are somebody's decision and stay as they are.
    """
    fresh = not home.exists()
    home.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    if account.changes and (fresh or not any(home.iterdir())):
        os.chown(home, -1, account.gid)
        home.chmod(0o710)


def give(folder: Path, account: Account) -> None:
    """A 0700 folder of the server's account; one that somebody else put there is refused."""
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


def tidy(where: Folders) -> None:
    """Take away a socket folder that lies outside the data folder."""
    if where.socket.parent != where.home:
        with suppress(OSError):
            where.socket.rmdir()


def _usable(wanted: Path) -> Path:
    """The folder itself, or a short one named after it where a socket or a URL cannot hold it."""
    if _fits(wanted) and re.fullmatch(r"[\w./+-]+", str(wanted), re.ASCII):
        return wanted
    name = f"keyturn-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]}"
    private = Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)
    if os.geteuid() != 0 and private.is_absolute() and private.parent.is_dir() and _fits(private):
        return private
    return Path("/tmp", name)  # noqa: S108 - `give` refuses a folder that is not ours


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET
