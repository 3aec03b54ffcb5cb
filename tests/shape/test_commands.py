"""Every command says what it does, in words that fit on a screen."""

from collections.abc import Iterator

import pytest
import typer

from app.cli import cli

Path = tuple[str, ...]


def _all(command: typer.core.TyperGroup | object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    yield path, command
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from _all(below, (*path, name))


#: Made once, for it takes as long as all of a command's help.
ROOT = typer.main.get_command(cli)
COMMANDS = dict(_all(ROOT))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_says_what_it_does(path: Path) -> None:
    assert ROOT.main([*path, "--help"], prog_name="keyturn", standalone_mode=False) == 0
    assert str(getattr(COMMANDS[path], "help", "")).rstrip().endswith(".")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_option_says_what_it_is(path: Path) -> None:
    silent = [
        each.name
        for each in getattr(COMMANDS[path], "params", [])
        if each.param_type_name == "option" and not getattr(each, "help", None)
    ]
    assert silent == []
