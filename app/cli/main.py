"""The command `keyturn`: commands of this machine, and one group for each noun of the API.

Nothing heavy is imported at the top: help and shell completion answer at once, and a client needs no server's code.
"""

import importlib.util
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from app import VERSION
from app.cli import operations
from app.cli.api_commands import ApiGroup, Commands
from app.cli.output import Failed

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API answers it.")
_host = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
_port = click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen on."
)
_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path), envvar="KEYTURN_DATA_DIR", help="Where the data lies."
)


class Keyturn(Commands):
    """All commands. An unusable database is reported in one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """Commands of this machine, then the groups of the API."""
        return [*self.commands, *(name for name in operations.groups() if name not in self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """The command or group of this name."""
        if cmd_name not in self.commands and cmd_name in operations.groups():
            return ApiGroup(cmd_name, help=operations.groups()[cmd_name])
        return self.commands.get(cmd_name)

    def sections(self, ctx: click.Context) -> list[tuple[str, list[str]]]:
        """Two lists: what runs on this machine, and what calls the API."""
        names, api = self.list_commands(ctx), operations.groups()
        return [
            ("On the machine of the installation", [each for each in names if each not in api]),
            ("From anywhere, through the API", [each for each in names if each in api]),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as problem:
            from app import local

            words = local.unreachable(problem)
            if words is None:
                raise
            raise Failed(words) from problem


@click.group(
    cls=Keyturn,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
)
@click.version_option(VERSION, prog_name="keyturn", message="%(prog)s %(version)s")
def cli() -> None:
    """Partner access to TikTok Business Centers: requested by one link, verified, and revoked.

    Commands that call the API take the address of the installation from KEYTURN_URL and a key from KEYTURN_API_KEY.
    Exit status: 0 done; 1 refused or unreachable; 2 invalid command line or setting.
    """


@cli.command()
@_host
@_port
@_data_dir
def up(host: str, port: int, data_dir: Path | None) -> None:
    """Run web, worker and an embedded PostgreSQL on this machine.

    DATABASE_URL names another PostgreSQL."""
    from app.cli import up

    up.run(host, port, data_dir)


@cli.command()
@_host
@_port
def web(host: str, port: int) -> None:
    """Serve the client's pages and the API."""
    from app.cli import first_key
    from app.web import serve

    first_key.load()
    serve(host, port)


@cli.command()
def worker() -> None:
    """Run the background work."""
    import uvloop

    from app import worker
    from app.cli import first_key

    uvloop.run(worker.run(first_key.load()))


@cli.command()
def migrate() -> None:
    """Bring the database to the tables of this version."""
    from app import migrate
    from app.cli import first_key

    migrate.upgrade(first_key.load().database_url)
    click.echo("The database has the tables of this version.")


class Doctor(click.Command):
    """A command with a flag for each platform with an API. Platforms are loaded when the command is used."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The flags of the platforms, and the other options."""
        from app.platforms import declarations

        names = {f"--{key.replace('_', '-')}": (key, one.name) for key, one in declarations.every().items()}
        flags = [
            click.Option(
                [flag, "platform"], flag_value=key,
                help=f"Also try the {name} app, permissions, connection and reads.",
            )
            for flag, (key, name) in names.items()
        ]  # fmt: skip
        as_json = click.Option(
            ["--json", "as_json"], is_flag=True, help=f"With {' or '.join(names)}: print JSON, as the API answers it."
        )
        *others, help_option = super().get_params(ctx)
        return [*flags, *others, as_json, help_option]


