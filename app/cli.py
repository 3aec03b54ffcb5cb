"""The command `keyturn`: assembly for people at a terminal."""

import importlib.util
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from app import backup, local, up
from app.commands import add_all
from app.doctor import checkup
from app.kit import encryption
from app.settings import Settings, SettingsWrong

err = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(TyperGroup):
    """Every command: a database that cannot be used is said in one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except Exception as problem:
            words = local.unreachable(problem)
            if words is None:
                raise
            err.print(f"[red]·[/red] {escape(words)}")
            raise typer.Exit(1) from problem


cli = typer.Typer(
    name="keyturn", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Partner access to TikTok Business Centers: asked by one link, proved, told, taken away.",
)  # fmt: skip

Port = Annotated[int, typer.Option(help="The port to listen on.")]
Host = Annotated[str, typer.Option(help="The address to listen on.")]


def load() -> Settings:
    """The settings, or their sentences and exit status 2."""
    try:
        return local.load()
    except SettingsWrong as wrong:
        for sentence in wrong.sentences:
            err.print(f"[red]·[/red] {sentence}")
        raise typer.Exit(2) from wrong


@cli.command()
def web(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serves the client's pages and the API."""
    from app.web import serve  # what serves the web is not loaded for other commands

    load()
    serve(host, port)


@cli.command("worker")
def worker_() -> None:
    """Does everything that is due."""
    import uvloop

    from app import worker

    uvloop.run(worker.run(load()))


@cli.command("migrate")
def migrate_() -> None:
    """Brings the database to the tables of this version."""
    from app import migrate

    migrate.upgrade(load().database_url)
    typer.echo("The database has the tables of this version.")


@cli.command("secret-key")
def secret_key() -> None:
    """Prints a fresh key for KEYTURN_SECRET_KEYS."""
    typer.echo(encryption.new_key())


cli.command("up")(up.up)
cli.command("doctor")(checkup.doctor)
cli.command("backup")(backup.backup)
if importlib.util.find_spec("demo"):  # part of a clone, not of the image
    from demo import commands as demo

    cli.command("demo")(demo.demo)
add_all(cli, load)


def main() -> None:
    """The entry point."""
    cli()


if __name__ == "__main__":
    main()
