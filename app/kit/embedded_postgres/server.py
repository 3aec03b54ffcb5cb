"""The embedded server: one PostgreSQL in one data directory, with its cluster, settings, log file and socket.

It runs as long as the process that started it. Start it in the main thread of a program or a test run; call `stop` from
any thread. Without Linux's death signal the server outlives a killed owner, and the next start reports its pid.
The client of its socket is synchronous and has no driver, so it works in any thread, with or without an event loop.
Messages: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from app.kit.embedded_postgres import binaries, data_directory
from app.kit.embedded_postgres.binaries import Binaries, find_binaries
from app.kit.embedded_postgres.data_directory import Folders, give_folder
from app.kit.embedded_postgres.failures import (
    PostgresNotStarted,
    PostgresNotStopped,
    PostgresRefused,
    PostgresUnreachable,
    PostgresVersionMismatch,
    PostgresWrongThread,
)

USER = "keyturn"
LOG_BYTES = 5_000_000  # bytes; then a new log is started and one old log is kept
LOG_TAIL_LINES = 8
PAUSE = 0.02
START_SECONDS = 120.0  # replaying the journal after a crash takes its time
STOP_SECONDS = 30.0
SOCKET_SECONDS = 30.0
PROTOCOL_3_0 = 196608
ALWAYS = {
    "listen_addresses": "",  # no TCP: access to the directory of the socket is access to the server
    "unix_socket_permissions": "0700",
    "port": "5432",  # only names the socket
    "max_connections": "200",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",  # as PostgreSQL advises for solid-state storage; its default is that of turning disks
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    # Starts, stops and crashes only: failed statements can hold personal data, and we report those ourselves.
    "log_min_messages": "log",
}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
BUILTIN_LOCALE_SINCE = 17


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
        self._folders = data_directory.lay_out(data_dir, socket_dir)
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
        return f"postgresql+asyncpg://{USER}@/{quote(database, safe='')}?{query}"

    def ensure_database(self, name: str) -> None:
        """Create the database unless it exists."""
        create_database(self._folders.address, name)

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
                data_directory.remove_socket_folder(self._folders)
        finally:
            self._server = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _start(self) -> None:
        where = self._folders
        data_directory.open_home(where.home, data_directory.choose_account(where.cluster))
        self._lock = data_directory.take_lock(where.lock, self._patience)
        who = data_directory.choose_account(where.cluster)
        programs, major = binaries.runnable(self._binaries or find_binaries(), who, where.home)
        data_directory.wait_until_unused(where.unfinished, self._patience)
        data_directory.wait_until_unused(where.cluster, self._patience)
        prepare_cluster(where, programs, major, who, self._durable)
        data_directory.clear_pid_file(where.postmaster)
        data_directory.give_folder(where.socket, who)
        arguments = server_arguments(where.cluster, where.socket, self._durable)
        with open_log(where.log) as output:
            begun = os.fstat(output).st_size
            self._server = data_directory.spawn_as([str(programs.postgres), *arguments], who, where.cluster, output)
        _wait(self._server, where, begun)


def _wait(server: subprocess.Popen[bytes], where: data_directory.Folders, begun: int) -> None:
    until = time.monotonic() + START_SECONDS
    while not is_ready(where.address):
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


@contextmanager
def open_log(path: Path) -> Iterator[int]:
    """A descriptor that appends. Follows no symbolic link: root may write in a directory of another account."""
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


def prepare_cluster(where: Folders, programs: Binaries, major: int, who: data_directory.Account, durable: bool) -> None:
    """Create the cluster, or check that an existing one has this major version. Needs the lock."""
    if not where.cluster.exists():
        _make_cluster(where, programs, major, who, durable)
    written = (where.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if written != str(major):
        raise PostgresVersionMismatch(
            f"The data in {where.cluster} was written by PostgreSQL {written}, but {major} was found: "
            f"install PostgreSQL {written}, or move the data with pg_dump to another KEYTURN_DATA_DIR."
        )


def _make_cluster(where: Folders, programs: Binaries, major: int, who: data_directory.Account, durable: bool) -> None:
    """Create the cluster in another directory and rename it, so that a killed start leaves nothing behind."""
    if where.unfinished.exists():
        shutil.rmtree(where.unfinished)
    give_folder(where.unfinished, who)
    arguments = initdb_arguments(where.unfinished, USER, major, durable)
    made = data_directory.run_as([str(programs.initdb), *arguments], who, where.unfinished)
    if made.returncode != 0:
        said = made.stderr.strip() or made.stdout.strip()
        raise PostgresNotStarted(f"The database folder {where.cluster} could not be created; initdb reports: {said}")
    where.unfinished.rename(where.cluster)


def server_arguments(cluster: Path, socket: Path, durable: bool) -> list[str]:
    """Arguments of `postgres`."""
    settings = ALWAYS | {"unix_socket_directories": _listed(socket)} | ({} if durable else THROWAWAY)
    return [
        "-D",
        str(cluster),
        *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
    ]


def initdb_arguments(cluster: Path, user: str, major: int, durable: bool) -> list[str]:
    """Arguments of `initdb`: UTF-8, sorted by code point, the same on every machine."""
    if major >= BUILTIN_LOCALE_SINCE:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        locale = ["--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"]
    rights = ["--auth-local=trust", "--auth-host=reject", f"--username={user}"]
    return ["-D", str(cluster), "--encoding=UTF8", *locale, *rights, *([] if durable else ["--no-sync"])]


def _listed(socket: Path) -> str:
    """The setting is a comma list, where a quoted item may hold commas and blanks."""
    return '"' + str(socket).replace('"', '""') + '"'


class ServerRefused(Exception):
    """An ErrorResponse: SQLSTATE and text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code


