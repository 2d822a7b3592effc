"""Idempotency claims: one post per user and key, even if the answer gets lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from kwip.domain.ids import PostId
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import UserId
    from kwip.store.client import Store


@dataclass(frozen=True, slots=True)
class Claim:
    """The post id and nonce of a key, and the digest of the request's body."""

    post_id: PostId
    nonce: str
    digest: str


class ClaimStore:
    """The idempotency part of the `claims` collection."""

    def __init__(self, store: Store):
        self._claims = store.database["claims"]

    @translated()
    def claim(
        self, user_id: UserId, key: str, claim: Claim, expires_at: dt.datetime | None
    ) -> Claim:
        """Claim a key, for ever if it does not expire.

        Returns its claim: `claim`, or the earlier one.
        """
        claim_id = f"idem:{user_id}:{key}"
        try:
            self._claims.insert_one(
                {
                    "_id": claim_id,
                    "schema": schema_of("claims"),
                    "user_id": user_id,
                    "post_id": claim.post_id,
                    "nonce": claim.nonce,
                    "digest": claim.digest,
                    "expires_at": expires_at,
                }
            )
        except DuplicateKeyError:
            held = self._claims.find_one({"_id": claim_id})
            if held is None:  # it expired between the two; the next try succeeds
                return self.claim(user_id, key, claim, expires_at)
            return Claim(PostId(held["post_id"]), held["nonce"], held["digest"])
        return claim

    @translated()
    def expire(self, user_id: UserId, key: str, expires_at: dt.datetime) -> None:
        """Let the claim of a key expire, if there is one."""
        self._claims.update_one(
            {"_id": f"idem:{user_id}:{key}"}, {"$set": {"expires_at": expires_at}}
        )

    @translated()
    def move(self, user_id: UserId, key: str, old: Claim, new_id: PostId) -> bool:
        """Change the post id of a claim; False if it was changed before."""
        result = self._claims.update_one(
            {"_id": f"idem:{user_id}:{key}", "post_id": old.post_id},
            {"$set": {"post_id": new_id}},
        )
        return result.modified_count == 1
