"""The tree of commands: one for each operation of the API, each with words that fit on a screen, and quick to start."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app import routes
from app.cli import operations
from app.cli.api_commands import ApiGroup, Commands
from app.cli.main import cli
from tests.api import operations as documented

ROOT = Path(__file__).parents[2]
#: The server's code, which takes seconds to import, and what only a command that runs needs.
HEAVY = {
    "fastapi",
    "starlette",
    "pydantic",
    "sqlalchemy",
    "alembic",
    "jinja2",
    "httpx2",
    "rich",
    "app.main",
    "app.routes",
}

Words = tuple[str, ...]


def _all(command: click.Command, path: Words = ()) -> Iterator[tuple[Words, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            yield from _all(below, (*path, name))


COMMANDS = dict(_all(cli))
GROUPS = [path for path, each in COMMANDS.items() if isinstance(each, click.Group)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_says_what_it_does(path: Words) -> None:
    assert cli.main([*path, "--help"], prog_name="keyturn", standalone_mode=False) == 0
    assert str(COMMANDS[path].help).rstrip().endswith("."), COMMANDS[path].help


@pytest.mark.parametrize("width", [80, 110])
@pytest.mark.parametrize(
    "path", [path for path, each in COMMANDS.items() if isinstance(each, click.Group)], ids=" ".join
)
def test_no_summary_is_cut_and_those_of_this_machine_are_short(path: Words, width: int) -> None:
    group = COMMANDS[path]
    assert isinstance(group, Commands)
    with click.Context(group, terminal_width=width) as context:
        assert "..." not in group.get_help(context).replace("[ARGS]...", "")
        widest = max(map(len, group.list_commands(context)))
        for name, command in group.commands.items():
            fits = 4 + widest + len(command.get_short_help_str(200)) <= 110
            assert fits or isinstance(command, click.Group), name


@pytest.mark.parametrize(
    ("words", "meant"), [("link list", "Did you mean 'links'?"), ("links lst", "Did you mean 'list'?"),
                         ("key crate", "Did you mean 'create'?"), ("zzz", "No such command 'zzz'.\n")],
)  # fmt: skip
def test_an_unknown_command_suggests_the_nearest(words: str, meant: str) -> None:
    refused = CliRunner().invoke(cli, words.split())
    assert (refused.exit_code, meant in refused.stderr) == (2, True), refused.stderr


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_option_says_what_it_is_and_has_a_name_of_its_own(path: Words) -> None:
    options = [each for each in COMMANDS[path].params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
    names = [name for each in options for name in (*each.opts, *each.secondary_opts)]
    assert len(names) == len(set(names)), names
    assert len({each.name for each in COMMANDS[path].params}) == len(COMMANDS[path].params)


def test_each_operation_of_the_api_has_a_command_and_each_command_an_operation() -> None:
    """Of the API as it is served, so that a stale file does not hide one."""
    served = {(each.method, each.path) for each in documented.every()}
    made = {(each.method, each.path): (each.group, each.name) for each in operations.every()}
    assert made.keys() == served
    assert len(set(made.values())) == len(made), "two operations have one name"
    own = {
        (group, name) for group in operations.groups() for name in _group(group).commands
    }  # the commands of this machine that stand in a group of the API
    below = {path for path in COMMANDS if len(path) == 2 and path[0] in operations.groups()}
    assert below == set(made.values()) | own
    assert own == {("agency", "create"), ("agency", "list"), ("audit", "verify")}


def _group(name: str) -> ApiGroup:
    found = COMMANDS[(name,)]
    assert isinstance(found, ApiGroup)
    return found


def test_each_part_of_the_api_is_described() -> None:
    used = {each.about["tags"][0] for each in documented.every()}
    assert used == routes.NOUNS.keys()
    assert all(each.about["tags"] == [each.about["tags"][0]] for each in documented.every())


def test_each_input_of_an_operation_is_given_by_its_command() -> None:
    """Query, headers and body: what the document names, the command line takes."""
    for each in operations.every():
        command = COMMANDS[(each.group, each.name)]
        options = {name for param in command.params for name in param.opts if isinstance(param, click.Option)}
        wanted = {one.option for one in (*each.parameters, *each.body) if one.where != "path"}
        assert wanted <= options, each.about["operationId"]
        if each.content_type and not each.body:
            assert "--input" in options
        arguments = [param.name for param in command.params if isinstance(param, click.Argument)]
        assert len(arguments) == each.path.count("{")


@pytest.mark.parametrize(
    "words", [["--help"], ["links", "--help"], ["links", "create", "--help"], ["completion", "bash"]]
)
def test_help_starts_without_the_server(words: list[str]) -> None:
    code = f"import sys, app.cli.main as m; m.cli.main({words!r}, standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options_without_a_server(shell: str) -> None:
    script = _run("completion", shell).stdout
    assert "_KEYTURN_COMPLETE" in script
    words = {"bash": ("keyturn li", "1"), "zsh": ("keyturn li", "1"), "fish": ("keyturn li", "li")}[shell]
    env = {"_KEYTURN_COMPLETE": f"{shell}_complete", "COMP_WORDS": words[0], "COMP_CWORD": words[1]}
    assert "links" in _run(env=env).stdout
    words = {"bash": ("keyturn links create --exp", "3"), "zsh": ("keyturn links create --exp", "3"),
             "fish": ("keyturn links create --exp", "--exp")}[shell]  # fmt: skip
    env = {"_KEYTURN_COMPLETE": f"{shell}_complete", "COMP_WORDS": words[0], "COMP_CWORD": words[1]}
    assert "--expires-at" in _run(env=env).stdout


def test_values_of_an_option_are_completed() -> None:
    env = {"_KEYTURN_COMPLETE": "bash_complete", "COMP_WORDS": "keyturn links list --status re", "COMP_CWORD": "4"}
    assert _run(env=env).stdout.split() == ["plain,revoked"]


def _run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process without any setting."""
    kept = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words], cwd=ROOT, env={**kept, **(env or {})}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
