"""The logo over HTTP: by its address, as a file, and as clients get it."""

import httpx2
import pytest

from tests.kit.egress.receivers import Talk, answers, receiver
from tests.tenants.agencies.pictures import drawn, read
from tests.world import World


def serves(content: bytes, status: str = "200 OK", more: str = "") -> Talk:
    """Answers with these bytes."""
    return answers(f"HTTP/1.1 {status}\r\n{more}content-length: {len(content)}\r\n\r\n".encode() + content)


async def test_it_is_fetched_made_anew_and_served_by_us(api: httpx2.AsyncClient, world: World) -> None:
    before = (await api.get("/agency")).json()
    assert before["logo"] is None
    async with receiver(serves(drawn("JPEG", (1000, 500)))) as there:
        put = await api.put("/agency/logo", json={"url": there.url})
    assert put.status_code == 200, put.text
    assert b"authorization" not in there.requests[0].lower()
    path = put.json()["logo"]
    assert put.json() == before | {"logo": path} == (await api.get("/agency")).json()
    assert path.startswith("/logo/north/")
    got = await api.get(f"https://go.keyturn.example{path}", headers={"Authorization": ""})
    assert got.status_code == 200
    assert (got.headers["content-type"], read(got.content).size) == ("image/png", (512, 256))
    assert "immutable" in got.headers["cache-control"]
    assert got.headers["x-content-type-options"] == "nosniff"


async def test_another_one_has_another_address_and_the_old_is_gone(api: httpx2.AsyncClient, world: World) -> None:
    paths = []
    for size in ((30, 30), (40, 40)):
        put = await api.put("/agency/logo/file", files={"file": ("logo.png", drawn(size=size), "image/png")})
        assert put.status_code == 200, put.text
        paths.append(put.json()["logo"])
    first, second = [(await api.get(f"https://go.keyturn.example{path}")).status_code for path in paths]
    assert (first, second) == (404, 200)
    other = paths[1].replace("/north/", "/south/")
    assert (await api.get(f"https://go.keyturn.example{other}")).status_code == 404
    assert (await api.delete("/agency/logo")).status_code == 204
    assert (await api.get(f"https://go.keyturn.example{paths[1]}")).status_code == 404
    assert (await api.get("/agency")).json()["logo"] is None
    assert (await api.delete("/agency/logo")).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a.png",
        "http://10.0.0.1/",
        "https://localhost。/",
        "file:///etc/passwd",
        "https://a.internal/",
    ],
)
async def test_hostile_addresses_are_refused(api: httpx2.AsyncClient, url: str) -> None:
    answer = await api.put("/agency/logo", json={"url": url})
    assert answer.status_code in (409, 422)
    assert answer.json()["code"] in ("url_refused", "logo_unreachable")


async def test_a_redirect_is_not_followed_and_said_so(api: httpx2.AsyncClient) -> None:
    async with receiver(serves(drawn())) as target:
        async with receiver(serves(b"", "302 Found", f"location: {target.url}\r\n")) as there:
            answer = await api.put("/agency/logo", json={"url": there.url})
        assert target.requests == []
    assert (answer.status_code, answer.json()["code"]) == (409, "logo_unreachable")
    assert f"final address, on 127.0.0.1:{target.port}" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"<svg/>", "200 OK", "SVG"),
        (b"<html>", "200 OK", "no picture"),
        (b"", "404 Not Found", "404"),
        (drawn() + b"\0" * 2 * 1024 * 1024, "200 OK", "2 MB"),
    ],
)
async def test_what_is_no_logo_is_explained(api: httpx2.AsyncClient, content: bytes, status: str, words: str) -> None:
    async with receiver(serves(content, status)) as there:
        answer = await api.put("/agency/logo", json={"url": there.url})
    assert answer.status_code in (409, 422)
    assert words in answer.json()["detail"]
    assert (await api.get("/agency")).json()["logo"] is None


async def test_a_file_that_is_too_large_is_refused(api: httpx2.AsyncClient) -> None:
    for size, code in ((3 * 1024 * 1024, "logo_refused"), (5 * 1024 * 1024, "body_too_large")):
        answer = await api.put("/agency/logo/file", files={"file": ("a.png", b"\0" * size, "image/png")})
        assert answer.json()["code"] == code


async def test_a_blocked_address_and_a_closed_port_look_alike(api: httpx2.AsyncClient) -> None:
    async with receiver(serves(b"")) as there:
        closed = there.url
    answer = await api.put("/agency/logo", json={"url": closed})
    assert answer.json()["detail"] == "No picture could be fetched from this address."
