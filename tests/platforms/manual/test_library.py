"""The files of manual platforms: sound, sourced, and nothing in them that a client should never be asked."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.kit.i18n.content import InvalidContent
from app.kit.i18n.locales import english
from app.platforms.manual import library
from app.platforms.manual.library import CUSTOM, FOLDER, ManualPlatform, load, read_id
from app.platforms.port import Platform

EVERY = list(library.every().values())
VENDORS = (
    "https://facebook.com/business/help/", "https://support.google.com/", "https://www.linkedin.com/help/",
    "https://help.shopify.com/", "https://shopify.dev/docs/",
)  # fmt: skip


def test_the_platforms_of_the_plan_are_there_and_the_agencys_own_comes_last() -> None:
    assert list(library.every()) == ["google_ads", "google_analytics", "linkedin", "meta", "shopify", "other"]


@pytest.mark.parametrize("platform", EVERY, ids=lambda one: one.key)
def test_a_platform_answers_what_the_port_access_requests(platform: Platform) -> None:
    kind = platform.kinds[CUSTOM]
    assert (platform.connects, kind.by_api, list(platform.kinds)) == (False, False, [CUSTOM])
    for role in kind.roles:
        words = platform.role_words(CUSTOM, role)
        assert words.label
        assert words.can
        assert words.cannot
    assert platform.guided_dated.of("en") <= date(2026, 11, 22)


@pytest.mark.parametrize("platform", EVERY, ids=lambda one: one.key)
def test_addresses_are_the_vendors_own(platform: ManualPlatform) -> None:
    steps = [step for thing in platform.file.things for step in (*thing.steps, *thing.removal)]
    addresses = {*platform.file.sources, *(step.help_url for step in steps if step.help_url)}
    assert [each for each in addresses if not each.startswith(VENDORS)] == []
    assert {step.help_url for step in steps if step.help_url} <= set(platform.file.sources)


@pytest.mark.parametrize("path", sorted((FOLDER / "en").glob("*.toml")), ids=lambda path: path.stem)
def test_no_file_asks_for_a_password_or_for_a_person_as_admin(path: Path) -> None:
    platform = load(FOLDER, path.stem)
    assert "password" not in path.read_text().lower()
    roles = [english(role.label) for thing in platform.file.things for role in thing.roles]
    assert [label for label in roles if re.search(r"admin|owner|full control|account manager", label, re.I)] == []


def test_a_role_belongs_to_its_thing() -> None:
    meta = library.find("meta")
    assert (english(meta.thing("PAGE_ADS").one), english(meta.role("PAGE_ADS").label)[:10]) == (
        "Facebook Page",
        "Create ads",
    )


def test_each_thing_has_its_own_steps_and_way_back() -> None:
    meta = library.find("meta")
    assert "pixel" not in " ".join(
        english(step.acts[0].fill(agency="Acme", role="Admin")) for step in meta.steps("MANAGE_CAMPAIGNS")
    )
    assert "Datasets" in " ".join(
        english(step.acts[0].fill(agency="Acme", role="Admin")) for step in meta.removal("USE_DATASET")
    )
    assert len(meta.guided_steps(CUSTOM)) == sum(len(thing.steps) for thing in meta.file.things)


@pytest.mark.parametrize(
    ("platform", "role", "typed", "kept"),
    [
        ("meta", "MANAGE_CAMPAIGNS", "act_1234567890", "act_1234567890"),
        ("meta", "MANAGE_CAMPAIGNS", "1234567890", "1234567890"),
        ("meta", "MANAGE_CAMPAIGNS", "my account", None),
        ("meta", "MANAGE_CAMPAIGNS", "١٢٣٤٥٦٧٨٩٠", "1234567890"),
        ("google_ads", "MANAGED", "123-456-7890", "123-456-7890"),
        ("google_ads", "MANAGED", "123-456", None),
        ("google_analytics", "GTM_READ", "GTM-AB12CD3", "GTM-AB12CD3"),
        ("google_analytics", "GA4_VIEWER", "GTM-AB12CD3", None),
        ("linkedin", "SPONSORED_CONTENT", "https://www.linkedin.com/company/maison-lune/", "company/maison-lune"),
        ("linkedin", "SPONSORED_CONTENT", "https://evil.example/linkedin.com/company/x", None),
        ("shopify", "SHOPIFY_REPORTS", "https://maison-lune.myshopify.com/", "maison-lune.myshopify.com"),
        ("shopify", "SHOPIFY_REPORTS", "maison-lune.com", None),
    ],
)
def test_a_clients_own_id_is_read_or_refused(platform: str, role: str, typed: str, kept: str | None) -> None:
    about = library.find(platform).thing(role).id
    assert about is not None
    assert read_id(about, typed) == kept


def test_every_id_that_can_be_given_fits_its_column() -> None:
    for platform in EVERY:
        for thing in platform.file.things:
            if thing.id is not None:
                kept = read_id(thing.id, thing.id.example)
                assert kept is not None
                assert len(kept) <= 64
    page = library.find("linkedin").thing("SPONSORED_CONTENT").id
    assert page is not None
    assert len(read_id(page, f"linkedin.com/showcase/{'a' * 50}") or "") <= 64
    assert read_id(page, f"linkedin.com/showcase/{'a' * 51}") is None


def test_what_the_agency_has_to_tell_is_checked_by_name_and_shape() -> None:
    meta, other = library.find("meta"), library.find("other")
    assert meta.wrong({"portfolio_id": "1234567890123456"}) == {}
    assert "10 to 20 digits" in meta.wrong({"portfolio_id": "acme"})["portfolio_id"]
    assert "it takes portfolio_id" in meta.wrong({"id": "1"})["id"]
    assert "it takes none" in other.wrong({"id": "1"})["id"]
    assert [need.key for need in meta.missing({})] == ["portfolio_id"]
    assert meta.missing({"portfolio_id": "1234567890123456"}) == other.missing({}) == []


def _put(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        at: Any = file
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_put("dated", value="22 November"), "isoformat"),
        (_put("sources", value=["http://facebook.com/help"]), "pattern"),
        (_put("sources", value=[]), "source"),
        (_put("colour", value="red"), "Extra inputs"),
        (_put("key", value="meta2"), "its key is meta2"),
        (_put("needs", 0, "pattern", value="^x$"), "does not fit the pattern"),
        (_put("things", 0, "steps", 0, "text", value="Sign in as {who}."), "nobody fills in"),
        (_put("things", 0, "removal", value=[]), "steps to give and to take back"),
        (_put("things", 0, "roles", 0, "key", value="MANAGE_CAMPAIGNS"), "a role is named twice"),
        (_put("things", 0, "roles", 0, "cannot", value=[]), "at least 1 item"),
    ],
)
def test_an_unsound_file_is_refused_with_its_reason(
    change: Callable[[dict[str, Any]], None], said: str, tmp_path: Path
) -> None:
    file = tomllib.loads((FOLDER / "en" / "meta.toml").read_text())
    change(file)
    path = tmp_path / "en" / "meta.toml"
    path.parent.mkdir()
    path.write_text(_toml(file))
    with pytest.raises(InvalidContent, match=said) as refused:
        load(tmp_path, "meta")
    assert "meta.toml" in str(refused.value)


def test_a_file_written_anew_is_sound(tmp_path: Path) -> None:
    """What the test above breaks is broken by its change alone."""
    for written in FOLDER.glob("*/meta.toml"):
        path = tmp_path / written.parent.name / "meta.toml"
        path.parent.mkdir()
        path.write_text(_toml(tomllib.loads(written.read_text("utf-8"))), encoding="utf-8")
    assert load(tmp_path, "meta") == library.find("meta")


def test_no_toml_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "en" / "meta.toml"
    path.parent.mkdir()
    path.write_text("key = ")
    with pytest.raises(InvalidContent, match=r"meta\.toml"):
        load(tmp_path, "meta")


def _toml(value: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {_inline(each)}" for key, each in value.items())


def _inline(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key} = {_inline(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
