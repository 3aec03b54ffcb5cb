"""`keyturn up`: database, migrations, web and worker on one machine, under one supervisor."""

import ipaddress
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from app import local
from app.cli.output import Failed, SettingsUnusable
from app.kit import child_processes
from app.kit.child_processes import Child, ChildFailed, Part
from app.kit.embedded_postgres.failures import PostgresFailure
from app.kit.embedded_postgres.server import EmbeddedPostgres
from app.settings import SettingsWrong, environment, load

err = Console(stderr=True, highlight=False, soft_wrap=True)


def run(host: str, port: int, data_dir: Path | None) -> None:
    """Run everything on this machine; without DATABASE_URL with an embedded PostgreSQL."""
    folder = local.data_folder(data_dir)
    host = host.removeprefix("[").removesuffix("]")
    if problem := _unusable(host, port):
        raise SettingsUnusable(problem)
    try:
        with _database(folder) as (url, server):
            address = here(host, port)
            env = {**os.environ, "DATABASE_URL": url, **local.keep(address)}
            if environment("KEYTURN_SECRET_KEYS") is None:
                err.print(
                    f"· the key ring is {local.key_file()}: keep a copy apart from the data, nothing opens without it"
                )
            os.environ.update(env)
            from app import migrate  # Alembic is slow to load, and other commands do without

            migrate.upgrade(load().database_url)
            _serve(env, host, port, address, folder, server)
    except SettingsWrong as wrong:
        raise SettingsUnusable(*wrong.sentences) from wrong
    except (ChildFailed, PostgresFailure) as failed:
        raise Failed(f"Keyturn stopped: {failed}") from failed


def _unusable(host: str, port: int) -> str | None:
    """Reason why --host and --port cannot be used; None if they can."""
    if problem := child_processes.why_not(host, port):
        return problem
    if environment("KEYTURN_PUBLIC_URL") is None and not (_is_any(host) or _is_loopback(host)):
        return (
            f"--host {host} can be reached by others, and clients need https: set KEYTURN_PUBLIC_URL to the https "
            "address of the proxy in front, or leave --host out."
        )
    return None


def here(host: str, port: int) -> str:
    """The address at which this machine reaches what will listen on a host.

    With the name `localhost` where it leads there: browsers make passkeys for names only.
    """
    if _is_any(host):
        host = "::1" if ":" in host else "127.0.0.1"
    if child_processes.is_localhost(host, port):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")  # noqa: S104 - read, not bound


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _database(folder: Path) -> Iterator[tuple[str, EmbeddedPostgres | None]]:
    if given := environment("DATABASE_URL"):
        yield given, None
        return
    err.print(f"· starting the embedded PostgreSQL (its data: {folder})")
    with EmbeddedPostgres(folder) as server:
        server.ensure_database(local.DATABASE)
        yield server.dsn(local.DATABASE), server


def _serve(
    env: dict[str, str], host: str, port: int, address: str, folder: Path, server: EmbeddedPostgres | None
) -> None:
    """Supervise the processes until SIGINT or SIGTERM: one that ends is restarted."""
    told: list[int] = []
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, _: told.append(number))
    running: dict[str, Child] = {}

    def part(name: str, *arguments: str) -> Part:
        def start() -> None:
            running[name] = child_processes.start(name, [sys.executable, "-m", *arguments], env=env)

        start()
        return Part(name, start, lambda: running[name].process.poll())

    try:
        parts = [part("web", "app.web", "--host", host, "--port", str(port)), part("worker", "app.worker")]
        if server is not None:
            parts.insert(0, Part("PostgreSQL", server.start, lambda: server.status, see=str(folder / "postgres.log")))
        child_processes.wait_for(running["web"], f"{address}/readyz")
        # other commands look in the default data directory
        where = "" if folder == local.usual_folder() else f"KEYTURN_DATA_DIR={shlex.quote(str(folder))} "
        err.print(f"· Keyturn is up at {env['KEYTURN_PUBLIC_URL']}")
        from app.cli import first_key  # the database is there only now

        err.print(f"· an API key: `{where}keyturn key create`; another address to begin: `{where}keyturn setup`")
        if first_key.is_empty():
            err.print(f"\n· Begin here, in a browser, within a day: {first_key.setup_address()}\n")
        while not told:
            time.sleep(0.2)
            child_processes.check_parts(
                parts, lambda words: err.print(f"· {escape(words)}"), (PostgresFailure, OSError)
            )
    finally:
        child_processes.stop(list(running.values()))
