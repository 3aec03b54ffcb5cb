"""The transport rules of API.md 1 that hold for every endpoint."""

import re

import pytest

from simulator import seed
from simulator.api.gate import ENDPOINTS
from tests.simulator.caller import Caller

WITH_TOKEN = sorted(path for path, endpoint in ENDPOINTS.items() if endpoint.needs_token)
WITH_PERMISSION = sorted(path for path, endpoint in ENDPOINTS.items() if endpoint.permission)
POSTS = sorted(path for path, endpoint in ENDPOINTS.items() if endpoint.method == "POST")


@pytest.mark.parametrize("path", ["v1.3/bc/get", "v1.3/bc/nothing/", "v1.3/", "v1.2/bc/get/", "v1.3//bc/get/"])
async def test_unknown_paths_are_bare_404s(caller: Caller, path: str) -> None:
    response = await caller.client.get(f"/open_api/{path}", headers={"Access-Token": seed.NORTH_TOKEN})
    assert (response.status_code, response.text) == (404, "404 page not found")
    assert response.headers["Content-Type"].startswith("text/plain")


async def test_the_other_method_is_refused(caller: Caller) -> None:
    assert (await caller.client.post("/open_api/v1.3/bc/get/", json={})).status_code == 405
    assert (await caller.client.get("/open_api/v1.3/bc/partner/add/")).status_code == 405


@pytest.mark.parametrize("path", WITH_TOKEN)
async def test_no_token(caller: Caller, path: str) -> None:
    call = caller.get if ENDPOINTS[path].method == "GET" else caller.post
    assert (await call(path, token=None)).code == 40104


@pytest.mark.parametrize("path", WITH_TOKEN)
async def test_unknown_token(caller: Caller, path: str) -> None:
    call = caller.get if ENDPOINTS[path].method == "GET" else caller.post
    answer = await call(path, token="0" * 40)
    assert (answer.code, answer.data) == (40105, {})
    assert answer.message == "Access token is incorrect or has been revoked."


async def test_the_token_goes_nowhere_but_in_its_header(caller: Caller) -> None:
    bearer = {"Authorization": f"Bearer {seed.NORTH_TOKEN}"}
    response = await caller.client.get("/open_api/v1.3/user/info/", headers=bearer)
    assert response.json()["code"] == 40104
    answer = await caller.get("user/info/", token=None, **{"Access-Token": seed.NORTH_TOKEN})
    assert answer.code == 40104


@pytest.mark.parametrize("path", WITH_PERMISSION)
async def test_permissions_of_the_app(caller: Caller, path: str) -> None:
    """What the app lacks is closed; the highest permissions open everything below them."""
    lame = await caller.token(seed.ANA_CLIENT, seed.NO_PARTNER_APP)
    wide = await caller.token(seed.ANA_CLIENT, seed.LEVEL_ONE_APP)
    call = caller.get if ENDPOINTS[path].method == "GET" else caller.post
    assert ((await call(path, token=lame)).code == 40001) == (ENDPOINTS[path].permission not in (100, 150, 153))
    assert (await call(path, token=wide)).code != 40001


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", "bc_id=7111222233334444555"),
        ("text/plain", "{}"),
        ("application/json", "{nothing"),
        ("application/json", "[]"),
        ("application/json", ""),
    ],
)
async def test_bodies_are_json_objects(caller: Caller, path: str, content_type: str, body: str) -> None:
    headers = {"Access-Token": seed.NORTH_TOKEN, "Content-Type": content_type}
    response = await caller.client.post(f"/open_api/v1.3/{path}", content=body, headers=headers)
    assert response.json()["code"] == 40002


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
async def test_json_under_another_name_is_refused(caller: Caller, ana: str, content_type: str) -> None:
    headers = {"Access-Token": ana, "Content-Type": content_type}
    body = f'{{"bc_id":"{seed.MAISON_LUNE}","partner_id":"{seed.NORTH_AGENCY}"}}'
    response = await caller.client.post("/open_api/v1.3/bc/partner/add/", content=body, headers=headers)
    assert response.json()["code"] == 40002
    assert "Content-Type" in response.json()["message"]


async def test_a_charset_is_no_other_type(caller: Caller) -> None:
    headers = {"Access-Token": seed.NORTH_TOKEN, "Content-Type": "application/json; charset=utf-8"}
    response = await caller.client.post("/open_api/v1.3/bc/partner/add/", content="{}", headers=headers)
    assert response.json()["message"] == "bc_id: Missing data for required field."


async def test_request_ids(caller: Caller) -> None:
    answers = [await caller.get("user/info/", token=token) for token in (seed.NORTH_TOKEN, None)]
    ids = [answer.response.json()["request_id"] for answer in answers]
    assert all(re.fullmatch(r"20261118\d{6}\d{12}[0-9A-F]{8}", each) for each in ids)
    assert ids == [answer.response.headers["X-TT-LOGID"] for answer in answers]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"page_size": "51"}, "page_size: Must be less than or equal to 50."),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "ten"}, "page_size"),
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"bc_id": "seven"}, "bc_id: Not a valid id."),
        ({"bc_id": "7111222233334444555.0"}, "bc_id: Not a valid id."),
        ({"filtering": "keyword=x"}, "filtering: Not valid JSON."),
        ({"filtering": "[]"}, "filtering: Not a valid object."),
        ({"scene": "TIERED"}, "scene: Must be one of"),
    ],
)
async def test_wrong_queries(caller: Caller, query: dict[str, str], complaint: str) -> None:
    answer = await caller.get("bc/get/", **query)
    assert answer.code == 40002
    assert complaint in answer.message
