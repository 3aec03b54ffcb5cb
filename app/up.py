"""`keyturn up`: database, migrations, web and worker on one machine, under one supervisor."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app import migrate
from app.kit import children, vault
from app.kit.children import Child, ChildFailed
from app.kit.postgres.failures import PostgresFailure
from app.kit.postgres.folders import default_data_dir
from app.kit.postgres.server import EmbeddedPostgres
from app.settings import SettingsWrong, load

DATABASE = "keyturn"
err = Console(stderr=True, highlight=False)


def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    data_dir: Annotated[Path | None, typer.Option(envvar="KEYTURN_DATA_DIR", help="Where the data lies.")] = None,
) -> None:
    """Runs everything here. Without DATABASE_URL on an embedded PostgreSQL, for trials and small installations."""
    folder = data_dir or default_data_dir(is_root=os.geteuid() == 0)
    try:
        with _database(folder) as url:
            env = {**os.environ, "DATABASE_URL": url, **_own_settings(f"http://{host}:{port}")}
            os.environ.update(env)
            migrate.upgrade(load().database_url)
            _serve(env, host, port)
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
        server.ensure_database(DATABASE)
        yield server.dsn(DATABASE)


def _own_settings(public_url: str) -> dict[str, str]:
    """What is not set: this machine's address, and a key ring made once and kept beside the configuration."""
    own = {}
    if "KEYTURN_PUBLIC_URL" not in os.environ:
        own["KEYTURN_PUBLIC_URL"] = public_url
    if "KEYTURN_SECRET_KEYS" not in os.environ:
        place = key_file()
        if not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(vault.new_key() + "\n")
        err.print(f"· the key ring is {place}; keep a copy of it apart from the data, nothing sealed opens without it")
        own["KEYTURN_SECRET_KEYS"] = place.read_text().strip()
    return own


def key_file() -> Path:
    """The key ring `up` makes for itself: apart from the data, so that a copy of the data alone opens nothing."""
    if os.geteuid() == 0:
        return Path("/etc/keyturn/secret-keys")
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "keyturn" / "secret-keys"


def _serve(env: dict[str, str], host: str, port: int) -> None:
    told: list[int] = []
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, _: told.append(number))
    program = [sys.executable, "-m", "app.cli"]
    started: list[Child] = []
    try:
        started.append(children.start("web", [*program, "web", "--host", host, "--port", str(port)], env=env))
        started.append(children.start("worker", [*program, "worker"], env=env))
        children.wait_for(started[0], f"http://{host}:{port}/readyz")
        err.print(f"· Keyturn is up at {env['KEYTURN_PUBLIC_URL']}; make an agency with `keyturn agency create`")
        while not told:
            time.sleep(0.2)
            for child in started:
                child.check()
    finally:
        children.stop(started)
