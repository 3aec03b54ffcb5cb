"""Placeholders: known keys and nothing else, in places where a value cannot change more than itself."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.destinations import event_values, http_request
from app.webhooks.destinations.http_request import PlaceholderWrong, in_body, in_text, in_url
from tests.webhooks.destinations.outbound import event

VALUES = event_values.values(event(next_actor=None))
URL = "https://crm.example.com/items/{client_name}/of/{client_id}?q={client_name}&n={assets_total}"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("{client_name}", "Brand SA"), ("{assets_total}", 4), ("{next_actor}", None), ("{test}", False),
        ("{type} of {client_name}", "access.verified of Brand SA"), ("[{next_actor}]", "[]"),
        ("n={assets_total}", "n=4"),
        ("{test}!", "false!"), ("{{client_name}}", "{client_name}"), ("{{{client_name}}}", "{Brand SA}"),
        ("a}}b", "a}b"),
        (7, 7), (None, None), ([["{assets_total}"], {"{client_name}": "{id}"}], [[4], {"{client_name}": VALUES["id"]}]),
    ],
)  # fmt: skip
def test_values_take_their_places(template: Any, made: Any) -> None:
    http_request.check_body(template)
    assert in_body(template, VALUES) == made


def test_a_key_that_the_type_does_not_have_is_empty() -> None:
    values = event_values.values(event("client.created"))
    template = {"alone": "{blocker_code}", "within": "[{blocker_code}]", "there": "{client_name}"}
    http_request.check_body(template)
    assert in_body(template, values) == {"alone": None, "within": "[]", "there": "Brand SA"}
    assert in_url("https://crm.example.com/{asset_id}/x?a={asset_id}", values) == "https://crm.example.com//x?a="


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{client}", "`{client_id}`"), ("{clientname}", "`{client_name}`"), ("{xyzzy}", "No event has a key 'xyzzy'"),
        ("{data.client_name}", "`{client_name}`"), ("{client_name!r}", "`{client_name}`"), ("{}", "No event has"),
        ("{client_name", "`{{`"), ("client_name}", "`}}`"), ("{ client_name }", "`{client_name}`"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_nearest(text: str, said: str) -> None:
    for template in (text, {"a": ["b", text]}):
        with pytest.raises(PlaceholderWrong) as wrong:
            http_request.check_body(template)
        assert said in str(wrong.value)


def test_a_body_is_not_nested_without_end() -> None:
    deep: Any = "x"
    for _ in range(http_request.DEEPEST + 1):
        deep = [deep]
    with pytest.raises(PlaceholderWrong):
        http_request.check_body(deep)


@pytest.mark.parametrize(
    "url",
    [
        "https://{client_name}/", "https://{client_name}.example.com/", "{platform}://example.com/", "{dashboard_url}",
        "https://example.com:{assets_total}/", "https://example.com/?{client_name}=1", "https://example.com/{nobody}",
        "https://example.com/?a=1&{client_id}",
    ],
)  # fmt: skip
def test_a_value_stands_in_path_and_query_only(url: str) -> None:
    with pytest.raises(PlaceholderWrong):
        http_request.check_url(url)


def test_an_address_with_values() -> None:
    http_request.check_url(URL)
    made = in_url(URL, {**VALUES, "client_name": "A/B & C?#%", "client_id": ".."})
    assert made == "https://crm.example.com/items/A%2FB%20%26%20C%3F%23%25/of/__?q=A%2FB%20%26%20C%3F%23%25&n=4"


@given(st.text(), st.text())
def test_no_value_leads_to_another_place(name: str, client_id: str) -> None:
    made = urlsplit(in_url(URL, {**VALUES, "client_name": name, "client_id": client_id}))
    parts = made.path.split("/")
    assert (made.scheme, made.netloc, made.fragment, len(parts)) == ("https", "crm.example.com", "", 5)
    assert not {".", ".."} & set(parts)
    assert len(made.query.split("&")) == 2
    assert unquote(parts[2]) == name or not name.strip(".")


@given(st.text())
def test_values_are_never_read_again(name: str) -> None:
    assert in_text("<{client_name}>", {"client_name": name}) == f"<{name}>"
    assert json.loads(json.dumps(in_body({"a": "{client_name}"}, {"client_name": name}))) == {"a": name}
