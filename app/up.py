"""`keyturn up`: database, migrations, web and worker on one machine, under one supervisor."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app import local
from app.kit import children
from app.kit.children import Child, ChildFailed
from app.kit.postgres.failures import PostgresFailure
from app.kit.postgres.server import EmbeddedPostgres
from app.settings import SettingsWrong, load

err = Console(stderr=True, highlight=False, soft_wrap=True)


def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    data_dir: Annotated[Path | None, typer.Option(envvar="KEYTURN_DATA_DIR", help="Where the data lies.")] = None,
) -> None:
    """Runs everything here. Without DATABASE_URL on an embedded PostgreSQL, for trials and small installations."""
    folder = local.data_folder(data_dir)
    if children.is_taken(host, port):
        err.print(f"[red]·[/red] Port {port} is taken: end what listens there, or choose another with --port.")
        raise typer.Exit(2)
    try:
        with _database(folder) as url:
            env = {**os.environ, "DATABASE_URL": url, **local.keep(f"http://{host}:{port}")}
            if "KEYTURN_SECRET_KEYS" not in os.environ:
                err.print(
                    f"· the key ring is {local.key_file()}: keep a copy apart from the data, nothing opens without it"
                )
            os.environ.update(env)
            from app import migrate  # Alembic is slow to load, and other commands do without

            migrate.upgrade(load().database_url)
            _serve(env, host, port, folder)
    except SettingsWrong as wrong:
        for sentence in wrong.sentences:
            err.print(f"[red]·[/red] {sentence}")
        raise typer.Exit(2) from wrong
    except (ChildFailed, PostgresFailure) as failed:
        err.print(f"[red]Keyturn stopped:[/red] {failed}")
        raise typer.Exit(1) from failed


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    err.print(f"· starting the embedded PostgreSQL (its data: {folder})")
    with EmbeddedPostgres(folder) as server:
        server.ensure_database(local.DATABASE)
        yield server.dsn(local.DATABASE)


def _serve(env: dict[str, str], host: str, port: int, folder: Path) -> None:
    told: list[int] = []
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, _: told.append(number))
    python = [sys.executable, "-m"]
    started: list[Child] = []
    try:
        started.append(children.start("web", [*python, "app.web", "--host", host, "--port", str(port)], env=env))
        started.append(children.start("worker", [*python, "app.worker"], env=env))
        children.wait_for(started[0], f"http://{host}:{port}/readyz")
        # other commands look where the data usually lies
        where = "" if folder == local.usual_folder() else f"KEYTURN_DATA_DIR={shlex.quote(str(folder))} "
        err.print(f"· Keyturn is up at {env['KEYTURN_PUBLIC_URL']}; make an agency with `{where}keyturn agency create`")
        while not told:
            time.sleep(0.2)
            for child in started:
                child.check()
    finally:
        children.stop(started)
