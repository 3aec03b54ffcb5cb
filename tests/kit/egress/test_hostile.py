"""Receivers that mean harm: each call ends at its deadline with a code, and leaves no connection or task behind."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from app.kit.egress.client import Egress
from app.kit.egress.result import KEPT_BODY, KEPT_HEADERS, READ_AT_MOST, HttpResult, redirect_host
from tests.kit.egress.receivers import ALLOW, OK, Talk, answers, receiver
from tests.kit.egress.servers.talks import (
    CHUNKED,
    drips,
    endless,
    in_pieces,
    then_closes,
    then_hangs,
    then_resets,
)

DEADLINE = 1.0
PATIENCE = 20.0


@pytest_asyncio.fixture
async def egress() -> AsyncIterator[Egress]:
    """After the test nothing of its calls may be running, and no connection be in use."""
    made = Egress(allow=ALLOW)
    yield made
    await until(lambda: not [task for task in asyncio.all_tasks() if "/aiohttp/" in repr(task)])
    for door in made._doors.values():
        await until(lambda: not door.connector._acquired)  # type: ignore[union-attr]  # noqa: B023 - awaited here
    await made.close()


async def until(is_so: Callable[[], bool]) -> None:
    """Returns when it is so; fails when it never is."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def access_request(egress: Egress, talk: Talk, *, seconds: float = DEADLINE, body: bytes = b"1") -> HttpResult:
    """The answer to one call; it must end by itself."""
    async with receiver(talk) as there, asyncio.timeout(PATIENCE):
        answer = await egress.post(there.url, headers={}, body=body, seconds=seconds)
        assert len(there.requests) == 1
    return answer


TIMED_OUT = [
    then_hangs(b""),
    then_hangs(b"HTTP/1.1"),
    then_hangs(b"HTTP/1.1 20"),
    drips(b""),
    then_hangs(b"HTTP/1.1 100 Continue\r\n\r\n"),
]


@pytest.mark.parametrize("talk", TIMED_OUT)
async def test_no_answer_by_the_deadline_is_a_timeout(egress: Egress, talk: Talk) -> None:
    answer = await access_request(egress, talk, seconds=0.3)
    assert answer.status is None
    assert answer.error in ("timeout_answer", "protocol")  # a dripped status line is no HTTP from its first bytes
    assert answer.address == "127.0.0.1"


