"""The agency's own words: what is kept of them, by language, and which address may lead out."""

import httpx2
import pytest

from app.kit.i18n import locales
from app.kit.input.text import TypedWrong
from app.tenants.agencies import own_words

KEPT = {"colour": "#0b5cad", "words": {"en": {"welcome": "Hello"}}}


def test_a_language_without_words_is_left_out() -> None:
    french = own_words.with_notes(KEPT, "fr", {"welcome": "Bonjour", "closing": ""})
    assert french["words"] == {"en": {"welcome": "Hello"}, "fr": {"welcome": "Bonjour"}}
    assert own_words.notes(french, "de") == {}
    assert own_words.with_notes(KEPT, "en", {"welcome": None}) == {"colour": "#0b5cad"}


def test_the_way_out_is_https_to_a_public_host() -> None:
    assert own_words.checked_return("https://Agency.COM/thanks?a=1") == "https://agency.com/thanks?a=1"
    assert own_words.checked_return("https://bücher.example") == "https://xn--bcher-kva.example/"
    for refused in (
        "http://agency.com", "agency.com", "//agency.com", "javascript:alert(1)", "https://agency.com@evil.example/",
        "https://127.0.0.1/", "https://intranet/", "https://go.internal/", "https://agency.com/\u2028x y", "data:,x",
    ):  # fmt: skip
        with pytest.raises(TypedWrong):
            own_words.checked_return(refused)
    found = own_words.return_address({"return_url": "https://agency.com/thanks"})
    assert found == own_words.ReturnAddress("https://agency.com/thanks", "agency.com")


async def test_words_are_set_read_and_refused_by_the_api(api: httpx2.AsyncClient) -> None:
    written = {"welcome": "Hello <b>", "lane": None, "questions": None, "review": None, "closing": "Bye\nNorth"}
    answer = await api.put("/agency/words/en", json={"welcome": "Hello <b>", "closing": "Bye\nNorth", "lane": ""})
    assert answer.json() == {"language": "en", **written}
    first, *others = (await api.get("/agency/words")).json()["data"]
    assert first == answer.json()
    assert [each["language"] for each in others] == [*locales.translated()]
    assert {each["welcome"] for each in others} == {None}
    for body in ({"welcome": "x" * 401}, {"closing": "Please send us your password"}, {"footer": "x"}):
        assert (await api.put("/agency/words/en", json=body)).status_code == 422
    assert (await api.put("/agency/words/xx", json={})).status_code == 404
    changed = await api.patch("/agency", json={"return_url": "https://North.example/", "sender_name": "North Ads"})
    assert (changed.json()["return_url"], changed.json()["sender_name"]) == ("https://north.example/", "North Ads")
    refused = await api.patch("/agency", json={"return_url": "http://north.example/"})
    assert list(refused.json()["errors"]) == ["return_url"]
    gone = await api.patch("/agency", json={"return_url": None, "sender_name": ""})
    assert (gone.json()["return_url"], gone.json()["sender_name"]) == (None, None)
