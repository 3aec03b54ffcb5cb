"""A software authenticator: one passkey, and each part of its answers that a test may falsify."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

#: Bits of the authenticator data: the user was there, was verified; a new credential follows.
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """A passkey of ES256. `counts`: it counts its uses, as some do."""

    origin: str
    host: str
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    sign_count: int = 0
    user_handle: str = ""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any], **client: Any) -> str:
        """The answer to options of a creation; `client`: other client data."""
        self.user_handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(key)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        sent = self._client_data("webauthn.create", options, client)
        return self._answer(clientDataJSON=sent, attestationObject=cbor2.dumps(attestation))

    def get(self, options: dict[str, Any], **client: Any) -> str:
        """The answer to options of a request."""
        self.sign_count += self.counts
        data, sent = self._data(), self._client_data("webauthn.get", options, client)
        signature = self.key.sign(data + hashlib.sha256(sent).digest(), ec.ECDSA(hashes.SHA256()))
        handle = {"userHandle": base64url_to_bytes(self.user_handle)} if self.user_handle else {}
        return self._answer(clientDataJSON=sent, authenticatorData=data, signature=signature, **handle)

    def _data(self, more: int = 0) -> bytes:
        head = hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | more])
        return head + self.sign_count.to_bytes(4)

    def _client_data(self, kind: str, options: dict[str, Any], other: dict[str, Any]) -> bytes:
        given = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(given | other).encode()

    def _answer(self, **parts: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        response = {part: bytes_to_base64url(value) for part, value in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
