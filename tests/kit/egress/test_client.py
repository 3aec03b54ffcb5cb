"""Real calls to receivers on loopback: what is sent, what is read, what each kind of failure is called."""

import asyncio
import gzip
import socket
import struct

import pytest

from app.kit.egress.client import Egress
from tests.kit.egress.receivers import OK, answers, receiver


async def test_the_body_leaves_as_it_is(egress: Egress) -> None:
    async with receiver(answers(OK)) as there:
        answer = await egress.post(
            there.url,
            headers={"content-type": "application/json", "webhook-id": "evt_1"},
            body='{"a":"é"}'.encode(),
        )
    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    assert body == b'{"a":"\xc3\xa9"}'
    assert head.startswith(b"POST /in HTTP/1.1\r\n")
    lines = head.lower().split(b"\r\n")
    assert b"accept-encoding: identity" in lines
    assert b"accept: */*" in lines
    assert b"webhook-id: evt_1" in lines
    assert not [line for line in lines if line.startswith((b"cookie", b"authorization", b"user-agent"))]
    assert (answer.status, answer.body, answer.error) == (200, "ok", None)
    assert answer.address == "127.0.0.1"
    assert answer.tls is None


async def test_a_connection_is_kept_for_the_next_call(egress: Egress) -> None:
    async with receiver(answers(OK)) as there:
        first = await egress.post(there.url, headers={}, body=b"1")
        second = await egress.post(there.url, headers={}, body=b"2")
    assert first.timing.connect is not None
    assert second.timing.connect is None
    assert second.address == "127.0.0.1"


async def test_a_redirect_is_not_followed(egress: Egress) -> None:
    async with receiver(answers(OK)) as target:
        to = f"HTTP/1.1 307 Go\r\nlocation: {target.url}\r\ncontent-length: 0\r\n\r\n".encode()
        async with receiver(answers(to)) as there:
            answer = await egress.post(there.url, headers={}, body=b"x")
    assert answer.status == 307
    assert answer.headers["location"] == target.url
    assert target.requests == []


async def test_cookies_are_neither_kept_nor_shown(egress: Egress) -> None:
    set_cookie = b"HTTP/1.1 200 OK\r\nset-cookie: session=secret\r\ncontent-length: 0\r\n\r\n"
    async with receiver(answers(set_cookie)) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
        await egress.post(there.url, headers={}, body=b"2")
    assert answer.headers["set-cookie"] == "[redacted]"
    assert b"secret" not in b"".join(there.requests)


async def test_success_stands_although_the_body_stalls(egress: Egress) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with receiver(drip) as there:
        answer = await egress.post(there.url, headers={}, body=b"1", seconds=0.2)
    assert answer.status == 200
    assert answer.error is None
    assert answer.cut
    assert answer.body.startswith("x")


async def test_an_endless_body_is_cut(egress: Egress) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1000\r\n" + b"y" * 4096 + b"\r\n")
            sent += 4096
            await writer.drain()

    async with receiver(endless) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
    assert answer.status == 200
    assert answer.cut
    assert len(answer.body) == 16 * 1024
    assert sent < 32 * 1024 * 1024


async def test_a_packed_body_is_not_unpacked(egress: Egress) -> None:
    packed = gzip.compress(b"0" * 10_000_000)[:60_000]
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode()
    async with receiver(answers(head + packed)) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
    assert answer.status == 200
    assert "0000" not in answer.body
    assert "\x00" not in answer.body


async def test_headers_are_bounded_and_storable(egress: Egress) -> None:
    many = b"".join(b"x-%d: %s\r\n" % (number, b"v" * 400) for number in range(60))
    text = b"HTTP/1.1 200 OK\r\nx-odd: \xff\xfe\r\n" + many + b"content-length: 0\r\n\r\n"
    async with receiver(answers(text)) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) <= 8 * 1024
    assert answer.headers["x-odd"].encode()


@pytest.mark.parametrize(
    "text",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
    ],
)
async def test_what_is_not_proper_http_is_called_so(egress: Egress, text: bytes) -> None:
    async with receiver(answers(text)) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
    assert (answer.status, answer.error) == (None, "protocol")


async def test_hints_before_the_answer_are_passed_over(egress: Egress) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    async with receiver(answers(early + OK)) as there:
        assert (await egress.post(there.url, headers={}, body=b"1")).status == 200


async def test_silence_ends_at_the_deadline(egress: Egress) -> None:
    async def silence(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with receiver(silence) as there:
        answer = await egress.post(there.url, headers={}, body=b"1", seconds=0.1)
    assert (answer.status, answer.error) == (None, "timeout_answer")


async def test_a_call_is_never_sent_twice(egress: Egress) -> None:
    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with receiver(hang_up) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
    assert (answer.status, answer.error) == (None, "connect_closed")
    assert len(there.requests) == 1


async def test_a_reset_is_called_so(egress: Egress) -> None:
    async def reset(writer: asyncio.StreamWriter) -> None:
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with receiver(reset) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
    assert answer.error in ("connect_reset", "connect_closed")


async def test_a_closed_port_refuses(egress: Egress) -> None:
    async with receiver(answers(OK)) as there:
        url = there.url
    answer = await egress.post(url, headers={}, body=b"1")
    assert (answer.status, answer.error, answer.address) == (None, "connect_refused", None)


async def test_proxies_of_the_environment_are_not_used(egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver(answers(OK)) as proxy, receiver(answers(OK)) as there:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert (await egress.post(there.url, headers={}, body=b"1")).status == 200
        assert proxy.requests == []
