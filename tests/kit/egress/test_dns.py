"""The resolver against a name server of our own."""

import pytest

from app.kit.egress.address_guard import KEPT_SECONDS, DnsFailed
from tests.kit.egress.servers.name_server import AAAA, NXDOMAIN, SERVFAIL, A, in_turn, name_server

ZONE: dict[tuple[str, int], list[str] | int] = {
    ("two.example", A): ["93.184.216.34"],
    ("two.example", AAAA): ["2606:4700::1"],
    ("four.example", A): ["93.184.216.34", "10.0.0.1"],
    ("half.example", A): ["93.184.216.34"],
    ("half.example", AAAA): SERVFAIL,
    ("broken.example", A): SERVFAIL,
    ("broken.example", AAAA): SERVFAIL,
    ("empty.example", A): [],
    ("empty.example", AAAA): [],
    ("alias.example", A): ["=two.example", "93.184.216.34"],
    ("alias.example", AAAA): [],
    ("crm", A): ["172.18.0.5"],
    ("crm", AAAA): [],
}


def everything(name: str, kind: int) -> list[str] | int:
    """What ZONE says; a name that is not there does not exist."""
    return ZONE.get((name, kind), NXDOMAIN)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("two.example", {"93.184.216.34", "2606:4700::1"}),
        ("four.example", {"93.184.216.34", "10.0.0.1"}),
        ("half.example", {"93.184.216.34"}),
        ("alias.example", {"93.184.216.34"}),
        ("crm", {"172.18.0.5"}),
    ],
)
async def test_all_addresses_of_a_name(name: str, addresses: set[str]) -> None:
    async with name_server(everything) as (dns, _):
        assert set(await dns.lookup(name)) == addresses


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nobody.example", "dns_nxdomain"),
        ("broken.example", "dns_servfail"),
        ("empty.example", "dns_empty"),
    ],
)
async def test_why_a_name_leads_nowhere(name: str, code: str) -> None:
    async with name_server(everything) as (dns, _):
        with pytest.raises(DnsFailed) as failure:
            await dns.lookup(name)
    assert failure.value.code == code


async def test_a_silent_name_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kit.egress.address_guard.DNS_SECONDS", 0.2)
    async with name_server(everything) as (dns, _):
        with pytest.raises(DnsFailed) as failure:
            await dns.lookup("silent.example")
    assert failure.value.code == "dns_timeout"


async def test_an_answer_is_not_kept_for_as_long_as_its_record_says() -> None:
    """The records live a minute, and c-ares keeps them that long."""
    async with name_server(in_turn(["93.184.216.34"], ["10.0.0.1"]), kept_seconds=0) as (dns, _):
        assert await dns.lookup("hooks.example") == ["93.184.216.34"]
        assert await dns.lookup("hooks.example") == ["10.0.0.1"]
        for _ in range(5):
            await dns.lookup("hooks.example")
        assert len(dns._resolvers) == 2
    async with name_server(in_turn(["93.184.216.34"], ["10.0.0.1"])) as (dns, _):
        assert await dns.lookup("hooks.example") == await dns.lookup("hooks.example")
    assert KEPT_SECONDS * 2 <= 60  # ours and aiohttp's, one after the other


async def test_no_search_domain_is_added() -> None:
    async with name_server(everything) as (dns, server):
        with pytest.raises(DnsFailed):
            await dns.lookup("single")
    assert set(server.asked) == {"single"}
