"""Failures of a command: sentences on standard error, and an exit status.

1: refused, or something is unreachable; 2: the command line or the settings are invalid.
"""

from typing import IO, Any

import click


class Failed(click.ClickException):
    """A failure, with further lines about the cause and the next step."""

    def __init__(self, message: str, *lines: str | None) -> None:
        super().__init__(message)
        self.lines = [line for line in lines if line]

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints it; only the first line is red."""
        click.secho(self.message, fg="red", err=True, file=file)
        for line in self.lines:
            click.echo(line, err=True, file=file)


class SettingsUnusable(Failed):
    """A setting of the environment is missing or invalid."""

    exit_code = 2
