"""Commands made from the operations of the API: one for each."""

import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from app.cli import inputs, operations, output
from app.cli.failures import Failed
from app.cli.operations import FORM, JSON, Input, Operation

_IDEMPOTENCY, _MATCH = "Idempotency-Key", "if-match"
_AS_FILE = "The body: a file, or - for standard input."
_AS_JSON = "The body as JSON: a file, or - for standard input. Options replace what it says."


class ApiGroup(click.Group):
    """The commands of one tag, each made when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """Names, in the order of the API's document; commands of this machine come first."""
        return [*self.commands, *operations.of_group(str(self.name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """The command of this name."""
        if own := self.commands.get(cmd_name):
            return own
        operation = operations.of_group(str(self.name)).get(cmd_name)
        return command(operation) if operation else None


def command(operation: Operation) -> click.Command:
    """The command that carries out an operation."""

    def run(**given: Any) -> None:
        _run(operation, given)

    return click.Command(
        operation.name, callback=run, params=[*_of_api(operation), *_of_output(operation)],
        help=operations.in_commands(operation.about["description"]), short_help=f"{operation.about['summary']}.",
    )  # fmt: skip


def _of_api(operation: Operation) -> Iterator[click.Parameter]:
    headers = [each for each in operation.parameters if each.where == "header"]
    for each in (each for each in operation.parameters if each not in headers):
        if each.where == "path":
            yield click.Argument([_parameter(each)], metavar=each.name.upper())
        else:
            yield _option(each)
    yield from map(_option, operation.body)
    if operation.nullable:
        yield click.Option(
            ["--set-null", "set_null"], multiple=True, type=click.Choice(operation.nullable), metavar="FIELD",
            help=f"Set a field to null: {', '.join(operation.nullable)}. May be repeated.",
        )  # fmt: skip
    if operation.content_type not in (None, FORM):
        about = _AS_JSON if operation.content_type == JSON else _AS_FILE
        yield click.Option(["--input", "whole"], type=click.File("rb"), help=about)
    yield from map(_option, headers)


def _of_output(operation: Operation) -> Iterator[click.Parameter]:
    if operation.gives_file:
        yield click.Option(
            ["--output", "target"], type=click.Path(dir_okay=False, path_type=Path),
            help="Write to this new file instead of standard output.",
        )  # fmt: skip
        return
    if any(each.name == "cursor" for each in operation.parameters):
        yield click.Option(["--all", "every_page"], is_flag=True, help="Read every page.")
    yield click.Option(["--columns"], help="Show these fields only, separated by commas.")
    yield click.Option(["--json", "as_json"], is_flag=True, help="Print JSON, as the API answers it.")


def _option(each: Input) -> click.Option:
    about = each.about
    if each.required:
        about += "  [required]"
    elif each.schema.get("default") not in (None, "", []):
        about += f"  [default: {output.plain(each.schema['default'])}]"
    if each.schema.get("type") == "boolean":
        negative = f"--no-{each.option[2:]}"
        return click.Option([f"{each.option}/{negative}", _parameter(each)], default=None, help=about)
    repeated = inputs.is_repeated(each.schema)
    return click.Option(
        [each.option, _parameter(each)], type=inputs.kind_of(each.schema), multiple=repeated,
        help=f"{about} May be repeated." if repeated else about,
    )  # fmt: skip


def _parameter(each: Input) -> str:
    """Name of the parameter, which no other input of the operation has."""
    return f"{each.where}_{'__'.join(each.path)}".replace("-", "_").lower()


def _run(operation: Operation, given: Mapping[str, Any]) -> None:
    from app.cli import client  # the HTTP library is slow to load, and help and completion do without

    found: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    for each in operation.parameters:
        value = given[_parameter(each)]
        if value not in (None, ()):
            found[each.where][each.name] = value
    headers = found["header"]
    if _MATCH in headers:
        headers[_MATCH] = headers[_MATCH] if '"' in headers[_MATCH] else f'"{headers[_MATCH]}"'
    if any(each.name == _IDEMPOTENCY for each in operation.parameters):
        headers.setdefault(_IDEMPOTENCY, str(uuid.uuid4()))
    query = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in found["query"].items()}
    body = _body(operation, given)

    def answer(query: Mapping[str, Any]) -> Any:
        return client.send(operation, found["path"], query=query, headers=headers, body=body)

    if operation.gives_file:
        _save(answer(query).content, given["target"])
    elif given.get("every_page"):
        _show({"data": list(_pages(operation, query, answer)), "next_cursor": None}, given)
    else:
        made = answer(query)
        _show(made.json() if made.content else None, given)


def _body(operation: Operation, given: Mapping[str, Any]) -> Any:
    """The body as it is sent; None: the operation takes none, or needs none."""
    if operation.content_type not in (JSON, FORM):
        whole = given.get("whole")
        if operation.content_type and whole is None:
            raise click.UsageError("Missing option '--input'.")
        return whole and whole.read()
    body = _read(given["whole"]) if given.get("whole") else {}
    for each in operation.body:
        value = given[_parameter(each)]
        if value not in (None, ()):
            inputs.put(body, each.path, inputs.joined(each, value))
    for name in given.get("set_null", ()):
        inputs.put(body, name.split("."), None)
    missing = [each for each in operation.body if each.required and not inputs.has(body, each.path)]
    for each in [each for each in missing if each.schema.get("format") == "password"]:
        inputs.put(body, each.path, click.prompt(each.option[2:], hide_input=True, err=True))
        missing.remove(each)
    if missing:
        raise click.UsageError(f"Missing option {', '.join(repr(each.option) for each in missing)}.")
    if operation.content_type == FORM:
        return {name: (Path(path).name, Path(path).read_bytes()) for name, path in body.items()}
    return body if body or operation.about["requestBody"]["required"] else None


def _read(file: Any) -> dict[str, Any]:
    try:
        found = json.load(file)
    except ValueError as problem:
        raise click.BadParameter(f"This is no JSON: {problem}.", param_hint="--input") from problem
    if not isinstance(found, dict):
        raise click.BadParameter("Give one JSON object.", param_hint="--input")
    return found


def _pages(operation: Operation, query: dict[str, Any], answer: Any) -> Iterator[Any]:
    """Every row of a list. A list that is followed (`after`) has a place to go on from even at its end."""
    place = "after" if "after" in query else "cursor"
    limits = [each.schema.get("maximum") for each in operation.parameters if each.name == "limit"]
    query = {**({"limit": int(limits[0])} if limits and limits[0] else {}), **query}
    while True:
        page = answer(query).json()
        yield from page["data"]
        if not page["next_cursor"] or not page["data"]:
            return
        query = {**query, place: page["next_cursor"]}


def _show(found: Any, given: Mapping[str, Any]) -> None:
    columns = tuple(filter(None, (given["columns"] or "").split(",")))
    if given["as_json"]:
        if found is not None:
            output.as_json(found)
    elif found is None:
        click.echo("Done.")
    else:
        output.as_tables(found, columns)
        if isinstance(found, dict) and found.get("next_cursor"):
            click.echo(f"There is more: --cursor {found['next_cursor']}, or --all.", err=True)


def _save(content: bytes, target: Path | None) -> None:
    if target is None:
        sys.stdout.buffer.write(content)
        return
    try:
        with target.open("xb") as written:
            written.write(content)
    except OSError as problem:
        raise Failed(
            f"{target} cannot be written: {problem.strerror}.", "Choose another name with --output."
        ) from problem
    click.echo(f"Written to {target}.")
