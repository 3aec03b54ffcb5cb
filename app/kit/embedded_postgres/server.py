"""The embedded server: one PostgreSQL below one data folder, with its cluster and its log file.

It lives as long as the process that started it. Works for the main thread of a program or a test run; `stop` may come
from anywhere. On systems without Linux's death signal the server outlives an owner that was killed, and the next start
says so with its pid.
"""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from app.kit.embedded_postgres import account, folders, options, ownership, protocol, readiness_probe
from app.kit.embedded_postgres.binaries import Binaries, find
from app.kit.embedded_postgres.failures import (
    PostgresNotStarted,
    PostgresNotStopped,
    PostgresUnreachable,
    PostgresVersionMismatch,
    PostgresWrongThread,
)
from app.kit.embedded_postgres.folders import Folders, give

LOG_BYTES = 5_000_000  # bytes; then the log starts anew and the old one is kept once
LOG_TAIL_LINES = 8


@contextmanager
def open_log(path: Path) -> Iterator[int]:
    """A descriptor that appends. Never through a symbolic link: root may be in somebody's folder."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".old.log"))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield log
    finally:
        os.close(log)


def log_tail(path: Path, since: int) -> str:
    """The last lines written after the first `since` bytes, for an error."""
    lines = path.read_bytes()[since:].decode("utf-8", "replace").splitlines()
    return "\n".join(lines[-LOG_TAIL_LINES:])


def prepare_cluster(where: Folders, programs: Binaries, major: int, who: account.Account, durable: bool) -> None:
    """Make the cluster, or see that the one there was written by this major version. Needs the lock."""
    if not where.cluster.exists():
        _make_cluster(where, programs, major, who, durable)
    written = (where.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if written != str(major):
        raise PostgresVersionMismatch(
            f"The data in {where.cluster} was written by PostgreSQL {written}, but {major} was found: "
            f"install PostgreSQL {written}, or move the data with pg_dump to another KEYTURN_DATA_DIR."
        )


def _make_cluster(where: Folders, programs: Binaries, major: int, who: account.Account, durable: bool) -> None:
    """Written aside and renamed, so a start that was killed half-way leaves nothing to stumble over."""
    if where.unfinished.exists():
        shutil.rmtree(where.unfinished)
    give(where.unfinished, who)
    arguments = options.initdb_arguments(where.unfinished, protocol.USER, major, durable)
    made = account.run([str(programs.initdb), *arguments], who, where.unfinished)
    if made.returncode != 0:
        said = made.stderr.strip() or made.stdout.strip()
        raise PostgresNotStarted(f"The database folder {where.cluster} could not be made; initdb says: {said}")
    where.unfinished.rename(where.cluster)


PAUSE = 0.02
START_SECONDS = 120.0  # replaying the journal after a crash takes its time
STOP_SECONDS = 30.0


class EmbeddedPostgres:
    """Starts, owns and stops the server. `durable=False` trades safety of the data for speed: tests only.

    `patience` is how many seconds to wait for another owner, or a server still going down, to be gone.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binaries: Binaries | None = None,
        socket_dir: Path | None = None,
        durable: bool = True,
        patience: float = 10.0,
    ) -> None:
        self._folders = folders.lay_out(data_dir, socket_dir)
        self._binaries = binaries
        self._durable = durable
        self._patience = patience
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    @property
    def status(self) -> int | None:
        """Exit status of the server's process; None while it runs, or if it was stopped or never started."""
        return self._server.poll() if self._server else None

    def dsn(self, database: str) -> str:
        """A SQLAlchemy address over the socket. Needs no start: another process may ask for it too."""
        query = urlencode({"host": str(self._folders.socket), "port": "5432"}, safe="/")
        return f"postgresql+asyncpg://{protocol.USER}@/{quote(database, safe='')}?{query}"

    def ensure_database(self, name: str) -> None:
        """Make the database unless it is there."""
        protocol.create_database(self._folders.address, name)

    def start(self) -> None:
        """From the main thread only: Linux stops the server when the *thread* that started it ends."""
        if threading.current_thread() is not threading.main_thread():
            raise PostgresWrongThread("Start the embedded database from the program's main thread.")
        if self.pid is not None:
            return
        self.stop()
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise PostgresUnreachable(
                f"The data folder {self._folders.home} cannot be used ({error}): "
                "give it to this account, or choose another KEYTURN_DATA_DIR."
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast but clean: connections are cut, the data is written out. May be called twice."""
        try:
            if self._server:
                _end(self._server)
                folders.tidy(self._folders)
        finally:
            self._server = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _start(self) -> None:
        where = self._folders
        folders.open_home(where.home, account.choose(where.cluster))
        self._lock = ownership.take(where.lock, self._patience)
        who = account.choose(where.cluster)
        programs, major = readiness_probe.runnable(self._binaries or find(), who, where.home)
        ownership.outlast(where.unfinished, self._patience)
        ownership.outlast(where.cluster, self._patience)
        prepare_cluster(where, programs, major, who, self._durable)
        ownership.clear(where.postmaster)
        folders.give(where.socket, who)
        arguments = options.server_arguments(where.cluster, where.socket, self._durable)
        with open_log(where.log) as output:
            begun = os.fstat(output).st_size
            self._server = account.spawn([str(programs.postgres), *arguments], who, where.cluster, output)
        _wait(self._server, where, begun)


def _wait(server: subprocess.Popen[bytes], where: folders.Folders, begun: int) -> None:
    until = time.monotonic() + START_SECONDS
    while not protocol.answers(where.address):
        if server.poll() is not None or time.monotonic() > until:
            raise PostgresNotStarted(
                f"The database server did not start; mend what the end of {where.log} names, "
                f"then start again:\n{log_tail(where.log, begun)}"
            )
        time.sleep(PAUSE)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then immediate. Never SIGKILL: that would leave the server's own children behind."""
    for hint in (signal.SIGINT, signal.SIGQUIT):
        if server.poll() is None:
            server.send_signal(hint)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return
    raise PostgresNotStopped(f"The database server does not stop: look at its process {server.pid}.")
