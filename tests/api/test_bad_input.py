"""Input that does not fit: each kind has its own code and a sentence that helps."""

import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.kit.web import problem
from tests import world as worlds
from tests.api import operations
from tests.world import World

JSON = {"Content-Type": "application/json"}


async def refused(api: httpx2.AsyncClient, method: str, path: str, **sent: Any) -> dict[str, Any]:
    """The problem, checked for what every problem has."""
    answer = await api.request(method, path, **sent)
    assert answer.headers["content-type"] == problem.MEDIA_TYPE
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:keyturn:problem:{body['code']}"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"{'name': 1}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name": "x"} x',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"\\udfff": "x"}',
    ],
)
async def test_broken_json_says_where(api: httpx2.AsyncClient, content: bytes) -> None:
    found = await refused(api, "POST", "/clients", content=content, headers=JSON)
    if content:
        assert (found["status"], found["code"]) == (400, "broken_json")
    else:
        assert (found["status"], found["code"]) == (422, "malformed")


async def test_broken_json_names_the_place(api: httpx2.AsyncClient) -> None:
    found = await refused(api, "POST", "/clients", content=b'{"name": }', headers=JSON)
    assert found["detail"] == "The body is not valid JSON: Expecting value at character 9."


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_another_content_type_is_415(api: httpx2.AsyncClient, kind: str) -> None:
    found = await refused(api, "POST", "/clients", content=b'{"name": "x"}', headers={"Content-Type": kind})
    assert (found["status"], found["code"]) == (415, "wrong_content_type")
    assert "application/json" in found["hint"]


async def test_an_unknown_parameter_is_named_with_those_there_are(api: httpx2.AsyncClient) -> None:
    found = await refused(api, "GET", "/events?typos=access.verified&limit=3")
    assert (found["status"], found["code"]) == (422, "unknown_parameter")
    assert found["detail"] == "There is no parameter 'typos' here."
    assert "limit" in found["hint"]
    assert "cursor" in found["hint"]
    assert found["errors"] == {"typos": "There is no such parameter."}


async def test_an_address_without_parameters_says_so(api: httpx2.AsyncClient) -> None:
    found = await refused(api, "POST", "/clients?name=x", json={"name": "x"})
    assert found["code"] == "unknown_parameter"
    assert found["hint"].endswith("This address takes none.")


async def test_every_address_knows_its_parameters_and_no_others(app: FastAPI, api: httpx2.AsyncClient) -> None:
    for operation in operations.every():
        path = operation.at(dict.fromkeys(operation.parameters, "x"))
        for each in operation.about.get("parameters", ()):
            if each["in"] == "query":
                answer = await api.request(operation.method, path, params={each["name"]: "x"})
                assert "unknown_parameter" not in answer.text, (operation.path, each["name"])
        found = await refused(api, operation.method, path, params={"nobody_knows": "x"})
        assert found["code"] == "unknown_parameter", operation.path


async def test_an_unknown_field_is_named(api: httpx2.AsyncClient) -> None:
    found = await refused(api, "POST", "/links", json={"client": {"name": "x", "nmae": 1}})
    assert (found["status"], found["code"]) == (422, "unknown_field")
    assert found["detail"] == "There is no field 'client.nmae' here."
    assert found["errors"] == {"client.nmae": "There is no such field. Did you mean `name`?"}
    assert found["hint"] == "Did you mean `name`?"


async def test_an_unknown_field_that_is_like_no_other_is_told_those_there_are(api: httpx2.AsyncClient) -> None:
    found = await refused(api, "POST", "/clients", json={"name": "x", "zzz": 1, "externalid": "crm-1"})
    assert found["detail"] == "There is no field 'zzz' here."
    assert found["hint"].startswith("Check its spelling, or leave it out. The fields are: name, contact_name, ")
    assert found["errors"] == {
        "zzz": "There is no such field.",
        "externalid": "There is no such field. Did you mean `external_id`?",
    }


async def test_an_unknown_field_in_a_list_is_told_the_fields_of_an_item(api: httpx2.AsyncClient) -> None:
    access_request = {"kind": "ad_account", "role": "ANALYST", "reason": "To look.", "reqired": True}
    found = await refused(
        api, "POST", "/presets", json={"slug": "a", "name": "A", "sentence": "A.", "access_requests": [access_request]}
    )
    assert found["errors"] == {"access_requests.0.reqired": "There is no such field. Did you mean `required`?"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"platform": "meta"}, "This is needed: `custom`."),
        ({"platform": "other", "kind": ""}, "This is needed: `custom`."),
        ({}, "This is needed: one of `ad_account`, `pixel`, `catalog`."),
    ],
)
async def test_a_missing_kind_is_told_those_of_the_platform(
    api: httpx2.AsyncClient, given: dict[str, str], sentence: str
) -> None:
    access_request = {"role": "ANALYST", "reason": "To look.", **given}
    found = await refused(
        api, "POST", "/presets", json={"slug": "a", "name": "A", "sentence": "A.", "access_requests": [access_request]}
    )
    assert found["errors"] == {"access_requests.0.kind": sentence}


