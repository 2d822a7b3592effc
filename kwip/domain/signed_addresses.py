"""Signed addresses of files that not everybody may see, and keyed names of files.

And the links in mails, which are signed in the same way.
"""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import TYPE_CHECKING

from kwip.domain.ids import ms_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import AttachmentId, PostId

#: A signed address stays the same for a day, and is valid for at least another one.
DAY_S = 86_400
_SIGNATURE_BYTES = 16
#: 80 bits: the name before the @ has at most 64 characters.
_BOUNCE_CHARS = 20


class Signer:
    """Sign addresses with keys derived from the site's secret ones.

    Args:
        keys: The site's keys; the first one signs, each of them is accepted.
        clock: The wall clock.
    """

    def __init__(self, keys: Sequence[str], clock: ClockMs):
        self._keys = [_derived(key, b"kwip address") for key in keys]
        self._mail_keys = [_derived(key, b"kwip mail") for key in keys]
        #: What file names are computed with.
        self.file_key = _derived(keys[0], b"kwip file")
        self._clock = clock

    def sign(self, owner_id: AttachmentId | PostId, variant: str) -> tuple[int, str]:
        """Return when an address expires (in seconds since 1970), and its signature.

        The owner is what has the file: an attachment, or a post with a link preview.
        """
        now_s = self._clock() // 1_000
        # Not all at midnight: the pages that show them would change all at once.
        shift = ms_of(owner_id) // 1_000 % DAY_S
        expires_s = ((now_s + shift) // DAY_S + 2) * DAY_S - shift
        return expires_s, _signature(self._keys[0], owner_id, variant, expires_s)

    def is_valid(
        self,
        owner_id: AttachmentId | PostId,
        variant: str,
        expires_s: int,
        signature: str,
    ) -> bool:
        """Return whether we signed an address, and it has not expired."""
        if self._clock() // 1_000 >= expires_s or not signature.isascii():
            return False
        return any(
            hmac.compare_digest(
                _signature(key, owner_id, variant, expires_s), signature
            )
            for key in self._keys
        )

    def sign_mail(self, text: str) -> str:
        """Return the signature of what a link in a mail names."""
        return _mac(self._mail_keys[0], text)

    def is_from_mail(self, text: str, signature: str) -> bool:
        """Return whether we signed it."""
        return signature.isascii() and any(
            hmac.compare_digest(_mac(key, text), signature) for key in self._mail_keys
        )

    def sign_bounce(self, mail_id: str) -> str:
        """Return the signature in the sender of a mail; short, as a name may be."""
        return self.sign_mail(f"bounce {mail_id}")[:_BOUNCE_CHARS]

    def is_bounce(self, mail_id: str, signature: str) -> bool:
        """Return whether we signed that sender."""
        return signature.isascii() and any(
            hmac.compare_digest(
                _mac(key, f"bounce {mail_id}")[:_BOUNCE_CHARS], signature
            )
            for key in self._mail_keys
        )


def _derived(key: str, purpose: bytes) -> bytes:
    return blake2b(key.encode(), person=purpose, digest_size=32).digest()


def _signature(
    key: bytes, owner_id: AttachmentId | PostId, variant: str, expires_s: int
) -> str:
    return _mac(key, f"{owner_id} {variant} {expires_s}")


def _mac(key: bytes, text: str) -> str:
    return blake2b(text.encode(), key=key, digest_size=_SIGNATURE_BYTES).hexdigest()
