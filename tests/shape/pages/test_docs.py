"""What is written about Keyturn names things that are there."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.dashboard import desk
from app.links import status
from app.links.presets import preset, validation
from app.links.presets.schemas import AccessRequestFields, NewPreset, QuestionFields
from app.platforms.manual import library
from app.platforms.tiktok.kinds import KINDS
from docs import generate
from tests.cli import written
from tests.shape import source

WRITTEN = ("README.md", "CONTRIBUTING.md")
PAGES = [str(page.relative_to(source.ROOT)) for page in sorted((source.ROOT / "docs").glob("**/*.md"))]
DECISIONS = sorted((source.ROOT / "docs" / "decisions").glob("*.md"))
HEADINGS = ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("place", generate.PAGES, ids=lambda place: place.name)
def test_a_page_made_from_the_code_is_fresh(place: Path) -> None:
    assert place.read_text(encoding="utf-8") == generate.PAGES[place](), "stale: run `make docs`"


@pytest.mark.parametrize("page", WRITTEN)
def test_make_knows_every_target_written_about(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", source.text("Makefile"), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", source.text(page), re.MULTILINE)
    assert set(named) - targets == set()
    assert named


@pytest.mark.parametrize("page", sorted({*WRITTEN, *PAGES, "CHANGELOG.md", "demo/commands.py", ".env.example"}))
def test_keyturn_knows_every_command_and_option_written_about(page: str) -> None:
    assert written.mistakes(source.text(page)) == []


def test_commands_are_written_about() -> None:
    named = [each for page in ("README.md", "docs/first-link.md") for each in written.named(source.text(page))]
    assert len(named) > 15
    assert any(each.startswith("links create") for each in named)


@pytest.mark.parametrize("page", sorted({*WRITTEN, *PAGES}))
def test_links_lead_to_files(page: str) -> None:
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", source.text(page))
    folder = (source.ROOT / page).parent
    assert [each for each in linked if not (folder / each).exists()] == []


def test_the_glossary_defines_every_stage_status_and_next_actor() -> None:
    _, below = source.text("docs/glossary.md").split("## Next actors, stages and statuses")
    actors, stages, links, access = re.split(r"\n\|---\|---\|\n", below.split("## Machinery")[0])[1:]
    for table, names in (
        (actors, status.TURNS), (stages, status.STAGES), (links, status.STATUSES), (access, status.ACCESS_STATUSES)
    ):  # fmt: skip
        cells = re.findall(r"^\| ([^|]+) \|", table.split("\n\n")[0], re.MULTILINE)
        assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(names)


def test_the_example_of_a_preset_can_be_imported_and_shows_every_field() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", source.text("docs/presets.md"), re.DOTALL)
    given = NewPreset(**preset.parse_toml(example.encode()))
    read = preset.read_preset(given.slug, 1, given.body())
    platforms: Any = {"tiktok": SimpleNamespace(name="TikTok", kinds=KINDS, connects=True), **library.every()}
    assert validation.problems(read, platforms) == {}
    shown = {field for row in (given, *given.access_requests, *given.questions) for field in row.model_fields_set}
    assert shown == {*NewPreset.model_fields, *AccessRequestFields.model_fields, *QuestionFields.model_fields}
    named = set(re.findall(r"`(?:access_requests\.|questions\.)?([a-z_]+)`", source.text("docs/presets.md")))
    assert shown <= named


@pytest.mark.parametrize("place", ["README.md", ".env.example", "docker-compose.yml"])
def test_settings_written_about_are_settings(place: str) -> None:
    named = re.findall(r"\b(?:KEYTURN|TIKTOK)_[A-Z_]+\b|\bDATABASE_URL\b", source.text(place))
    known = re.findall(r"`([A-Z_]+)`", generate.settings_page())
    assert set(named) - set(known) == set()
    assert named


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-[a-z0-9-]+$", page.stem)
    assert re.match(rf"# {int(page.stem[:4])}\. \S", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_manual_has_every_page_and_one_for_each_entry_of_the_dashboard() -> None:
    """The links themselves are tried in tests/test_manual.py, which builds the manual."""
    pages = {page.stem for page in (source.ROOT / "docs").glob("*.md")} - {"README", "index"}
    assert pages <= set(re.findall(r"^[a-z-]+$", source.text("docs/index.md"), re.MULTILINE))
    entries = {each.path for each in (*desk.PLACES, *desk.SET_UP)}
    assert entries <= desk.MANUAL.keys()
    assert {address.partition(".html")[0] for address in desk.MANUAL.values()} <= pages


def test_all_requirement_files_agree() -> None:
    """What runs in production is what the tests ran with."""
    app, docs, dev = (
        set(re.findall(r"^[a-z0-9-]+==\S+", source.text(f"requirements/{name}.txt"), re.MULTILINE))
        for name in ("app", "docs", "dev")
    )
    assert app | docs <= dev