@cli.command(cls=Doctor)
@click.option("--agency", help="Whose, by slug; where there are several, else the default app.")
def doctor(platform: str | None, agency: str | None, as_json: bool) -> None:
    """Check the installation, and say what to do about each failure.

    Settings, database, TikTok app, redirect address, public address, mail and egress."""
    from app.cli import doctor

    doctor.run(platform=platform, agency=agency, as_json=as_json)


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a dump of the database to FILE.

    `pg_restore` reads it. An older dump in FILE is replaced. Keep a copy of the key ring too, in another place.
    """
    from app.cli import backup

    backup.run(file)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_data_dir
@click.option("--replace", is_flag=True, help="Give up what is in the database.")
@click.option("--key-is-lost", is_flag=True, help="Restore though keys are missing, and give up what they open.")
def restore(file: Path, data_dir: Path | None, replace: bool, key_is_lost: bool) -> None:
    """Restore a dump of `keyturn backup` into an empty database.

    Into DATABASE_URL, else into the embedded PostgreSQL. Checks first that the key ring opens the dump."""
    from app.cli import restore

    restore.run(file, data_dir=data_dir, replace=replace, key_is_lost=key_is_lost)


@cli.command("secret-key")
def secret_key() -> None:
    """Print a new key for KEYTURN_SECRET_KEYS."""
    from app.kit import encryption

    click.echo(encryption.new_key())


if importlib.util.find_spec("demo"):  # part of a clone, not of the image

    @cli.command()
    @click.option("--walk", is_flag=True, help="Walk whole onboardings by itself, then end.")
    @click.option("--simulate", default="", help="E.g. partner-approval,read-lag=3,qps=5,flaky=0.2,lost-answers=0.2")
    @click.option("--json", "as_json", is_flag=True, help="With --walk: figures as the last line.")
    @click.option(
        "--port",
        type=int,
        default=8000,
        show_default=True,
        help="Of the web; the next two are TikTok's and the inbox's.",
    )
    @_data_dir
    def demo(walk: bool, simulate: str, as_json: bool, port: int, data_dir: Path | None) -> None:
        """Run a demo with a simulated TikTok.

        It has a seeded agency and a CRM inbox. Nothing leaves this machine."""
        from demo import commands

        commands.run(walk_=walk, simulate=simulate, as_json=as_json, port=port, data_dir=data_dir)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    For example: `source <(keyturn completion bash)`."""
    made = get_completion_class(shell)
    assert made is not None  # click has the three
    click.echo(made(cli, {}, "keyturn", "_KEYTURN_COMPLETE").source())


@cli.group(cls=Commands)
def key() -> None:
    """Create the first API key.

    Later keys are created with `keyturn keys create`."""


@key.command("create")
@click.option("--name", required=True, help="What will use it.")
@click.option("--scopes", multiple=True, help="What it may do, such as links:read. May be repeated. All unless given.")
@click.option("--days", type=click.IntRange(1, 3650), help="It expires after as many days.")
@click.option("--agency", help="The agency's slug; needed where there are several.")
@_json
def create_key(name: str, scopes: tuple[str, ...], days: int | None, agency: str | None, as_json: bool) -> None:
    """Create an API key, and print its value once."""
    from app.cli import first_key

    first_key.create_key(name=name, scopes=list(scopes), days=days, agency=agency, as_json=as_json)


agency = ApiGroup("agency", help=operations.groups()["agency"])
cli.add_command(agency)


@agency.command("create")
@click.option("--name", required=True, help="As its clients know it.")
@click.option("--slug", required=True, help="The first part of its link addresses.")
@click.option("--contact-name", required=True, help="The human contact on every screen.")
@click.option("--contact-email", required=True, help="The contact's e-mail address.")
@_json
def create_agency(name: str, slug: str, contact_name: str, contact_email: str, as_json: bool) -> None:
    """Create an agency."""
    from app.cli import first_key

    first_key.create_agency(
        name=name, slug=slug, contact_name=contact_name, contact_email=contact_email, as_json=as_json
    )


@agency.command("list")
@_json
def list_agencies(as_json: bool) -> None:
    """List the agencies of this installation."""
    from app.cli import first_key

    first_key.list_agencies(as_json=as_json)


audit = ApiGroup("audit", help=operations.groups()["audit"])
cli.add_command(audit)


@audit.command("verify")
@click.option("--agency", help="Only this one, by slug.")
@click.option("--seal", "kept", multiple=True, help="A seal that you kept, as on a receipt. May be repeated.")
def verify_audit(agency: str | None, kept: tuple[str, ...]) -> None:
    """Verify that no event and no audit entry was changed or removed.

    Runs on the machine of the installation, with its key ring. Exit status 1 if something was."""
    from app.cli import verify

    verify.run(agency=agency, kept=kept)


@cli.command()
def setup() -> None:
    """Print a one-time address at which an agency and its owner are made, in a browser."""
    from app.cli import first_key

    click.echo(first_key.setup_address())


@cli.group(cls=Commands)
def member() -> None:
    """Let people of the agency into the dashboard."""


@member.command("invite")
@click.option("--email", help="E-mail address. Of a member: they sign in once without the password.")
@click.option(
    "--role", type=click.Choice(["owner", "manager", "member", "viewer"]), default="owner", show_default=True,
    help="What a new member may do.",
)  # fmt: skip
@click.option("--agency", help="The agency's slug; needed where there are several.")
@click.option(
    "--lost-phone", is_flag=True, help="Also switch off that member's second factor, and remove their passkeys."
)
def invite_member(email: str | None, role: str, agency: str | None, lost_phone: bool) -> None:
    """Print a one-time address at which somebody becomes a member."""
    from app.cli import first_key

    click.echo(first_key.member_address(email=email, role=role, agency=agency, lost_phone=lost_phone))


def main() -> None:
    """The entry point."""
    cli(prog_name="keyturn")
