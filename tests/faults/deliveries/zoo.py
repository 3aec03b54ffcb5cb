"""Receivers that mean harm, one of each kind, and what their deliveries must come to."""

import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.kit.egress.receivers import Receiver, Talk, answers, receiver
from tests.kit.egress.servers.certificates import serving
from tests.kit.egress.servers.talks import CHUNKED, drips, then_hangs, then_resets

Policy = Literal["standard", "none"]
HOUR = 3600
#: As much as an endless answer may lose in the buffers of two kernels and two programs.
BUFFERED = 16 * 1024 * 1024
_OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Beast:
    """What it says; the codes its attempts may have. `arrived`: it answers 2xx, whatever comes after."""

    talk: Talk
    codes: frozenset[str]
    arrived: bool = False
    policy: Policy = "standard"
    tls: ssl.SSLContext | None = None
    #: whether a request gets as far as the receiver
    reached: bool = True


@dataclass(frozen=True)
class Met:
    """A beast, where it is, and what came to it."""

    beast: Beast
    there: Receiver

    @property
    def url(self) -> str:
        """Where it is called."""
        return self.there.url.replace("http:", "https:") if self.beast.tls else self.there.url


class Flood:
    """Says a body without end as fast as it is taken, and counts what was taken."""

    def __init__(self) -> None:
        self.most = 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        """Until the other side closes."""
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        writer.write(CHUNKED)
        said = 0
        piece = b"4000\r\n" + b"y" * 0x4000 + b"\r\n"
        while not writer.is_closing():
            writer.write(piece)
            said += len(piece)
            self.most = max(self.most, said)
            await writer.drain()


def beasts(folder: Path, flood: Flood, *, inside: Receiver, good: Receiver) -> dict[str, Beast]:
    """One of each by name. `inside` is where a redirect must not lead, and neither is `good`."""
    packed = gzip.compress(b"0" * 60_000_000, 9)[:58_000]
    bomb = _OK + f"content-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode() + packed
    huge = _OK + b"x-huge: " + b"v" * 1_000_000 + b"\r\ncontent-length: 0\r\n\r\n"
    return {
        "hangs": Beast(then_hangs(b""), _codes("timeout_answer")),
        "drips its headers": Beast(drips(_OK + b"x-slow: ", every=1), _codes("http_200"), arrived=True),
        "drips its body": Beast(
            drips(_OK + b"content-length: 9999\r\n\r\n", every=1), _codes("http_200"), arrived=True
        ),
        "never ends": Beast(flood, _codes("http_200"), arrived=True),
        "gzip bomb": Beast(answers(bomb), _codes("http_200"), arrived=True),
        "header of 1 MB": Beast(answers(huge), _codes("http_200"), arrived=True),
        "broken chunks": Beast(answers(CHUNKED + b"zz\r\nabc\r\n"), _codes("http_200"), arrived=True),
        "resets": Beast(then_resets(b""), _codes("connect_reset", "connect_closed")),
        "leads inside": Beast(_leads_to(inside.url), _codes("redirect")),
        "leads to the good one": Beast(_leads_to(good.url), _codes("redirect")),
        "bad certificate": Beast(
            answers(_OK + b"content-length: 0\r\n\r\n"), _codes("tls_certificate"),
            tls=serving("receiver.example.test", folder), reached=False,
        ),
        "gone": Beast(_says(410), _codes("gone")),
        "busy": Beast(_says(429, f"retry-after: {HOUR}"), _codes("throttled")),
        "broken": Beast(_says(500), _codes("http_500"), policy="none"),
    }  # fmt: skip


@contextlib.asynccontextmanager
async def opened(kinds: dict[str, Beast]) -> AsyncIterator[dict[str, Met]]:
    """All of them, each at a port of its own."""
    async with contextlib.AsyncExitStack() as stack:
        yield {
            name: Met(beast, await stack.enter_async_context(receiver(beast.talk, tls=beast.tls)))
            for name, beast in kinds.items()
        }


def _codes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def _says(status: int, line: str = "x-none: none") -> Talk:
    return answers(f"HTTP/1.1 {status} Said\r\n{line}\r\ncontent-length: 0\r\n\r\n".encode())


def _leads_to(url: str) -> Talk:
    return _says(307, f"location: {url}")