@pytest.mark.parametrize("path", ["/links", "/public-links"])
async def test_an_unknown_preset_is_named_beside_its_field(api: httpx2.AsyncClient, path: str) -> None:
    body = {"preset": "bogus"} if path == "/public-links" else {"client": {"name": "x"}, "preset": "bogus"}
    found = await refused(api, "POST", path, json=body)
    assert (found["code"], found["title"]) == ("preset_unknown", "Preset unknown")
    assert found["errors"] == {"preset": "There is no preset of this name. GET /api/v1/presets lists them."}


async def test_titles_have_initials_in_capitals(api: httpx2.AsyncClient) -> None:
    assert (await refused(api, "POST", "/clients", content=b"{", headers=JSON))["title"] == "Broken JSON"
    endpoint = {"url": "https://10.0.0.1/hook", "event_types": ["*"]}
    assert (await refused(api, "POST", "/webhooks/endpoints", json=endpoint))["title"] == "URL refused"


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "name", "This is needed."),
        ({"name": 5}, "name", "Give text."),
        ({"name": ""}, "name", "This must not be empty."),
        ({"name": "  "}, "name", "This must not be empty."),
        ({"name": "a\x00b"}, "name", "Give one line of text, without control characters."),
        ({"name": "a" * 201}, "name", "Use at most 200 characters."),
        ({"name": "x", "contact_email": "ana"}, "contact_email", "Enter an e-mail address such as ana@brand.com."),
        ({"name": "x", "language": "klingon"}, "language", "Give a language such as en, fr or pt-BR."),
        ([], "body", "Send a JSON object."),
        ("x", "body", "Send a JSON object."),
        (None, "body", "Send a JSON object."),
    ],
)
async def test_a_wrong_value_has_a_sentence(api: httpx2.AsyncClient, body: object, field: str, sentence: str) -> None:
    content = json.dumps(body).encode()
    found = await refused(api, "POST", "/clients", content=content, headers=JSON)
    assert (found["status"], found["code"]) == (422, "malformed")
    assert found["errors"] == {field: sentence}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "cursor=zzz", "cursor=WyJ6enoiXQ", "cursor=%00", "updated_since=yesterday",
        "updated_since=2026-01-01T00:00:00", "updated_since=0001-01-01T00:00:00%2B23:59", "status=lost",
        "external_id=%00",
    ],
)  # fmt: skip
async def test_a_wrong_query_is_refused(api: httpx2.AsyncClient, query: str) -> None:
    found = await refused(api, "GET", f"/links?{query}")
    assert (found["status"], found["code"] in ("malformed", "cursor_wrong")) == (422, True)


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("1000", "Give a number of at most 200."),
        ("0", "Give a number of at least 1."),
        ("x", "Give a whole number."),
    ],
)
async def test_a_limit_that_cannot_be_has_a_sentence(api: httpx2.AsyncClient, limit: str, sentence: str) -> None:
    assert (await refused(api, "GET", f"/links?limit={limit}"))["errors"] == {"limit": sentence}


async def test_a_body_that_is_too_large_is_413(api: httpx2.AsyncClient) -> None:
    found = await refused(api, "POST", "/clients", json={"name": "x" * 1_100_000})
    assert (found["status"], found["code"]) == (413, "body_too_large")
    assert "1024 KiB" in found["hint"]


async def test_unknown_addresses_and_methods(api: httpx2.AsyncClient, world: World) -> None:
    assert (await refused(api, "GET", "/nothing"))["code"] == "path_unknown"
    assert (await refused(api, "GET", "/links/a/b/c"))["code"] == "path_unknown"
    found = await refused(api, "DELETE", f"/links/{world.north.link_id}")
    assert (found["status"], found["code"]) == (405, "method_not_allowed")
    answer = await api.delete(f"/links/{world.north.link_id}")
    assert answer.headers["allow"] == "GET"


