"""Encryption and sign-in: nothing is said in clear that must not be, and wrong settings can be put right."""

import asyncio
import datetime
import ssl
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.mail import rendered_email, smtp_client
from app.mail.rendered_email import Recipient, RenderedEmail
from app.mail.retry_policy import SmtpReply, classify
from app.mail.server import Server
from tests.mail.post_office import PostOffice, serving

ANA = Recipient("ana@maisonlune.example", "Ana Client")
ZOE = Recipient("zoë@maisonlune.example", "Zoë")
WRITTEN = RenderedEmail("North", Recipient("ana@north.example"), "Subject", "Text\n", "<p>HTML</p>")


async def hand_over(server: Server, to: Recipient = ANA) -> SmtpReply:
    message = rendered_email.compose(
        WRITTEN, mail_id="mail_01", sender=server.sender, to=to, language="en",
        written_at=datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC),
    )  # fmt: skip
    return await smtp_client.send(server, message, to=rendered_email.recipient(to))


def encrypted(office: PostOffice) -> Server:
    return replace(office.server, host="localhost", tls="starttls")


async def test_a_server_without_encryption_gets_nothing_where_it_is_wanted() -> None:
    async with serving(PostOffice()) as office:
        answer = await hand_over(replace(office.server, tls="starttls"))
    assert classify(answer).what == "later"
    assert office.envelopes == []


async def test_a_certificate_of_nobody_is_not_trusted(certificate: ssl.SSLContext) -> None:
    async with serving(PostOffice(), tls=certificate) as office:
        answer = await hand_over(replace(office.server, tls="starttls"))
    assert classify(answer).what == "later"
    assert office.envelopes == []


async def test_encrypted_it_arrives(trusted: ssl.SSLContext) -> None:
    async with serving(PostOffice(), tls=trusted) as office:
        assert (await hand_over(encrypted(office))).accepted
    assert len(office.envelopes) == 1


async def test_it_signs_in(trusted: ssl.SSLContext) -> None:
    async with serving(PostOffice(), auth=True, tls=trusted) as office:
        server = replace(encrypted(office), user="ana@agency.example", password="s/cr@t")
        assert (await smtp_client.check_login(server)).accepted
        assert (await hand_over(server)).accepted
    assert office.signed_in == [("ana@agency.example", "s/cr@t")] * 2
    assert len(office.envelopes) == 1


async def test_a_wrong_password_can_be_put_right(trusted: ssl.SSLContext) -> None:
    async with serving(PostOffice(), auth=True, tls=trusted) as office:
        server = replace(encrypted(office), user="ana", password="wrong")
        assert classify(await smtp_client.check_login(server)).what == "later"
        answer = await hand_over(server)
    assert (answer.code, classify(answer).what) == (535, "later")
    assert "wrong" not in (classify(answer).sentence or "")


async def test_an_address_beyond_ascii() -> None:
    async with serving(PostOffice()) as office:
        assert (await hand_over(office.server, ZOE)).accepted
    assert office.envelopes[0].rcpt_tos == ["zoë@maisonlune.example"]
    assert "<zoë@maisonlune.example>".encode() in cast(bytes, office.envelopes[0].original_content)


async def test_a_server_that_knows_ascii_alone() -> None:
    async with serving(PostOffice(), smtputf8=False) as office:
        answer = await hand_over(office.server, ZOE)
    assert classify(answer).what == "never"
    assert classify(answer).sentence == "It cannot be sent: the mail server knows no addresses beyond ASCII."


async def test_a_server_that_says_nothing_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(smtp_client, "WHOLE", 0.2)
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        answer = await hand_over(Server("127.0.0.1", port, "none", "keyturn@post.example"))
    assert classify(answer).what == "later"


async def test_plain_words_to_a_server_that_is_encrypted_from_the_first_byte(certificate: ssl.SSLContext) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificate) as there:
        port = there.sockets[0].getsockname()[1]
        for tls in ("starttls", "none"):
            answer = await smtp_client.check_login(Server("127.0.0.1", port, tls, "keyturn@post.example"))
            assert answer.text == "it is encrypted from the first byte: write smtps:// in KEYTURN_SMTP_URL."


async def test_a_handshake_with_a_server_that_greets_in_plain_words() -> None:
    async with serving(PostOffice()) as office:
        answer = await smtp_client.check_login(replace(office.server, tls="whole"))
    assert answer.text == "it is not encrypted from the first byte: write smtp:// in KEYTURN_SMTP_URL."


@pytest.fixture
def trusted(certificate: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The same, and this machine trusts it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    return certificate


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that only `tmp_path/certificate.pem` vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context
