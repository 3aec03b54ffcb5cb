"""Commands made from the operations of the API, and the types of their parameters, made from schemas."""

import json
import re
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from app.cli import operations, output
from app.cli.operations import FORM, JSON, Input, Operation
from app.cli.output import Failed

_SPAN = re.compile(r"([+-]?)(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_IDEMPOTENCY, _MATCH = "Idempotency-Key", "if-match"
#: Characters of a summary before it is cut; click wraps it.
_LONGEST = 200
_AS_FILE = "The body: a file, or - for standard input."
_AS_JSON = "The body as JSON: a file, or - for standard input. Options replace what it says."


class Commands(click.Group):
    """A group that lists whole sentences, and names the commands nearest to an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with. Raises NoSuchCommand."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as unknown:
            name = unknown.command_name
            raise click.NoSuchCommand(name, possibilities=self.list_commands(ctx), ctx=ctx) from unknown

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A list for each section, with the whole first sentence of each command."""
        for title, names in self.sections(ctx):
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, made.get_short_help_str(_LONGEST)) for name, made in commands if made])

    def sections(self, ctx: click.Context) -> list[tuple[str, list[str]]]:
        """Titles of the help, with the names of commands below each."""
        return [("Commands", self.list_commands(ctx))]


class ApiGroup(Commands):
    """Commands of one tag, each made on demand."""

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
    """The command of an operation."""

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
    repeated = is_repeated(each.schema)
    return click.Option(
        [each.option, _parameter(each)], type=parameter_type(each.schema), multiple=repeated,
        help=f"{about} May be repeated." if repeated else about,
    )  # fmt: skip


def _parameter(each: Input) -> str:
    """Name of the parameter, which no other input of the operation has."""
    return f"{each.where}_{'__'.join(each.path)}".replace("-", "_").lower()


def _run(operation: Operation, given: Mapping[str, Any]) -> None:
    from app.cli import client  # the HTTP library is slow to load, and help and completion do without

    _check_columns(operation, _columns(given))
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
    """The body to send; None if the operation has or needs none."""
    if operation.content_type not in (JSON, FORM):
        whole = given.get("whole")
        if operation.content_type and whole is None:
            raise click.UsageError("Missing option '--input'.")
        return whole and whole.read()
    body = _read(given["whole"]) if given.get("whole") else {}
    for each in operation.body:
        value = given[_parameter(each)]
        if value not in (None, ()):
            put_value(body, each.path, joined_value(each, value))
    for name in given.get("set_null", ()):
        put_value(body, name.split("."), None)
    missing = [each for each in operation.body if each.required and not has_value(body, each.path)]
    for each in [each for each in missing if each.schema.get("format") == "password"]:
        put_value(body, each.path, click.prompt(each.option[2:], hide_input=True, err=True))
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
        raise click.BadParameter(f"This is not JSON: {problem}.", param_hint="--input") from problem
    if not isinstance(found, dict):
        raise click.BadParameter("Give one JSON object.", param_hint="--input")
    return found


def _pages(operation: Operation, query: dict[str, Any], answer: Any) -> Iterator[Any]:
    """Every row of a list. A feed (`after`) has a position to continue from even at its end."""
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
    columns = _columns(given)
    if given["as_json"]:
        if found is not None:
            output.as_json(found)
    elif found is None:
        click.echo("Done.")
    else:
        output.as_tables(found, columns)
        if isinstance(found, dict) and found.get("next_cursor"):
            click.echo(f"There is more: --cursor {found['next_cursor']}, or --all.", err=True)


def _columns(given: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in (given.get("columns") or "").split(","))))


def _check_columns(operation: Operation, columns: Sequence[str]) -> None:
    """Refuse unknown columns before anything is sent. Raises BadParameter."""
    known = [each for each in operation.columns if not each.endswith(".*")]
    free = tuple(each[:-1] for each in operation.columns if each.endswith(".*"))
    for column in columns:
        if known and column not in known and not column.startswith(free):
            raise click.BadParameter(
                f"There is no column {column!r}. The columns are: {', '.join(known)}.", param_hint="--columns"
            )


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


def parameter_type(schema: Mapping[str, Any]) -> click.ParamType[Any]:
    """The type of parameter for a schema."""
    if "enum" in schema:
        return click.Choice(schema["enum"])
    match schema.get("type"):
        case "string" if schema.get("format") == "date-time":
            return MomentParam()
        case "string" if schema.get("contentMediaType"):
            return click.Path(exists=True, dir_okay=False)
        case "string":
            return click.STRING
        case "integer":
            least, most = schema.get("minimum"), schema.get("maximum")
            return click.IntRange(None if least is None else int(least), None if most is None else int(most))
        case "number":
            return click.FLOAT
        case "array":
            return parameter_type(schema.get("items", {}))
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return PairParam(parameter_type(schema["additionalProperties"]))
        case None if "anyOf" in schema or not schema.keys() - {"description", "default"}:
            return JsonParam(or_text=True)
        case _:
            return JsonParam()


def is_repeated(schema: Mapping[str, Any]) -> bool:
    """True if the option may be given several times."""
    return schema.get("type") == "array" or (schema.get("type") == "object" and "additionalProperties" in schema)


def joined_value(each: Input, value: Any) -> Any:
    """The input assembled from its options."""
    if each.schema.get("type") == "array":
        return [item for one in value for item in (one if isinstance(one, list) else [one])]
    if is_repeated(each.schema):
        return {name: inner for entry in value for name, inner in entry.items()}
    return value


def put_value(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value in nested objects."""
    *outer, last = path
    for name in outer:
        inner = body.get(name)
        body[name] = body = dict(inner) if isinstance(inner, dict) else {}
    body[last] = value


def has_value(body: Any, path: Sequence[str]) -> bool:
    """True if nested objects have a value at a place."""
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True


class MomentParam(click.ParamType[str]):
    """A time as text, in UTC by default, or as a span from now."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The time as the API reads it."""
        if span := _SPAN.fullmatch(value):
            away = timedelta(**{_UNITS[span[3]]: int(span[2])})
            return (datetime.now(UTC) + (-away if span[1] == "-" else away)).isoformat()
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time: give 2026-12-31, 2026-12-31T12:00:00Z, +14d or -1h.", param, ctx)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


class JsonParam(click.ParamType[Any]):
    """A value as JSON, or as text where the schema takes text too."""

    name = "json"

    def __init__(self, *, or_text: bool = False) -> None:
        self.or_text = or_text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value."""
        try:
            return json.loads(value)
        except ValueError as problem:
            if self.or_text:
                return value
            self.fail(f"{value!r} is not JSON: {problem}.", param, ctx)


class PairParam(click.ParamType[Any]):
    """An entry of an object as name=value, or the object as JSON."""

    name = "name=value"

    def __init__(self, values: click.ParamType[Any]) -> None:
        self.values = values

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The object with the entry."""
        if value.startswith("{"):
            return JsonParam().convert(value, param, ctx)
        name, sign, given = value.partition("=")
        if not sign:
            self.fail(f"{value!r} is not a pair: give it as name=value.", param, ctx)
        return {name: self.values.convert(given, param, ctx)}