async def test_the_unexpected_tells_a_request_id_and_nothing_else(app: FastAPI, world: World) -> None:
    del app.state.services.sessions
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    base, headers = f"{worlds.PUBLIC_URL}/api/v1", {"Authorization": f"Bearer {world.north.key}"}
    async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        found = await refused(client, "GET", "/me")
    assert (found["status"], found["code"]) == (500, "unexpected")
    assert "sessions" not in json.dumps(found)


async def test_people_get_a_page_instead(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post("/healthz")
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, identity"])
async def test_a_compressed_body_is_415_and_says_so(api: httpx2.AsyncClient, encoding: str) -> None:
    found = await refused(
        api, "POST", "/clients", content=b"\x1f\x8b\x08", headers={**JSON, "Content-Encoding": encoding}
    )
    assert (found["status"], found["code"]) == (415, "compressed_body")
    assert encoding in found["detail"]
    assert "Content-Encoding" in found["hint"]


async def test_nothing_in_an_optional_field_is_null(api: httpx2.AsyncClient) -> None:
    empty = {"contact_email": "", "contact_name": " \u200b", "external_id": "", "language": "zh_CN"}
    made = (await api.post("/clients", json={"name": " Brand\u200b\u202e SA ", **empty})).json()
    assert (made["contact_email"], made["contact_name"], made["external_id"]) == (None, None, None)
    assert (made["name"], made["language"]) == ("Brand SA", "zh-CN")


@pytest.mark.parametrize("moment", ["1796040000", 1796040000, "2026-12-31", "2026-12-31T12:00:00"])
async def test_a_time_is_not_guessed(api: httpx2.AsyncClient, moment: object) -> None:
    found = await refused(api, "POST", "/links", json={"client": {"name": "x"}, "expires_at": moment})
    assert found["errors"]["expires_at"].startswith("Give a time with its time zone, such as 2026-12-31T12:00:00Z.")


@pytest.mark.parametrize(
    "typed",
    [
        "\uff17\uff10\uff10\uff10999988887777888", "7000-9999-8888-7777-888", "\u200b7000999988887777888",
        "https://business.tiktok.com/manage/overview?Org_Id=7000999988887777888",
    ],
)  # fmt: skip
async def test_a_business_center_id_is_kept_in_ascii(api: httpx2.AsyncClient, typed: str) -> None:
    made = await api.post("/agency/accounts", json={"account_id": typed, "name": "Second"})
    assert made.json()["account_id"] == "7000999988887777888", made.text


@pytest.mark.parametrize("role", ["Observer", "observer ", "ANALYST", "analyst"])
async def test_roles_of_presets_have_the_names_people_use(api: httpx2.AsyncClient, role: str) -> None:
    access_requests = [{"kind": "ad_account", "role": role, "reason": "To look."}]
    made = await api.post(
        "/presets", json={"slug": "look", "name": "Look", "sentence": "Look.", "access_requests": access_requests}
    )
    assert made.json()["access_requests"][0]["role"] == "ANALYST", made.text


async def test_a_reason_that_asks_for_a_password_is_refused(api: httpx2.AsyncClient) -> None:
    access_requests = [{"kind": "ad_account", "role": "ANALYST", "reason": "Send us your password by mail"}]
    found = await refused(
        api, "POST", "/presets", json={"slug": "a", "name": "A", "sentence": "A.", "access_requests": access_requests}
    )
    assert "never asked for a password" in found["errors"]["access_requests.0.reason"]


@pytest.mark.parametrize(
    "change", [{"description": "a\x00b"}, {"filter": {"preset": "a\x00b"}}, {"filter": {"link_id": "a\x00"}}]
)
async def test_no_destination_takes_what_the_database_cannot_hold(
    api: httpx2.AsyncClient, change: dict[str, object]
) -> None:
    slack = {"webhook_url": "https://hooks.slack.com/services/T0000/B0000/XXXX"}
    found = await refused(api, "POST", "/webhooks/endpoints", json={"destination": "slack", "options": slack, **change})
    assert (found["status"], found["code"]) == (422, "malformed")


@pytest.mark.parametrize("body", [b'{"x": NaN}', b'{"x": Infinity}', b'"\\ud800"', b'{"\\udc00": 1}', b'"\\u0000"'])
async def test_no_call_of_a_destination_holds_what_is_no_json(api: httpx2.AsyncClient, body: bytes) -> None:
    content = (
        b'{"destination": "http_request", "options": {"url": "https://crm.example.com/in", "body": ' + body + b"}}"
    )
    answer = await api.post("/webhooks/endpoints", content=content, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
