"""Commands as texts name them, held against the tree of commands."""

import re

import click

from app.cli.main import cli

_NAMED = re.compile(r"(?:^ *|`|bin/)keyturn ([a-z][^`\n]*)", re.MULTILINE)


def named(text: str) -> list[str]:
    """Every command that a text names, with what follows it."""
    return [found.partition(" #")[0] for found in _NAMED.findall(text)]


def mistake(words: str) -> str | None:
    """What there is not in a command as it is written; None: it can be typed."""
    command: click.Command | None = cli
    rest = words.split()
    while isinstance(command, click.Group):
        if not rest:
            return None  # a group as a whole
        name = rest.pop(0).strip(".,;:)'\"")
        command = command.get_command(click.Context(command), name)
        if command is None:
            return f"no command {name!r} in {words!r}"
    assert command is not None
    known = {name for each in command.get_params(click.Context(command)) for name in (*each.opts, *each.secondary_opts)}
    options = {word.partition("=")[0].rstrip(".,;:)'\"") for word in rest if re.match(r"--[a-z]", word)}
    unknown = options - known - {"--help"}
    return f"no option {', '.join(sorted(unknown))} in {words!r}" if unknown else None


def mistakes(text: str) -> list[str]:
    """What is wrong with the commands that a text names."""
    return [wrong for wrong in map(mistake, named(text)) if wrong is not None]
