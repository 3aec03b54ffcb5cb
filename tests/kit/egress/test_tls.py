"""TLS towards receivers, checked against the name."""

import asyncio
import ssl
import warnings
from pathlib import Path

import pytest

from app.kit.egress.client import Egress, tls_context
from app.kit.egress.result import HttpResult
from tests.kit.egress.receivers import ALLOW, OK, answers, leads_to, receiver
from tests.kit.egress.servers.certificates import serving

NAME = "hooks.example.test"


async def access_request(
    tls: ssl.SSLContext, name: str = NAME, ca_file: Path | None = None
) -> tuple[HttpResult, list[bytes]]:
    """What comes of a call to `name`, and what the receiver read."""
    egress = Egress(allow=ALLOW, lookup=leads_to("127.0.0.1"), tls=tls_context(str(ca_file) if ca_file else None))
    async with receiver(answers(OK), tls=tls) as there:
        answer = await egress.post(f"https://{name}:{there.port}/", headers={}, body=b"")
    await egress.close()
    return answer, there.requests


async def test_an_authority_of_the_operators_own_is_trusted(tmp_path: Path) -> None:
    tls = serving(NAME, tmp_path)
    answer, requests = await access_request(tls, ca_file=tmp_path / "authority.pem")
    assert (answer.status, answer.tls, len(requests)) == (200, "TLSv1.3", 1)


async def test_nobody_else_signs_for_himself(tmp_path: Path) -> None:
    answer, requests = await access_request(serving(NAME, tmp_path))
    assert (answer.status, answer.error, requests) == (None, "tls_certificate", [])


async def test_the_certificate_must_bear_the_name(tmp_path: Path) -> None:
    tls = serving(NAME, tmp_path)
    answer, requests = await access_request(tls, name="other.example.test", ca_file=tmp_path / "authority.pem")
    assert (answer.status, answer.error, requests) == (None, "tls_certificate", [])


async def test_an_expired_certificate_is_none(tmp_path: Path) -> None:
    tls = serving(NAME, tmp_path, days=-1)
    answer, requests = await access_request(tls, ca_file=tmp_path / "authority.pem")
    assert (answer.status, answer.error, requests) == (None, "tls_certificate", [])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_older_than_tls_1_2_is_not_spoken(tmp_path: Path, version: ssl.TLSVersion) -> None:
    tls = serving(NAME, tmp_path)
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # that they are deprecated is the point
        tls.minimum_version = tls.maximum_version = version
    answer, requests = await access_request(tls, ca_file=tmp_path / "authority.pem")
    assert (answer.status, answer.error, requests) == (None, "tls_handshake", [])


async def test_tls_1_2_is_spoken(tmp_path: Path) -> None:
    tls = serving(NAME, tmp_path)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    answer, _ = await access_request(tls, ca_file=tmp_path / "authority.pem")
    assert (answer.status, answer.tls) == (200, "TLSv1.2")


async def test_a_receiver_without_tls_is_called_so() -> None:
    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    egress = Egress(allow=ALLOW, lookup=leads_to("127.0.0.1"))
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await egress.post(f"https://{NAME}:{port}/", headers={}, body=b"")
    assert answer.error == "tls_handshake"
    server.close()
    await egress.close()


def test_verification_is_on_whatever_is_given(tmp_path: Path) -> None:
    serving(NAME, tmp_path)
    for made in (tls_context(), tls_context(str(tmp_path / "authority.pem"))):
        assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert made.minimum_version == ssl.TLSVersion.TLSv1_2
        assert made.cert_store_stats()["x509_ca"] > 0
