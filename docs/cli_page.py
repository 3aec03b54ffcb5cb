"""The text of `docs/cli-commands.md`: each command of the API beside its operation."""

from app.cli import operations
from app.cli.operations import Operation

_TOP = """# Commands of the API

_Made by `make docs` from the OpenAPI document; do not edit by hand._ [cli.md](cli.md) explains arguments and options;
each command lists its own with `--help`."""


def text() -> str:
    """The whole page."""
    parts = [_TOP]
    for group, about in operations.groups().items():
        rows = [_row(each) for each in operations.of_group(group).values()]
        table = ["| command | what it does | operation |", "|---|---|---|", *rows]
        parts += [f"## {group}", about, "\n".join(table)]
    return "\n\n".join(parts) + "\n"


def _row(each: Operation) -> str:
    arguments = [one.name.upper() for one in each.parameters if one.where == "path"]
    command = " ".join(["keyturn", each.group, each.name, *arguments])
    return f"| `{command}` | {each.about['summary']} | `{each.method} {each.path}` |"
