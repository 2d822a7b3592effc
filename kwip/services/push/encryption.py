"""Encrypt messages for a device, and sign requests to push services.

The push service must not read a message, so it is encrypted for the device's key: by
RFC 8291 (`aes128gcm`), or by the draft before it (`aesgcm`, draft-ietf-webpush-
encryption-04). The service knows from a signature (VAPID, RFC 8292) that the request
comes from the site that the device subscribed to.
"""

from __future__ import annotations

import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from kwip.domain.push import PushTarget

#: The order of the group of P-256: private keys are below it (SEC 2, secp256r1).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: The only record of a message may be so long.
_RECORD = 4_096
#: What a message may have: push services take 4,096 bytes, with header and tag.
MAX_BYTES = 3_800
#: A signature is valid for half of what RFC 8292 allows, and used for half of that.
_VALID_S = 12 * 3_600
_MOST_TOKENS = 1_000


def to_base64(content: bytes) -> str:
    """Write bytes in base64url without padding, as Web Push has them."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """Read base64url, or base64 as some apps send it, with or without padding.

    Raises:
        ValueError: It is neither.
    """
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    if not plain.isascii():
        raise ValueError(text)
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))


class Vapid:
    """The key pair of the site, made from a secret text.

    The same text always gives the same pair: subscriptions are for its public key.

    Args:
        secret: A random text of at least 32 characters.
        subject: How a push service reaches the operator: a `https:` or `mailto:` URI.
        clock: The wall clock, in milliseconds.
    """

    def __init__(self, secret: str, subject: str, clock: Callable[[], int]):
        self._secret = secret
        self._subject = subject
        self._clock = clock
        self._tokens: dict[str, tuple[int, str]] = {}

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- 10 MB in each process

        # 512 bits, so that no key is noticeably more likely than another.
        derived = blake2b(self._secret.encode(), person=b"kwip push").digest()
        number = int.from_bytes(derived, "big") % (_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    @cached_property
    def public_key(self) -> str:
        """The public key in base64url, as browsers and apps subscribe with it."""
        return to_base64(_point_of(self._key))

    def headers(self, endpoint: str, *, is_standard: bool) -> Mapping[str, str]:
        """Return the headers that prove to a push service who sends."""
        token = self._token(endpoint)
        if is_standard:
            return {"Authorization": f"vapid t={token}, k={self.public_key}"}
        return {
            "Authorization": f"WebPush {token}",
            "Crypto-Key": f"p256ecdsa={self.public_key}",
        }

    def _token(self, endpoint: str) -> str:
        """Return a signed token for the origin of an endpoint."""
        parts, now_s = urlsplit(endpoint), self._clock() // 1_000
        audience = f"{parts.scheme}://{parts.netloc}"
        ends_s, token = self._tokens.get(audience, (0, ""))
        if ends_s - now_s < _VALID_S // 2:
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            ends_s = now_s + _VALID_S
            token = self._sign({"aud": audience, "exp": ends_s, "sub": self._subject})
            self._tokens[audience] = ends_s, token
        return token

    def _sign(self, claims: Mapping[str, object]) -> str:
        """Return a JSON Web Token (RFC 7519) with ES256."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415
            decode_dss_signature,
        )

        parts = ({"typ": "JWT", "alg": "ES256"}, claims)
        signed = ".".join(to_base64(json.dumps(part).encode()) for part in parts)
        found = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        numbers = (n.to_bytes(32, "big") for n in decode_dss_signature(found))
        return f"{signed}.{to_base64(b''.join(numbers))}"


def check(p256dh: str, auth: str) -> tuple[str, str]:
    """Return the keys of a device in one form.

    Raises:
        ValueError: They are no point of P-256 and no 16 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    point, secret = from_base64(p256dh), from_base64(auth)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    if len(secret) != 16:  # noqa: PLR2004 -- by the standard
        raise ValueError(auth)
    return to_base64(point), to_base64(secret)


def encrypt(
    content: bytes,
    target: PushTarget,
    *,
    salt: bytes = b"",
    sender: EllipticCurvePrivateKey | None = None,
) -> tuple[bytes, Mapping[str, str]]:
    """Encrypt a message for a device; return the body and its headers.

    `salt` and `sender` are random unless they are given, which only tests do.
    """
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    salt, sender = (
        salt or os.urandom(16),
        sender or ec.generate_private_key(ec.SECP256R1()),
    )
    theirs, secret = from_base64(target.p256dh), from_base64(target.auth)
    device = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    shared, ours = sender.exchange(ec.ECDH(), device), _point_of(sender)
    if target.is_standard:
        about = b"WebPush: info\0" + theirs + ours
        key = _derived(shared, secret, about, 32)
        sealer = AESGCM(_derived(key, salt, b"Content-Encoding: aes128gcm\0", 16))
        nonce = _derived(key, salt, b"Content-Encoding: nonce\0", 12)
        head = salt + struct.pack("!LB", _RECORD, len(ours)) + ours
        body = head + sealer.encrypt(nonce, content + b"\x02", None)
        return body, {"Content-Encoding": "aes128gcm"}
    key = _derived(shared, secret, b"Content-Encoding: auth\0", 32)
    about = b"P-256\0" + b"".join(
        struct.pack("!H", len(each)) + each for each in (theirs, ours)
    )
    sealer = AESGCM(_derived(key, salt, b"Content-Encoding: aesgcm\0" + about, 16))
    nonce = _derived(key, salt, b"Content-Encoding: nonce\0" + about, 12)
    return sealer.encrypt(nonce, b"\0\0" + content, None), {
        "Content-Encoding": "aesgcm",
        "Encryption": f"salt={to_base64(salt)}",
        "Crypto-Key": f"dh={to_base64(ours)}",
    }


def _derived(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def _point_of(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
