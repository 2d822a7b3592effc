"""Carry out strikes: each once, even if a process dies in between."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import REASON_MAX, Action
from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.moderation.strikes import Act, Strike, StrikeState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import PostId
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.services.posting.marks import Marks
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.stores import Stores
    from kwip.store.moderation.strikes import StrikeStore

#: Strikes of a person that are looked through for some of one kind.
MOST_STRIKES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Do what strikes say, and undo it. Each part may be repeated."""

    store: StrikeStore
    stores: Stores
    moderation: Moderation
    posts: Posts
    marks: Marks
    audit_log: AuditLog

    def carry_out(self, strike_id: int) -> str:
        """Do or undo what a strike says; return the outcome of the job."""
        strike = self.store.find(strike_id)
        outcome = "nothing"
        while strike is not None and strike.state in _AFTER:
            user = self.stores.users.get_many([strike.user_id]).get(strike.user_id)
            if user is not None:
                self._carry_out(strike, user)
            is_settled = self.store.settle(
                strike.id, strike.state, _AFTER[strike.state]
            )
            outcome = "done"
            # Otherwise another process was quicker, and may have begun to undo it.
            strike = None if is_settled else self.store.find(strike_id)
        return outcome

    def _carry_out(self, strike: Strike, user: User) -> None:
        if strike.state is StrikeState.PENDING:
            self._do(strike, user)
        else:
            self._undo(strike, user)

    def _do(self, strike: Strike, user: User) -> None:
        order = strike.order
        match strike.act:
            # A second strike is another act, even if it changes no flag.
            case Act.SUSPEND:
                if not self.moderation.suspend(user.id, order):
                    self.record(order, Action.SUSPEND_USER, user)
            case Act.SILENCE:
                if not self.moderation.silence(user.id, order):
                    self.record(order, Action.SILENCE_USER, user)
            case Act.WARN:
                self.record(order, Action.WARN_USER, user)
            case Act.SENSITIVE:
                self.record(order, Action.MARK_POSTS, user, **_named(strike))
                self.marks.mark(strike.post_ids)
            case Act.DELETE:
                self.record(order, Action.DELETE_POSTS, user, **_named(strike))
                self._delete(user, strike.post_ids)

    def repeat(self, strike: Strike, user: User, order: Order) -> None:
        """Do again what a strike in force says, if it is not so any more."""
        if strike.act is Act.SUSPEND:
            self.moderation.suspend(user.id, order)
        elif strike.act is Act.SILENCE:
            self.moderation.silence(user.id, order)

    def _undo(self, strike: Strike, user: User) -> None:
        """Undo a strike, unless another one in force says the same."""
        order = strike.order
        others = [
            other
            for other in self.store.of_user(user.id, MOST_STRIKES)
            if other.id != strike.id and other.is_in_force and other.act is strike.act
        ]
        match strike.act:
            case Act.SUSPEND if not others:
                self.moderation.unsuspend(user.id, order)
            case Act.SILENCE if not others:
                self.moderation.unsilence(user.id, order)
            case Act.SENSITIVE:
                kept = {post_id for other in others for post_id in other.post_ids}
                self.record(order, Action.UNMARK_POSTS, user, **_named(strike))
                self.marks.unmark([i for i in strike.post_ids if i not in kept])
            case _:
                # A warning or a deletion leaves nothing to undo, or another strike in
                # force says the same.
                pass

    def _delete(self, author: User, post_ids: Sequence[PostId]) -> None:
        viewer = Viewer.without_session(author.id, author.username)
        for post_id in post_ids:
            with suppress(GoneError, NotFoundError):
                self.posts.delete(viewer, post_id)

    def record(self, order: Order, action: Action, user: User, **details: str) -> None:
        """Record an act about a person that is about to begin."""
        self.entry(order, action, user, **details)(None)

    def entry(
        self, order: Order, action: Action, user: User, **details: str
    ) -> Callable[[Any], None]:
        """Return what records an act about a person, in its transaction."""
        log = self.audit_log
        return log.entry_about(order, action, user.id, user.username, **details)


#: The state that follows when a strike was carried out.
_AFTER = {
    StrikeState.PENDING: StrikeState.DONE,
    StrikeState.UNDOING: StrikeState.UNDONE,
}


def reason_of(text: str) -> str:
    """Return what the audit log keeps of a text: its beginning, on one line."""
    return " ".join(text.split())[:REASON_MAX]


def _named(strike: Strike) -> dict[str, str]:
    return {"post_ids": " ".join(map(str, strike.post_ids))}
