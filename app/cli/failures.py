"""How a command ends that could not do its work: sentences on standard error, and an exit status.

1: it was refused, or something could not be reached; 2: the command line or the settings are wrong.
"""

from typing import IO, Any

import click


class Failed(click.ClickException):
    """What went wrong, and further lines about why and what to do."""

    def __init__(self, message: str, *lines: str | None) -> None:
        super().__init__(message)
        self.lines = [line for line in lines if line]

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints it; only the first line is red."""
        click.secho(self.message, fg="red", err=True, file=file)
        for line in self.lines:
            click.echo(line, err=True, file=file)


class SettingsUnusable(Failed):
    """What the environment sets is missing or cannot be used."""

    exit_code = 2
