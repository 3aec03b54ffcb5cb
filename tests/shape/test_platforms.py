"""Code outside `app/platforms/` compares no kinds and names no platform: it asks the platform's kinds."""

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import house
from bench.house import Module


@pytest.fixture(scope="module")
def outside() -> Sequence[Module]:
    return house.outside_platforms(list(house.read(house.ROOT)))


def test_nothing_outside_compares_kinds(outside: Sequence[Module]) -> None:
    assert house.kind_comparisons(outside) == {}


def test_no_module_outside_names_a_platform(outside: Sequence[Module]) -> None:
    assert house.naming_a_platform(outside) == []


@pytest.mark.parametrize("line", [
    'row.kind == "pixel"', '"person" != kind', 'kind in ("ad_account", "catalog")', 'kind not in {"pixel"}',
    'Row.kind.in_(["person"])', 'kinds & {"pixel"}', "kind == KIND", "kind in module.LISTED",
])  # fmt: skip
def test_a_comparison_is_seen(line: str) -> None:
    constants = 'KIND = "person"\nLISTED: tuple[str, ...] = ("ad_account", "catalog")\n'
    assert house.kind_comparisons([_module(f"{constants}{line}")]) == {"app/x.py": 1}


@pytest.mark.parametrize("line", ['question.kind == "file"', 'texts["pixel"]', 'TEXTS = {"pixel": "…"}'])
def test_data_by_kind_is_no_comparison(line: str) -> None:
    assert house.kind_comparisons([_module(line)]) == {}


@pytest.mark.parametrize("line", [
    'platforms.connected("tiktok")', "from app.platforms.tiktok import kinds", 'router.get("/callbacks/tiktok")',
    "settings.tiktok_app", 'data["tiktok_bc_id"]', "class TikTokApp: pass",
])  # fmt: skip
def test_a_platform_is_seen(line: str) -> None:
    assert house.naming_a_platform([_module(line)]) == ["app/x.py"]


@pytest.mark.parametrize("line", ['"""TikTok."""', 'Field(examples=["tiktok"])', 'detail = "There is no TikTok app."'])
def test_a_text_names_no_platform(line: str) -> None:
    assert house.naming_a_platform([_module(line)]) == []


def _module(text: str) -> Module:
    ast.parse(text)
    return Module(Path("app/x.py"), text)
