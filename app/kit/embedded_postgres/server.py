"""The embedded server: one PostgreSQL below one data folder, alive as long as the process that started it.

Works for the main thread of a program or a test run; `stop` may come from anywhere. On systems without
Linux's death signal the server outlives an owner that was killed, and the next start says so with its pid.
"""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from app.kit.embedded_postgres import account, cluster, folders, log, options, ownership, protocol, readiness_probe
from app.kit.embedded_postgres.binaries import Binaries, find
from app.kit.embedded_postgres.failures import (
    PostgresNotStarted,
    PostgresNotStopped,
    PostgresUnreachable,
    PostgresWrongThread,
)

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
        cluster.prepare(where, programs, major, who, self._durable)
        ownership.clear(where.postmaster)
        folders.give(where.socket, who)
        arguments = options.server_arguments(where.cluster, where.socket, self._durable)
        with log.opened(where.log) as output:
            begun = os.fstat(output).st_size
            self._server = account.spawn([str(programs.postgres), *arguments], who, where.cluster, output)
        _wait(self._server, where, begun)


def _wait(server: subprocess.Popen[bytes], where: folders.Folders, begun: int) -> None:
    until = time.monotonic() + START_SECONDS
    while not protocol.answers(where.address):
        if server.poll() is not None or time.monotonic() > until:
            raise PostgresNotStarted(
                f"The database server did not start; mend what the end of {where.log} names, "
                f"then start again:\n{log.tail(where.log, begun)}"
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
