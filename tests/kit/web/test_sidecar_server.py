"""Pages beside other work: they listen, leave signals alone, and stop with the work."""

import signal

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.kit.web import http_server


async def hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


async def test_it_answers_while_the_work_goes_on_and_not_after() -> None:
    async with http_server.served(APP, "127.0.0.1", 0) as (host, port), httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"http://{host}:{port}/")).text == "hello"
    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"http://{host}:{port}/")


async def test_signals_stay_with_the_work() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with http_server.served(APP, "127.0.0.1", 0) as (host, port), httpx2.AsyncClient(trust_env=False) as http:
        await http.get(f"http://{host}:{port}/")
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_an_address_that_is_taken_is_an_error_not_the_end_of_the_program() -> None:
    async with http_server.served(APP, "127.0.0.1", 0) as (host, port):
        with pytest.raises(OSError, match="in use"):
            async with http_server.served(APP, host, port):
                pass


@pytest.mark.parametrize(
    ("text", "read"),
    [("0.0.0.0:9464", ("0.0.0.0", 9464)), ("[::1]:80", ("::1", 80)), ("worker.internal:1", ("worker.internal", 1))],
)
def test_an_address_is_read(text: str, read: tuple[str, int]) -> None:
    assert http_server.listening_address(text) == read


@pytest.mark.parametrize("text", ["", "9464", ":9464", "host:", "host:0", "host:65536", "host:９４６４", "host:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        http_server.listening_address(text)
