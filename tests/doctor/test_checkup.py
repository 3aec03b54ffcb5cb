"""What the doctor says of the way out."""

import asyncio

from app.doctor import checkup
from app.settings import Settings


async def test_nothing_set_is_one_line(settings: Settings) -> None:
    (line,) = await checkup.egress(settings.model_copy(update={"egress_allow": ""}))
    assert (line.well, line.words) == (True, "public addresses only.")


async def test_what_is_set_is_told(settings: Settings) -> None:
    chosen = {
        "egress_allow": "10.0.0.0/8",
        "egress_deny": "8.8.8.0/24",
        "egress_nat64": True,
        "egress_ca_file": "/a.pem",
    }
    (line,) = await checkup.egress(settings.model_copy(update=chosen))
    for words in ("10.0.0.0/8", "one trusted agency", "never 8.8.8.0/24", "NAT64", "/a.pem"):
        assert words in line.words


async def test_a_proxy_is_knocked_at_and_its_password_not_told(settings: Settings) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    chosen = settings.model_copy(update={"egress_proxy": f"http://keyturn:s3cret@127.0.0.1:{port}"})
    _, there = await checkup.egress(chosen)
    server.close()
    await server.wait_closed()
    _, gone = await checkup.egress(chosen)
    assert (there.well, gone.well) == (True, False)
    assert f"127.0.0.1:{port}" in there.words
    assert "KEYTURN_EGRESS_PROXY" in gone.words
    assert "s3cret" not in there.words + gone.words


def test_trusted_proxies_are_told(settings: Settings) -> None:
    chosen = settings.model_copy(update={"trusted_proxies": "172.30.89.0/24"})
    assert "172.30.89.0/24" in checkup.proxies(chosen).words
    assert "none is trusted" in checkup.proxies(settings.model_copy(update={"trusted_proxies": ""})).words


def test_the_redirect_address_may_lie_below_a_path(settings: Settings) -> None:
    chosen = settings.model_copy(update={"public_url": "https://agency.com/keyturn"})
    found = checkup.redirect_address(chosen)
    assert (found.well, "https://agency.com/keyturn/callbacks/tiktok" in found.words) == (True, True)
