"""Encryption by RFC 8291, checked by its own example."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kwip.domain.push import PushTarget
from kwip.services.push.encryption import check, encrypt, from_base64, to_base64

#: From RFC 8291, section 5.
DEVICE = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkN"
    "toIAiw4"
)
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
_SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
_SALT = "DGv6ra1nlYgDCS1FRnbzlw"
_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC"
    "YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXL"
    "WyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_a_message_is_encrypted_as_the_standard_shows():
    number = int.from_bytes(from_base64(_SENDER), "big")
    target = PushTarget(
        endpoint="https://push.example", p256dh=DEVICE, auth=AUTH, is_standard=True
    )
    body, headers = encrypt(
        b"When I grow up, I want to be a watermelon",
        target,
        salt=from_base64(_SALT),
        sender=ec.derive_private_key(number, ec.SECP256R1()),
    )

    assert to_base64(body) == _BODY
    assert headers == {"Content-Encoding": "aes128gcm"}


def test_keys_are_read_in_the_forms_that_apps_send():
    padded = DEVICE.replace("-", "+").replace("_", "/") + "="

    assert check(padded, f"{AUTH}==") == (DEVICE, AUTH)

    for p256dh, auth in (
        ("", AUTH),
        ("x", AUTH),
        (AUTH, AUTH),
        (DEVICE[:-4] + "AAAA", AUTH),
        (DEVICE, "AAAA"),
        (DEVICE, "ä" * 22),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 -- any of them
            check(p256dh, auth)
