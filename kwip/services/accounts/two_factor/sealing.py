"""Encrypt what Kwip has to read again: the keys of authenticator apps.

With Fernet (AES-128-CBC and HMAC-SHA-256), and keys derived from the site's secret
keys: the first encrypts, each of them decrypts.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from kwip.domain.accounts.two_factor import SealedKey
from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.fernet import MultiFernet


_UNREADABLE = lazy_gettext(
    "Kwip can no longer read the key of your authenticator app. Use a recovery code or "
    "a passkey, or ask an administrator."
)


class Sealer:
    """Encrypt and decrypt short texts.

    Args:
        keys: The site's secret keys, the current one first, then older ones.
    """

    def __init__(self, keys: Sequence[str]):
        self._derived = [
            blake2b(key.encode(), person=b"kwip two factor", digest_size=32).digest()
            for key in keys
        ]
        #: Names the current key without revealing it.
        self.key_id = blake2b(self._derived[0], digest_size=8).hexdigest()

    @cached_property
    def _fernet(self) -> MultiFernet:
        from cryptography import fernet  # noqa: PLC0415 -- 7 MB in each process

        keys = map(urlsafe_b64encode, self._derived)
        return fernet.MultiFernet([fernet.Fernet(key) for key in keys])

    def seal(self, text: str) -> SealedKey:
        """Encrypt a text with the current key."""
        return SealedKey(self._fernet.encrypt(text.encode()).decode(), self.key_id)

    def unseal(self, sealed: SealedKey) -> str:
        """Decrypt a text.

        Raises:
            InvalidError: None of the keys fits.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return self._fernet.decrypt(sealed.text.encode()).decode()
        except InvalidToken as error:
            wrong = {"code": _UNREADABLE}
            raise InvalidError(_UNREADABLE, wrong, key_id=sealed.key_id) from error
