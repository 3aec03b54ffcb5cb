"""Names that lead elsewhere from one moment to the next, told by a real name server."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator

import pytest

from app.kit.egress.address_guard import Guard, current_call
from app.kit.egress.client import Egress
from app.kit.egress.targets import UrlRefused
from tests.kit.egress.receivers import OK, answers, receiver
from tests.kit.egress.servers.name_server import (
    AAAA,
    NXDOMAIN,
    SERVFAIL,
    A,
    Found,
    NameServer,
    Zone,
    in_turn,
    name_server,
)

PUBLIC, PRIVATE = "93.184.216.34", "127.0.0.1"
REASON = "The host name does not lead to a public address."


@contextlib.asynccontextmanager
async def asking(
    zone: Zone, allow: list[str] | None = None, kept_seconds: float = 0
) -> AsyncIterator[tuple[Egress, NameServer]]:
    """A way out that resolves by such a server."""
    async with name_server(zone, kept_seconds) as (dns, server):
        egress = Egress(lookup=dns.lookup, allow=allow or ())
        yield egress, server
        await egress.close()


async def test_public_when_saved_then_private_gets_nothing() -> None:
    async with asking(in_turn([PUBLIC], [PRIVATE])) as (egress, _), receiver(answers(OK)) as there:
        url = await egress.vet("https://hooks.example.com:8443/in")
        answer = await egress.post(url, headers={}, body=b"1")
        assert (answer.status, answer.error, answer.address) == (None, "blocked_address", None)
        assert there.requests == []


async def test_private_between_two_connects_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is asked at each connect, with the address that is dialled."""
    made: list[str] = []
    original = Guard.make_socket

    def watched(self: Guard, where: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
        made.append(where[4][0])
        original(self, where).close()
        raise ConnectionRefusedError(errno.ECONNREFUSED, "no call leaves this machine")

    monkeypatch.setattr(Guard, "make_socket", watched)
    async with asking(in_turn([PUBLIC], [PRIVATE])) as (egress, _):
        first = await egress.post("https://one.example.com/", headers={}, body=b"1")
        second = await egress.post("https://two.example.com/", headers={}, body=b"1")
    assert made == [PUBLIC]
    assert (first.error, second.error) == ("connect_refused", "blocked_address")


@pytest.mark.parametrize(
    "found",
    [
        [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "10.0.0.1"], [PUBLIC, "169.254.169.254"], ["0.0.0.0"],
        ["=other.example", PRIVATE], ["=a.example", "=b.example", PUBLIC, "192.168.1.1"],
    ],
)  # fmt: skip
async def test_any_private_answer_refuses_the_name(found: Found) -> None:
    async with asking(in_turn(found)) as (egress, _):
        answer = await egress.post("https://hooks.example.com/", headers={}, body=b"1")
        assert answer.error == "blocked_address"
        with pytest.raises(UrlRefused) as refusal:
            await egress.vet("https://hooks.example.com/")
    assert (refusal.value.detail, refusal.value.fields) == (REASON, {"url": REASON})


async def test_a_private_answer_of_the_other_family_refuses_the_name() -> None:
    def zone(name: str, kind: int) -> Found:
        return {A: [PUBLIC], AAAA: ["64:ff9b::7f00:1"]}.get(kind, NXDOMAIN)

    async with asking(zone) as (egress, _):
        assert (await egress.post("https://hooks.example.com/", headers={}, body=b"1")).error == "blocked_address"


@pytest.mark.parametrize(("found", "code"), [(NXDOMAIN, "dns_nxdomain"), (SERVFAIL, "dns_servfail"), ([], "dns_empty")])
async def test_a_failing_name_is_not_called_unsafe(found: Found, code: str) -> None:
    def zone(name: str, kind: int) -> Found:
        return found

    async with asking(zone) as (egress, _):
        assert (await egress.post("https://hooks.example.com/", headers={}, body=b"1")).error == code
        assert await egress.vet("https://hooks.example.com/")


async def test_a_name_that_flaps_is_reached_when_it_is_back() -> None:
    zone = in_turn([PRIVATE], NXDOMAIN, SERVFAIL, SERVFAIL, [PRIVATE])  # c-ares asks a failing server again
    async with asking(zone, allow=["127.0.0.0/8"]) as (egress, _), receiver(answers(OK)) as there:
        url = await egress.vet(f"http://crm.example:{there.port}/in")
        codes = [(await egress.post(url, headers={}, body=b"1")).error for _ in range(2)]
        answer = await egress.post(url, headers={}, body=b"1")
    assert codes == ["dns_nxdomain", "dns_servfail"]
    assert (answer.status, len(there.requests)) == (200, 1)


async def test_a_slow_name_server_is_given_up_at_the_deadline() -> None:
    async with asking(in_turn([PUBLIC])) as (egress, _):
        answer = await egress.post("https://silent.example/", headers={}, body=b"1", seconds=0.3)
    assert (answer.status, answer.error) == (None, "dns_timeout")


async def test_hanging_names_do_not_keep_others_waiting() -> None:
    def zone(name: str, kind: int) -> Found:
        return [PRIVATE] if kind == A else []

    async with (
        asking(zone, allow=["127.0.0.0/8"], kept_seconds=60) as (egress, _),
        receiver(answers(OK)) as there,
    ):
        hanging = [
            asyncio.create_task(egress.post("https://silent.example/", headers={}, body=b"", seconds=30))
            for _ in range(50)
        ]
        answer = await egress.post(f"http://crm.example:{there.port}/", headers={}, body=b"1", seconds=30)
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
    assert answer.status == 200


async def test_a_name_is_kept_for_a_minute_at_most() -> None:
    async with asking(in_turn([PRIVATE]), allow=["127.0.0.0/8"]) as (egress, server), receiver(answers(OK)) as there:
        for _ in range(3):
            await egress.post(f"http://crm.example:{there.port}/", headers={}, body=b"1")
        assert server.asked == ["crm.example"] * 2  # A and AAAA, once
        connector = egress._doors[True].connector
        assert connector._cached_hosts._ttl <= 30  # type: ignore[union-attr]  # the library shows it nowhere else


async def test_a_peer_that_is_not_the_vetted_one_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both addresses are opened; still only the one that was vetted for this connection may answer."""

    async with receiver(answers(OK)) as there:

        def elsewhere(self: Guard, where: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
            current_call.get().dialling.add("127.0.0.2")
            return socket.socket(*where[:3])

        monkeypatch.setattr(Guard, "make_socket", elsewhere)
        egress = Egress(allow=["127.0.0.0/8"])
        answer = await egress.post(there.url, headers={}, body=b"1")
        assert (answer.error, there.requests) == ("blocked_address", [])
        assert "answered for" in (answer.detail or "")
        await egress.close()
