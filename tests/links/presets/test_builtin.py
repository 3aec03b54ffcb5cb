"""Keyturn's own presets in the language of a client: their texts are messages, everybody else's are not."""

import pytest

from app.kit.i18n import locales, pseudo
from app.kit.i18n.message import Message, placeholders
from app.links.presets import builtin
from app.links.presets.preset import Preset


@pytest.mark.parametrize("preset", builtin.versions().values(), ids=lambda preset: preset.slug)
def test_what_a_client_reads_of_them_is_translated(preset: Preset) -> None:
    for text in builtin.texts(preset):
        message = builtin.words(text)
        assert isinstance(message, Message)
        assert locales.english(message) == text
        assert locales.find(pseudo.TAG).text(message) == pseudo.disguised(text)
        assert not placeholders(text)


def test_they_ask_for_something_and_ask_questions() -> None:
    found = list(builtin.texts(builtin.newest()["tracking-fix"]))
    assert found[0] == "To see in which ad account the pixel is used, and what it counts there."
    assert {
        "What is the website made with?",
        "Something else",
        "The tokens for it stay with you; we never need them.",
    } <= {*found}
    assert "" not in found


def test_what_an_agency_wrote_stays_as_it_is() -> None:
    for text in ("To report on {campaigns}.", "", "yes"):
        assert builtin.words(text) == text
