"""Public ids: what is one, and what is nothing."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit import ids
from app.kit.ids import Id, MalformedId


def test_ids_made_later_sort_later() -> None:
    made = [ids.new("link") for _ in range(50)]
    assert made == sorted(made)


@given(st.uuids())
def test_a_uuid_comes_back_as_it_was(value: uuid.UUID) -> None:
    column = Id("access")
    text = column.process_result_value(value, None)  # type: ignore[arg-type]  # no dialect is looked at
    assert text is not None
    assert text.startswith("access_")
    assert column.process_bind_param(text, None) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "link", "link_", "access_01ksy1q3e0fzs8qj5m8g3d4w7v", "link_zzz", "1", "link_" + "8" * 26]
)
def test_what_is_no_id_of_the_kind_is_malformed(text: str) -> None:
    with pytest.raises(MalformedId):
        ids.parse("link", text)


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_malformed(text: str) -> None:
    with suppress(MalformedId):
        assert isinstance(ids.parse("link", text), uuid.UUID)


def test_ids_made_before_a_moment_sort_before_its_first() -> None:
    before = ids.new("link")
    now = datetime.now(UTC)
    assert before < ids.first("link", now + timedelta(milliseconds=2))
    assert ids.first("link", now - timedelta(seconds=1)) < before
    assert ids.first("link", now) < ids.first("link", now + timedelta(milliseconds=1))
