"""No body is longer than it may be, announced or not, read by the application or not."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from app.kit.errors import AppError
from app.kit.web import request_checks
from app.kit.web.request_checks import API_BYTES, FORM_BYTES, BodyLimit


def _refuse(_: Request, refusal: AppError) -> Response:
    return JSONResponse({"code": refusal.code}, refusal.status)


def _app() -> FastAPI:
    app = FastAPI()

    @app.post("/form")
    async def form(request: Request) -> int:
        return len(await request.body())

    @app.post("/api/json")
    async def body(given: dict[str, str] = Body()) -> int:
        return len(given)

    @app.post("/deaf")
    async def deaf() -> str:
        return "fine"

    app.add_middleware(BodyLimit, allowed=request_checks.by_path, refuse=_refuse)
    return app


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 8192):
        yield b"x" * 8192


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """Calls the little application."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(_app()), base_url="http://test") as made:
        yield made


async def test_what_fits_is_read(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/form", content=b"x" * FORM_BYTES)
    assert (answer.status_code, answer.json()) == (200, FORM_BYTES)


@pytest.mark.parametrize("size", [FORM_BYTES + 1, 2_000_000])
async def test_what_is_announced_too_long_is_refused(client: httpx2.AsyncClient, size: int) -> None:
    answer = await client.post("/form", content=b"x" * size)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/form", "/api/json"])
async def test_what_comes_unannounced_is_counted(client: httpx2.AsyncClient, path: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post(path, content=_pieces(2 * API_BYTES), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_the_api_takes_more_than_a_form(client: httpx2.AsyncClient) -> None:
    fits = '{"a": "' + "x" * (API_BYTES - 20) + '"}'
    headers = {"Content-Type": "application/json"}
    assert (await client.post("/api/json", content=fits, headers=headers)).status_code == 200
    assert (await client.post("/api/json", content=fits + " " * 20)).status_code == 413


async def test_an_answer_given_without_reading_stands(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/deaf", content=_pieces(2 * API_BYTES))).status_code == 200


@pytest.mark.parametrize("length", ["nonsense", "-1"])
async def test_a_length_that_is_none_does_not_matter(client: httpx2.AsyncClient, length: str) -> None:
    answer = await client.post("/form", content=_pieces(FORM_BYTES * 2), headers={"Content-Length": length})
    assert answer.status_code == 413
