"""What the guard lets through: names, literals and peers, each layer alone."""

import asyncio
import socket

import pytest

from app.kit.egress.address_guard import DnsFailed
from app.kit.egress.client import Egress
from app.kit.egress.targets import UrlRefused
from tests.kit.egress.receivers import ALLOW, OK, answers, leads_to, receiver


@pytest.mark.parametrize("code", ["dns_nxdomain", "dns_servfail", "dns_timeout", "dns_empty"])
async def test_a_name_that_does_not_resolve_is_not_called_blocked(code: str) -> None:
    async def lookup(name: str) -> list[str]:
        raise DnsFailed(code)

    egress = Egress(lookup=lookup)
    assert (await egress.post("https://hooks.example.com/", headers={}, body=b"")).error == code
    assert await egress.vet("https://hooks.example.com") == "https://hooks.example.com/"
    await egress.close()


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), ("10.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("::1",), ("64:ff9b::7f00:1",), ()],
)
async def test_any_forbidden_address_blocks_the_name(addresses: tuple[str, ...]) -> None:
    egress = Egress(lookup=leads_to(*addresses))
    answer = await egress.post("https://hooks.example.com/", headers={}, body=b"")
    assert (answer.status, answer.error, answer.address) == (None, "blocked_address", None)
    with pytest.raises(UrlRefused) as refusal:
        await egress.vet("https://hooks.example.com/")
    assert not any(address in str(refusal.value.fields) for address in addresses)
    await egress.close()


async def test_a_name_that_turns_private_after_it_was_saved_gets_nothing() -> None:
    answers_in_turn = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def lookup(name: str) -> list[str]:
        return next(answers_in_turn)

    egress = Egress(lookup=lookup)
    async with receiver(answers(OK)) as there:
        url = await egress.vet("https://hooks.example.com/in")
        answer = await egress.post(url, headers={}, body=b"1")
    assert answer.error == "blocked_address"
    assert there.requests == []
    await egress.close()


async def test_plain_http_leads_only_into_the_allow_list() -> None:
    async with receiver(answers(OK)) as there:
        inside = Egress(allow=ALLOW, lookup=leads_to("127.0.0.1"))
        outside = Egress(allow=ALLOW, lookup=leads_to("93.184.216.34"))
        url = f"http://crm:{there.port}/in"
        assert (await inside.post(url, headers={}, body=b"1")).status == 200
        assert (await outside.post(url, headers={}, body=b"1")).error == "blocked_address"
        with pytest.raises(UrlRefused):
            await outside.vet(url)
    await inside.close()
    await outside.close()


async def test_localhost_is_resolved_by_ourselves_and_only_when_opened(egress: Egress) -> None:
    async with receiver(answers(OK)) as there:
        assert (await egress.post(f"http://localhost:{there.port}/", headers={}, body=b"")).status == 200
    closed = Egress(allow=["10.0.0.0/8"])
    assert (await closed.post("http://localhost:9/", headers={}, body=b"")).error == "blocked_address"
    await closed.close()


async def test_a_literal_is_vetted_when_its_socket_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL rule taken out, the socket factory alone must still stop it."""
    monkeypatch.setattr("app.kit.egress.targets.is_opened", lambda *_: True)
    egress = Egress(allow=["10.0.0.0/8"])
    async with receiver(answers(OK)) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
        await asyncio.sleep(0.05)
    assert (answer.error, there.requests) == ("blocked_address", [])
    assert there.connections == 0, "not even a connection, which would tell of an open port"
    await egress.close()


async def test_the_peer_is_vetted_before_bytes_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolver and socket factory taken out, the look at the peer alone must still stop it."""
    monkeypatch.setattr("app.kit.egress.targets.is_opened", lambda *_: True)
    monkeypatch.setattr("app.kit.egress.address_guard.Guard.make_socket", lambda self, where: socket.socket(*where[:3]))
    egress = Egress(allow=["10.0.0.0/8"])
    async with receiver(answers(OK)) as there:
        answer = await egress.post(there.url, headers={}, body=b"1")
        await asyncio.sleep(0)
    assert (answer.error, there.requests) == ("blocked_address", [])
    await egress.close()
