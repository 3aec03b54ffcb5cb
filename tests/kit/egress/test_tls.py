"""TLS towards receivers, checked against the name."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.kit.egress.sender import Egress
from tests.kit.egress.receivers import ALLOW, OK, answers, leads_to, receiver


async def test_tls_is_checked_against_the_name(tmp_path: Path) -> None:
    serving, trusting = _tls_for("hooks.example.test", tmp_path)
    async with receiver(answers(OK), tls=serving) as there:
        named = Egress(allow=ALLOW, lookup=leads_to("127.0.0.1"), tls=trusting)
        stranger = Egress(allow=ALLOW, lookup=leads_to("127.0.0.1"))
        good = await named.post(f"https://hooks.example.test:{there.port}/", headers={}, body=b"")
        other_name = await named.post(f"https://other.example.test:{there.port}/", headers={}, body=b"")
        unknown_issuer = await stranger.post(f"https://hooks.example.test:{there.port}/", headers={}, body=b"")
    assert (good.status, good.tls) == (200, "TLSv1.3")
    assert other_name.error == "tls_certificate"
    assert unknown_issuer.error == "tls_certificate"
    await named.close()
    await stranger.close()


async def test_a_receiver_without_tls_is_called_so() -> None:
    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    egress = Egress(allow=ALLOW, lookup=leads_to("127.0.0.1"))
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await egress.post(f"https://hooks.example.test:{port}/", headers={}, body=b"")
    assert answer.error == "tls_handshake"
    server.close()
    await egress.close()


def _tls_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A context that serves as `name`, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + secret)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "both.pem")
    return serving, ssl.create_default_context(cadata=pem.decode())
