"""Which links of profiles are to be checked, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.store.accounts.profile_fields import field_documents
from kwip.store.client import translated
from kwip.store.due_work import DueWork

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.domain.accounts.users import ProfileField, User
    from kwip.domain.ids import UserId
    from kwip.store.client import Store

#: The field of a user whose links are to be checked, and how often that failed.
VERIFY_DUE, ATTEMPTS = "verify_due_at", "verify_attempts"


class VerificationStore(DueWork):
    """The fields of `users` that say when their links are checked."""

    def __init__(self, store: Store):
        self._users = store.database["users"]
        super().__init__(self._users, {}, due_at=VERIFY_DUE)

    @translated()
    def attempts(self, user_id: UserId) -> int | None:
        """Return how often checks have failed in a row; None if none waits."""
        waits = {"_id": user_id, VERIFY_DUE: {"$exists": True}}
        found = self._users.find_one(waits, {ATTEMPTS: 1})
        return None if found is None else int(found.get(ATTEMPTS, 0))

    @translated()
    def finish(
        self,
        user: User,
        fields: Sequence[ProfileField],
        next_at: dt.datetime | None,
        attempts: int,
    ) -> bool:
        """Store what was found of a user's links; False if they changed meanwhile.

        They are checked again at `next_at`, or never if it is None.
        """
        then = {} if next_at is None else {VERIFY_DUE: next_at, ATTEMPTS: attempts}
        changed: dict[str, object] = {}
        if tuple(fields) != user.fields:
            then["fields"] = field_documents(fields)
            changed["$inc"] = {"version": 1}
        if then:
            changed["$set"] = then
        if next_at is None:
            changed["$unset"] = {VERIFY_DUE: 1, ATTEMPTS: 1}
        result = self._users.update_one(
            {"_id": user.id, "version": user.version}, changed
        )
        return result.matched_count == 1
