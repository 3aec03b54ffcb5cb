"""Commands: presets, also as files to be kept beside one's other configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.kit.errors import AppError, InvalidInput
from app.kit.input.validation_errors import checked
from app.kit.terminal import show
from app.kit.terminal.command import AgencyOption, Json, Terminal, command
from app.links.presets import queries, requestable, service, toml_files, validation
from app.links.presets.schemas import NewPreset, PresetView
from app.platforms.port import Platform
from app.tenants.agencies import queries as agencies

preset = typer.Typer()
platform = typer.Typer()

MOST_BYTES = 200_000


class FileUnreadable(AppError):
    """There is no such file, or it may not be read."""

    code = "file_unreadable"
    detail = "The file cannot be read."


@command(preset, "list", does="GET /api/v1/presets")
async def list_(at: Terminal, agency: AgencyOption = None, as_json: Json = False) -> None:
    """What links can ask for."""
    found = await agencies.chosen(at.session, agency)
    views = [PresetView.of(each) for each in await queries.every(at.session, found.id)]
    show.many(views, ["slug", "version", "built_in", "name", "sentence"], as_json=as_json)


@command(preset, "show")
async def show_(
    at: Terminal,
    slug: str,
    version: Annotated[int | None, typer.Option(min=1, help="The newest unless given.")] = None,
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """One preset."""
    found = await agencies.chosen(at.session, agency)
    if version is None:
        chosen = await queries.current(at.session, found.id, slug)
    else:
        chosen = await queries.version(at.session, found.id, slug, version)
    view = PresetView.of(chosen)
    show.one(view, as_json=as_json, only=["slug", "version", "name", "sentence", "screens"])
    if not as_json:
        columns = ["platform", "kind", "role", "required", "needs_events", "wider_than_usual", "reason"]
        show.many(view.access_requests, columns, as_json=False)
        show.many(view.questions, ["key", "kind", "label", "required", "choices"], as_json=False)


@command(preset, "export")
async def export(at: Terminal, slug: str, agency: AgencyOption = None) -> None:
    """Prints a preset as a TOML file, for `import` here or elsewhere."""
    found = await agencies.chosen(at.session, agency)
    show.text(toml_files.written(await queries.current(at.session, found.id, slug)).rstrip())


@command(preset, "import", does="PUT /api/v1/presets/{slug}")
async def import_(
    at: Terminal,
    file: Annotated[Path, typer.Argument(help="A TOML file; `export` shows one.")],
    agency: AgencyOption = None,
    as_json: Json = False,
) -> None:
    """Makes the preset a file describes, or a new version of it where it differs."""
    given = _checked(_read(file), at.platforms)
    found = await agencies.chosen(at.session, agency)
    known = await queries.newest_row(at.session, found.id, given.slug)
    act = service.change_preset if known and known.archived_at is None else service.create_preset
    made = await act(at.session, found.id, given.slug, given.body(), platforms=at.platforms, actor=at.actor)
    show.one(PresetView.of(made), as_json=as_json, only=["slug", "version", "name"])


@command(preset, "archive")
async def archive(at: Terminal, slug: str, agency: AgencyOption = None) -> None:
    """No new links with this preset; those there are keep it."""
    found = await agencies.chosen(at.session, agency)
    await service.archive_preset(at.session, found.id, slug, actor=at.actor)
    show.text(f"{slug} is archived.")


@command(platform, "list", does="GET /api/v1/platforms")
async def platforms(
    at: Terminal,
    key: Annotated[str | None, typer.Argument(metavar="PLATFORM", help="Such as tiktok; all unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Platforms, kinds, and roles from the smallest to the largest."""
    if key is not None and key not in at.platforms:
        raise InvalidInput(f"There is no platform “{key}”.", hint=f"There is {', '.join(at.platforms)}.")
    found = requestable.every(each for each in at.platforms.values() if key in (None, each.key))
    columns = list(requestable.RequestableRow.model_fields)
    show.many(found if as_json else requestable.lines(found), columns, as_json=as_json)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
        if len(content) > MOST_BYTES:
            raise FileUnreadable(f"The file has {len(content):,} bytes; a preset has at most {MOST_BYTES:,}.")
        return toml_files.parsed(content)
    except OSError as problem:
        raise FileUnreadable(f"{file} cannot be read: {problem.strerror}.") from problem


def _checked(given: Mapping[str, Any], platforms: Mapping[str, Platform]) -> NewPreset:
    """The preset of a file, or all that is wrong with it at once. Raises Malformed."""
    fields = validation.problems_of_file(given, platforms)
    try:
        made = checked(NewPreset, **given)
    except InvalidInput as problem:
        fields = {**fields, **problem.fields}
    if fields:
        raise InvalidInput(hint="Correct them and try again.", fields=toml_files.counted(fields))
    return made
