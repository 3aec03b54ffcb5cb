"""nginx before Keyturn, as docs/proxy/nginx.conf has it: TLS, below a path, visitors with addresses of their own."""

import re
from pathlib import Path

import httpx2

from tests.deployment.conftest import browser, nginx, web
from tests.world import World

DETAILS = {"company": "Brand SA", "name": "Ana Lima", "email": "ana@brand.example"}
VISITORS = [f"127.0.0.{number}" for number in range(11, 19)]


def test_below_a_path_behind_tls(folder: Path, certificate: tuple[Path, Path], database_url: str, world: World) -> None:
    """The proxy speaks from an address that is not this machine's usual one, as in a network of containers."""
    public = "https://localhost/keyturn"
    with (
        web(folder, database_url, KEYTURN_PUBLIC_URL=public, KEYTURN_TRUSTED_PROXIES="127.0.0.77") as inside,
        nginx(folder, certificate, inside, path="/keyturn/", speaks_as="127.0.0.77") as port,
    ):
        base = f"https://localhost:{port}/keyturn"
        key = {"Authorization": f"Bearer {world.north.key}"}
        with browser(certificate, base) as client:
            _walk(client, world)
            made = client.post("/api/v1/public-links", json={"preset": "prospect"}, headers=key).json()
        path = str(made["address"]).removeprefix(public)
        for address in VISITORS:
            with browser(certificate, base, address=address) as visitor:
                answer = visitor.post(path, data=DETAILS | {"email": f"ana@brand{address[-2:]}.example"})
                assert answer.status_code == 303, (address, answer.text)
                assert answer.headers["location"].startswith("/keyturn/l/")
                screen = f"https://localhost:{port}{answer.headers['location'].partition('?')[0]}/tiktok/way"
                assert visitor.get(screen).status_code == 200
    logs = "".join(log.read_text() for log in folder.glob("*.log"))
    assert world.north.token not in logs
    assert "proxy.untrusted" not in logs


def _walk(client: httpx2.Client, world: World) -> None:
    """A link with a trailing slash, by HEAD, with a full stop behind; then Start."""
    path = world.north.link_path
    for method in ("GET", "HEAD"):
        for each in (path, f"{path}/", "/healthz", "/readyz", "/static/icon.svg", "/api/v1/openapi.json"):
            answer = client.request(method, each)
            assert answer.status_code == 200, (method, each)
            assert answer.headers["strict-transport-security"]
        stray = client.request(method, f"{path}.")
        assert (stray.status_code, stray.headers["location"]) == (303, f"/keyturn{path}")
        refused = client.request(method, f"{path}.", headers={"Host": "evil.example"})
        assert (refused.status_code, "location" in refused.headers) == (421, False)
        assert client.request(method, "/metrics").status_code == 404
    page = client.get(path).text
    for found in re.findall(r'(?:href|src)="(/[^"]+)"', page):
        assert client.get(str(client.base_url.copy_with(path=found.partition("?")[0]))).status_code == 200, found
    assert client.post(path).headers["location"] == f"/keyturn/l/{world.north.link_id}"


def test_without_being_trusted_a_proxy_makes_all_visitors_one_and_it_is_said(
    folder: Path, certificate: tuple[Path, Path], database_url: str, world: World
) -> None:
    with (
        web(folder, database_url, KEYTURN_PUBLIC_URL="https://localhost/") as inside,
        nginx(folder, certificate, inside, path="/", speaks_as="127.0.0.77") as port,
    ):
        key = {"Authorization": f"Bearer {world.north.key}"}
        with browser(certificate, f"https://localhost:{port}") as client:
            made = client.post("/api/v1/public-links", json={"preset": "prospect"}, headers=key).json()
        path, got = str(made["address"]).removeprefix("https://localhost"), []
        for address in VISITORS:
            with browser(certificate, f"https://localhost:{port}", address=address) as visitor:
                got.append(visitor.post(path, data=DETAILS).status_code)
    assert got[-1] == 429
    lines = (folder / "web.log").read_text()
    assert lines.count("proxy.untrusted") == 1
    assert "KEYTURN_TRUSTED_PROXIES" in lines
