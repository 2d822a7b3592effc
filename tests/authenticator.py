"""A passkey in software, which answers what it is asked and more."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def encoded(value):
    return urlsafe_b64encode(value).decode().rstrip("=")


def decoded(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One passkey for one site; `flags` say whether its user was there, and who."""

    def __init__(self, origin, passkey_id=b"a passkey", flags=PRESENT | VERIFIED):
        self.origin, self.id, self.flags = origin, passkey_id, flags
        self.count, self.handle = 0, ""
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options):
        """Answer the options for a new passkey."""
        self.handle = options["user"]["id"]
        numbers = self._key.public_key().public_numbers()
        x, y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        size = len(self.id).to_bytes(2, "big")
        data = self._data(options["rp"]["id"], self.flags | ATTESTED)
        data += bytes(16) + size + self.id + key
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options)
        return self._answer(
            clientDataJSON=encoded(client), attestationObject=encoded(made)
        )

    def sign(self, options):
        """Answer the options for a log-in."""
        client = self._client("webauthn.get", options)
        data = self._data(options["rpId"], self.flags)
        signed = data + sha256(client).digest()
        return self._answer(
            clientDataJSON=encoded(client),
            authenticatorData=encoded(data),
            signature=encoded(self._key.sign(signed, ec.ECDSA(SHA256()))),
            userHandle=self.handle,
        )

    def _data(self, host, flags):
        counter = self.count.to_bytes(4, "big")
        return sha256(host.encode()).digest() + bytes([flags]) + counter

    def _client(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, **response):
        name = encoded(self.id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response}
        )
