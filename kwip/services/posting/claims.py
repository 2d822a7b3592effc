"""Draw the ids of new posts, once for each idempotency key."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import PostId, UserId, ms_of, slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.services.coherence.clock_guard import MAX_SKEW_MS
from kwip.services.posting.permissions import PARENT, QUOTED
from kwip.store.posting.claims import Claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator
    from kwip.domain.posting.posts import Draft
    from kwip.store.posting.claims import ClaimStore

#: How long a repeated request finds its first result.
CLAIM_LIFETIME_MS = 24 * 3_600_000
KEY_MAX = 200


@dataclass(frozen=True, slots=True)
class ClaimedIds:
    """Claim idempotency keys, each for one id and nonce."""

    store: ClaimStore
    ids: IdGenerator
    clock: ClockMs

    def claim(
        self, author_id: UserId, draft: Draft, files: Sequence[str]
    ) -> tuple[Claim, bool]:
        """Draw an id and a nonce, or find those that the key has; say whether new.

        `files` are the names of its attachments' files: a form that is sent twice
        uploads the same files twice.

        Raises:
            InvalidError: The key cannot be used, or was used for another body.
            NotFoundError: The post it replies to is from the future.
        """
        mine = Claim(
            self._new_id(author_id, draft), secrets.token_hex(12), _digest(draft, files)
        )
        key = draft.idempotency_key
        if key is None:
            return mine, True
        if not 0 < len(key) <= KEY_MAX:
            limit = lazy_gettext("Use 1 to %(limit)s characters.", limit=KEY_MAX)
            raise InvalidError(
                lazy_gettext("That idempotency key can't be used."),
                {"idempotency_key": limit},
            )
        held = self._claim(author_id, draft, key, mine)
        if held.digest != mine.digest:
            raise InvalidError(
                lazy_gettext("This was already sent with a different text."),
                {"idempotency_key": lazy_gettext("Use a new key for a new kwip.")},
            )
        return held, held is mine

    def move(self, author_id: UserId, claim: Claim, draft: Draft) -> Claim:
        """Store a new id in a claim whose id is taken; a parallel repeat may win."""
        new = replace(claim, post_id=self._new_id(author_id, draft))
        key = draft.idempotency_key
        if key is None or self.store.move(author_id, key, claim, new.post_id):
            return new
        return self._claim(author_id, draft, key, new)

    def _claim(self, author_id: UserId, draft: Draft, key: str, claim: Claim) -> Claim:
        ends = None if draft.keeps_claim else at(self.clock() + CLAIM_LIFETIME_MS)
        return self.store.claim(author_id, key, claim, ends)

    def _new_id(self, author_id: UserId, draft: Draft) -> PostId:
        above = max(draft.in_reply_to_id or 0, draft.quote_of_id or 0)
        # Nobody has found that post yet: an id from the future belongs to no post, and
        # would push all of this author's later ids into the future.
        if ms_of(above) > self.clock() + MAX_SKEW_MS:
            raise NotFoundError(
                (PARENT if above == draft.in_reply_to_id else QUOTED).unknown
            )
        return PostId(self.ids.next_id(slot_of(author_id), above=above))


def _digest(draft: Draft, files: Sequence[str]) -> str:
    """Return a digest that tells apart bodies sent with the same key."""
    body: tuple[object, ...] = (
        draft.text,
        draft.visibility.value,
        draft.in_reply_to_id,
        draft.language,
    )
    if draft.warning or draft.is_sensitive:
        body += (draft.warning, draft.is_sensitive)
    if files:
        body += ("media", *files)
    if draft.to:
        body += ("to", *draft.to)
    if draft.quote_of_id:
        body += ("quote", draft.quote_of_id)
    if draft.quote_policy not in {None, QuotePolicy.PUBLIC}:
        body += ("quote_policy", draft.quote_policy)
    if draft.reply_policy not in {None, ReplyPolicy.PUBLIC}:
        body += ("reply_policy", draft.reply_policy)
    if draft.poll:
        body += ("poll", *astuple(draft.poll))
    return hashlib.sha256(repr(body).encode()).hexdigest()
