"""Passkeys in browsers (WebAuthn): the options that they get, and what they answer.

A passkey belongs to the host of the site's address. We ask for those that verify their
user and that a browser can find without a username, so that one is enough to log in.
The library is loaded when it is needed: it takes 8 MB in each process.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from struct import error as StructError  # noqa: N812 -- a class
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from kwip.domain.accounts.two_factor import CHALLENGE_LIFETIME_MS
from kwip.domain.ids import UserId, parse_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.two_factor import Challenge, Passkey


def _hostile() -> tuple[type[Exception], ...]:
    """Return what checking an answer may raise: anybody can send anything."""
    from cbor2 import CBORError  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    return (
        *(WebAuthnException, CBORError, UnsupportedAlgorithm, StructError),
        *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
        *(EOFError, RecursionError),
    )


class UnansweredError(Exception):
    """The answer of a browser is wrong; the message says why, for the log."""


class NewKey(NamedTuple):
    """What an authenticator made: an id and a public key in base64url."""

    id: str
    public_key: str
    sign_count: int


class Ceremonies:
    """Make the options that browsers get, and check what they answer.

    Args:
        origin: The address of the site.
        name: How browsers name it.
    """

    def __init__(self, origin: str, name: str):
        self._origin = origin
        self._host = urlsplit(origin).hostname or ""
        self._name = name

    def creation_options(
        self,
        user_id: UserId,
        username: str,
        known: Sequence[Passkey],
        challenge: Challenge,
    ) -> object:
        """Return the options for a new passkey; not on a device with one of `known`."""
        import webauthn  # noqa: PLC0415 -- 8 MB
        from webauthn.helpers import structs  # noqa: PLC0415

        options = webauthn.generate_registration_options(
            rp_id=self._host,
            rp_name=self._name,
            user_id=str(user_id).encode(),
            user_name=username,
            challenge=challenge.value,
            timeout=CHALLENGE_LIFETIME_MS,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(_bytes_of(each.id))
                for each in known
            ],
        )
        return json.loads(webauthn.options_to_json(options))

    def request_options(self, challenge: Challenge) -> object:
        """Return the options for signing with a passkey that the user chooses."""
        import webauthn  # noqa: PLC0415 -- 8 MB
        from webauthn.helpers import structs  # noqa: PLC0415

        options = webauthn.generate_authentication_options(
            rp_id=self._host,
            challenge=challenge.value,
            timeout=CHALLENGE_LIFETIME_MS,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return json.loads(webauthn.options_to_json(options))

    def created(self, text: str, challenge: Challenge) -> NewKey:
        """Check a new passkey.

        Raises:
            UnansweredError: It is not an answer to the challenge.
        """
        import webauthn  # noqa: PLC0415 -- 8 MB

        try:
            made = webauthn.verify_registration_response(
                credential=text,
                expected_challenge=challenge.value,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except _hostile() as error:
            raise UnansweredError(str(error)) from error
        return NewKey(
            _text_of(made.credential_id),
            _text_of(made.credential_public_key),
            made.sign_count,
        )

    def answered(self, text: str, challenge: Challenge, passkey: Passkey) -> int:
        """Check what a passkey signed; return its counter.

        Raises:
            UnansweredError: It is not an answer to the challenge by this passkey.
        """
        import webauthn  # noqa: PLC0415 -- 8 MB

        try:
            answer = webauthn.verify_authentication_response(
                credential=text,
                expected_challenge=challenge.value,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=_bytes_of(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except _hostile() as error:
            raise UnansweredError(str(error)) from error
        return answer.new_sign_count


def claimed(text: str) -> tuple[UserId, str] | None:
    """Return whose passkey an answer claims to be, and its id; None if it is none."""
    try:
        answer = json.loads(text)
        passkey_id, handle = answer["id"], answer["response"]["userHandle"]
        user_id = parse_id(_bytes_of(handle).decode("ascii"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if user_id is None or not isinstance(passkey_id, str):
        return None
    return UserId(user_id), passkey_id


def _bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text_of(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
