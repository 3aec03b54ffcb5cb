"""The account the server runs as: never root, and always the one that owns the data already there."""

import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
LAST_RESORT = 65534


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


def choose(cluster: Path) -> Account:
    """As root: the owner of the data when there is some, else `postgres`, `nobody` or uid 65534."""
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


def run(command: list[str], account: Account, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a short PostgreSQL program to its end as the account, in the folder."""
    return subprocess.run(  # noqa: S603 - our own list of words, no shell
        _as_child(command, account, folder, signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def spawn(command: list[str], account: Account, folder: Path, log: int) -> subprocess.Popen[bytes]:
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