def is_ready(address: Path) -> bool:
    """True if a server accepts connections at this socket."""
    try:
        _converse(address, None)
    except (OSError, ServerRefused):  # 57P03 while it starts; no socket before that
        return False
    return True


def create_database(address: Path, name: str) -> None:
    """Create the database unless it exists."""
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        _converse(address, f"CREATE DATABASE {quoted} TEMPLATE template0")
    except ServerRefused as refused:
        if refused.code not in ("42P04", "23505"):  # exists, or is being created by another process
            raise PostgresRefused(f"The database {name} could not be created: {refused}.") from refused
    except OSError as error:
        raise PostgresRefused(f"The database server at {address} does not answer: start it first.") from error


def _converse(address: Path, statement: str | None) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(SOCKET_SECONDS)
        line.connect(str(address))
        greeting = b"".join(word.encode() + b"\0" for word in ("user", USER, "database", "postgres", ""))
        line.sendall(struct.pack("!ii", len(greeting) + 8, PROTOCOL_3_0) + greeting)
        _until_ready(line)
        if statement is not None:
            body = statement.encode() + b"\0"
            line.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
            _until_ready(line)
        line.sendall(b"X" + struct.pack("!i", 4))


def _until_ready(line: socket.socket) -> None:
    refused: ServerRefused | None = None
    while True:
        kind = _exactly(line, 1)
        body = _exactly(line, struct.unpack("!i", _exactly(line, 4))[0] - 4)
        if kind == b"E":
            refused = _refusal(body)
            if body[:1] == b"S" and body.split(b"\0")[0] in (b"SFATAL", b"SPANIC"):
                raise refused
        elif kind == b"Z":
            if refused:
                raise refused
            return


def _refusal(body: bytes) -> ServerRefused:
    fields = {field[:1]: field[1:].decode("utf-8", "replace") for field in body.split(b"\0") if field}
    return ServerRefused(fields.get(b"C", ""), fields.get(b"M", ""))


def _exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = line.recv(size - len(got))
        if not more:
            raise ConnectionError("the server closed the connection")
        got += more
    return got