async def test_hints_without_end_are_no_answer(egress: Egress) -> None:
    talk = endless(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    answer = await access_request(egress, talk, seconds=0.3)
    assert (answer.status, answer.error) == (None, "timeout_answer")


SUCCESSES = {
    "hangs after the headers": then_hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"),
    "hangs in the body": then_hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
    "drips": drips(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"),
    "drips until it closes": drips(b"HTTP/1.1 200 OK\r\n\r\n"),
    "never ends": endless(CHUNKED, b"1000\r\n" + b"y" * 4096 + b"\r\n"),
    "never ends, no length": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"y" * 4096),
    "broken chunk size": in_pieces(CHUNKED, b"zz\r\nabc\r\n"),
    "broken chunk end": in_pieces(CHUNKED, b"3\r\nabcdef\r\n"),
    "huge chunk size": in_pieces(CHUNKED, b"f" * 40 + b"\r\nabc"),
    "closed in a chunk": then_closes(CHUNKED + b"10\r\nabc"),
    "closed before its length": then_closes(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
    "reset in the body": then_resets(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
}


#: A status that was received counts, whatever follows it, in the same breath or not.
FOLLOWED = {
    "a body where there is none": b"content-length: 0\r\n\r\n{}",
    "a body after no content": b"\r\n{}",
    "the length said twice": b"content-length: 2\r\ncontent-length: 2\r\n\r\nok",
    "two lengths": b"content-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "length and chunks": b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "broken chunks": b"transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "a header of 1 MB": b"x-huge: " + b"v" * 1_000_000 + b"\r\ncontent-length: 0\r\n\r\n",
    "10,000 headers": b"x: y\r\n" * 10_000 + b"content-length: 0\r\n\r\n",
    "content-length is no number": b"content-length: ten\r\n\r\nabc",
    "content-length below zero": b"content-length: -1\r\n\r\nabc",
    "a NUL in a header": b"x-nul: a\x00b\r\ncontent-length: 0\r\n\r\n",
    "a header without a colon": b"nonsense\r\ncontent-length: 0\r\n\r\n",
    "no header's end": b"content-le",
}
HINT = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"


@pytest.mark.parametrize("follows", FOLLOWED.values(), ids=FOLLOWED.keys())
@pytest.mark.parametrize("status", [b"200 OK", b"202 ", b"204 No Content", b"422 Unprocessable Content", b"500 No"])
@pytest.mark.parametrize("before", [b"", HINT])
async def test_a_status_stands_whatever_follows_it(
    egress: Egress, before: bytes, status: bytes, follows: bytes
) -> None:
    answer = await access_request(
        egress, then_closes(before + b"HTTP/1.1 " + status + b"\r\n" + follows), seconds=PATIENCE
    )
    assert (answer.status, answer.error) == (int(status[:3]), None)


@pytest.mark.parametrize("ends", [then_hangs, then_resets, then_closes, drips])
async def test_a_status_stands_though_nothing_follows_it(egress: Egress, ends: Callable[[bytes], Talk]) -> None:
    answer = await access_request(egress, ends(b"HTTP/1.1 200 OK\r\nx-slow: "), seconds=0.5)
    assert (answer.status, answer.error) == (200, None)


async def test_a_status_stands_behind_a_reason_without_end(egress: Egress) -> None:
    answer = await access_request(egress, answers(b"HTTP/1.1 200 " + b"O" * 1_000_000 + b"\r\n\r\n"), seconds=PATIENCE)
    assert (answer.status, answer.error) == (200, None)


async def test_headers_of_a_broken_answer_still_say_how_long_to_wait(egress: Egress) -> None:
    head = b"HTTP/1.1 429 Slow\r\nretry-after: 120\r\nset-cookie: s3cret\r\ntransfer-encoding: chunked\r\n\r\n"
    answer = await access_request(egress, answers(head + b"zz\r\n"), seconds=PATIENCE)
    assert (answer.status, answer.headers["retry-after"]) == (429, "120")
    assert "s3cret" not in str(answer)


async def test_the_status_of_one_answer_is_not_taken_for_that_of_the_next(egress: Egress) -> None:
    said = iter([OK, b""])

    async def talk(writer: asyncio.StreamWriter) -> None:
        text = next(said)
        writer.write(text)
        await writer.drain()
        if not text:
            writer.close()

    async with receiver(talk) as there:
        first = await egress.post(there.url, headers={}, body=b"1")
        second = await egress.post(there.url, headers={}, body=b"2")
    assert (first.status, second.status) == (200, None)


@pytest.mark.parametrize("talk", SUCCESSES.values(), ids=SUCCESSES.keys())
async def test_success_stands_whatever_becomes_of_the_body(egress: Egress, talk: Talk) -> None:
    answer = await access_request(egress, talk, seconds=0.5)
    assert (answer.status, answer.error, answer.cut) == (200, None, True)
    assert len(answer.body) <= KEPT_BODY


MALFORMED = {
    "HTTP/0.9": b"<html>hello</html>\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "status of no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of two figures": b"HTTP/1.1 20 OK\r\n\r\n",
    "TLS where none was asked": b"\x15\x03\x01\x00\x02\x02\x46",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_not_proper_http_is_called_so(egress: Egress, text: bytes) -> None:
    answer = await access_request(egress, answers(text), seconds=PATIENCE)
    assert (answer.status, answer.error) == (None, "protocol")
    assert answer.headers == {}


@pytest.mark.parametrize(
    ("talk", "codes"),
    [
        (then_closes(b""), {"connect_closed", "connect_reset"}),
        (then_resets(b""), {"connect_reset", "connect_closed"}),
        (then_closes(b"HTTP/1.1 20"), {"connect_closed", "protocol"}),
        (then_resets(b"HTTP/1.1 20"), {"connect_reset", "connect_closed", "protocol"}),
    ],
)
async def test_a_receiver_that_hangs_up_is_called_so(egress: Egress, talk: Talk, codes: set[str]) -> None:
    answer = await access_request(egress, talk)
    assert answer.status is None
    assert answer.error in codes


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_is_never_unpacked(egress: Egress, encoding: str) -> None:
    packed = gzip.compress(b"0" * 60_000_000, 9)[:58_000]
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(packed)}\r\n\r\n".encode()
    answer = await access_request(egress, answers(head + packed))
    assert (answer.status, answer.cut) == (200, False)
    assert "0000" not in answer.body
    assert "\x00" not in answer.body


async def test_no_more_than_64_kib_is_read_and_the_connection_is_closed(egress: Egress) -> None:
    longer = READ_AT_MOST * 64
    text = f"HTTP/1.1 200 OK\r\ncontent-length: {longer}\r\n\r\n".encode() + b"z" * longer
    async with receiver(answers(text)) as there:
        first = await egress.post(there.url, headers={}, body=b"1")
        second = await egress.post(there.url, headers={}, body=b"2")
    assert (first.cut, len(first.body)) == (True, KEPT_BODY)
    assert second.timing.connect is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_a_private_address_is_not_followed(egress: Egress, status: int) -> None:
    async with receiver(answers(OK)) as inside:
        to = f"HTTP/1.1 {status} Go\r\nlocation: http://127.0.0.1:{inside.port}/a\r\ncontent-length: 0\r\n\r\n"
        answer = await access_request(egress, answers(to.encode()))
        assert inside.requests == []
    assert (answer.status, answer.error) == (status, None)
    assert redirect_host(answer.headers) == f"127.0.0.1:{inside.port}"


async def test_a_connection_that_was_switched_to_another_protocol_is_not_used_again(egress: Egress) -> None:
    text = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
    async with receiver(answers(text)) as there:
        first = await egress.post(there.url, headers={}, body=b"1", seconds=0.5)
        second = await egress.post(there.url, headers={}, body=b"2", seconds=0.5)
    assert (first.status, second.status) == (101, 101)
    assert second.timing.connect is not None


async def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(egress: Egress) -> None:
    forged = b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"
    async with receiver(answers(OK + forged)) as there:
        first = await egress.post(there.url, headers={}, body=b"1")
        second = await egress.post(there.url, headers={}, body=b"2")
    assert (first.status, second.status) == (200, 200)


async def test_bodies_and_headers_can_be_stored(egress: Egress) -> None:
    body = b"a\x00b\xff\xfe\xed\xa0\x80c"
    head = f"HTTP/1.1 200 OK\r\nx-odd: \xff\xfe\r\ncontent-length: {len(body)}\r\n\r\n".encode("latin-1")
    answer = await access_request(egress, answers(head + body))
    assert answer.body.startswith("ab")
    assert answer.body.endswith("c")
    assert "\x00" not in answer.body
    assert answer.body.encode()
    assert answer.headers["x-odd"].encode()


async def test_secrets_in_headers_are_not_kept(egress: Egress) -> None:
    names = ["Set-Cookie", "authorization", "Proxy-Authorization", "X-Api-Key", "x-auth-token", "x-amz-security-token"]
    lines = "".join(f"{name}: s3cret\r\n" for name in names)
    answer = await access_request(egress, answers(f"HTTP/1.1 401 No\r\n{lines}content-length: 0\r\n\r\n".encode()))
    assert {answer.headers[name.lower()] for name in names} == {"[redacted]"}


async def test_what_decides_is_kept_though_the_headers_are_too_many(egress: Egress) -> None:
    many = b"".join(b"x-%d: %s\r\n" % (number, b"v" * 400) for number in range(60))
    text = b"HTTP/1.1 429 Wait\r\n" + many + b"retry-after: 120\r\ncontent-length: 0\r\n\r\n"
    answer = await access_request(egress, answers(text))
    assert answer.headers["retry-after"] == "120"
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) <= KEPT_HEADERS + 1024


async def test_a_large_body_that_nobody_reads_ends_at_the_deadline(egress: Egress) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # the kernel takes the connection, nobody the bytes
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        answer = await egress.post(url, headers={}, body=b"x" * 1_000_000, seconds=0.5)
    assert (answer.status, answer.error) == (None, "timeout_answer")


async def test_a_call_that_is_cancelled_gives_its_connection_up(egress: Egress) -> None:
    async with receiver(then_hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")) as there:
        calling = asyncio.create_task(egress.post(there.url, headers={}, body=b"1", seconds=PATIENCE))
        await until(lambda: bool(there.requests))
        await asyncio.sleep(0.05)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
