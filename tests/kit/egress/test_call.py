"""Other methods than POST, and small files."""

import asyncio

import pytest

from app.kit.egress.client import Egress
from tests.kit.egress.receivers import OK, answers, leads_to, receiver


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_each_method_leaves_as_it_is(egress: Egress, method: str) -> None:
    text = OK if method != "HEAD" else b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
    async with receiver(answers(text)) as there:
        answer = await egress.call(method, there.url, headers={"x-a": "b"}, body=None if method == "GET" else b"{}")
    assert (answer.status, answer.error) == (200, None)
    assert there.requests[0].startswith(f"{method} /in HTTP/1.1\r\n".encode())
    assert b"x-a: b\r\n" in there.requests[0].lower()
    assert there.requests[0].endswith(b"\r\n\r\n" if method == "GET" else b"{}")


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\nx: y", ""])
async def test_other_methods_are_not_called(egress: Egress, method: str) -> None:
    with pytest.raises(ValueError, match="not called"):
        await egress.call(method, "http://127.0.0.1/", headers={}, body=None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_method_that_may_be_repeated_is_not_repeated_behind_our_back(egress: Egress, method: str) -> None:
    """aiohttp would send it again when a kept connection turns out to be closed."""
    asked = 0

    async def once_then_hang_up(writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            writer.write(OK)
        else:
            writer.close()

    async with receiver(once_then_hang_up) as there:
        first = await egress.call(method, there.url, headers={}, body=None)
        second = await egress.call(method, there.url, headers={}, body=None)
        await asyncio.sleep(0.05)
        assert len(there.requests) == 2
    assert first.status == 200
    assert (second.status, second.error) == (None, "connect_closed")


@pytest.mark.parametrize("headers", [{"x": "a\r\nb: c"}, {"x\r\nb": "c"}, {"x": "a\nb"}, {"x": "a\x00b"}])
async def test_a_header_that_would_be_two_is_not_sent(egress: Egress, headers: dict[str, str]) -> None:
    async with receiver(answers(OK)) as there:
        answer = await egress.post(there.url, headers=headers, body=b"1")
    assert answer.status is None
    assert there.requests == []


async def test_a_small_file_comes_whole(egress: Egress) -> None:
    content = bytes(range(256)) * 400
    head = f"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {len(content)}\r\n\r\n".encode()
    async with receiver(answers(head + content)) as there:
        answer, read = await egress.fetch(there.url, accept="image/png", at_most=200_000, seconds=5)
    assert (answer.status, answer.cut, read) == (200, False, content)
    assert b"accept: image/png\r\n" in there.requests[0].lower()
    assert there.requests[0].startswith(b"GET ")


async def test_a_file_that_is_too_large_is_cut_and_called_so(egress: Egress) -> None:
    async with receiver(answers(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345")) as there:
        whole, _ = await egress.fetch(there.url, accept="*/*", at_most=5, seconds=5)
        cut, read = await egress.fetch(there.url, accept="*/*", at_most=4, seconds=5)
    assert (whole.cut, cut.cut, read) == (False, True, b"1234")


async def test_a_file_from_a_private_address_is_not_fetched() -> None:
    egress = Egress(lookup=leads_to("10.0.0.1"))
    answer, read = await egress.fetch("https://logo.example.com/a.png", accept="image/png", at_most=10, seconds=5)
    assert (answer.error, read) == ("blocked_address", b"")
    await egress.close()


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 x00 OK\r\n\r\n"])
async def test_what_the_operator_reads_never_has_the_whole_address(egress: Egress, answer: bytes) -> None:
    async with receiver(answers(answer)) as there:
        said = await egress.call("POST", f"{there.url}/T0000/XXXX?token=XXXX", headers={}, body=b"{}", seconds=5)
    assert said.error == "protocol"
    assert said.detail
    assert "XXXX" not in said.detail
