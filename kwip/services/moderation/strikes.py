"""What people see of decisions about them, their appeals, and the answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.ids import MAX_ID
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.domain.moderation.strikes import TEXT_MAX, Appeal, AppealState, StrikeView
from kwip.text.profiles import clean_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.moderation.strikes import Strike
    from kwip.services.accounts.notices import Notices
    from kwip.services.accounts.staff.staff_mail import StaffMail
    from kwip.services.mail.mails import Mails
    from kwip.services.moderation.decisions import Decisions
    from kwip.services.reading.stores import Stores
    from kwip.store.moderation.strikes import StrikeStore

#: What a page of strikes or appeals shows.
_MOST = 40
_DECIDED = lazy_gettext("This appeal was decided already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """Show strikes, take appeals, and decide them.

    People who are suspended cannot log in: the link in the mail about a strike shows
    it, and lets them appeal.
    """

    store: StrikeStore
    stores: Stores
    decisions: Decisions
    mails: Mails
    notices: Notices
    staff_mail: StaffMail
    clock: ClockMs

    def of_viewer(self, viewer: Viewer) -> list[StrikeView]:
        """List the strikes of the viewer, the newest first; without who gave them."""
        return self._views(self.store.of_user(viewer.id, _MOST))

    def opened(self, link: str) -> StrikeView:
        """Find the strike that the link of a mail is about.

        Raises:
            NotFoundError: The link no longer works.
        """
        mail = self.mails.opened(MailKind.STRIKE, link)
        return self._views([self._of(mail.user_id, int(mail.details["strike_id"]))])[0]

    def appeal(self, user_id: UserId, strike_id: int, text: str) -> None:
        """Appeal against a strike of the user, once.

        Raises:
            InvalidError: The text cannot be used.
            NotFoundError: There is no such strike of this user.
            ConflictError: There is an appeal already, or it is too late.
        """
        wrong: dict[str, str] = {}
        said = clean_lines("text", text, TEXT_MAX, wrong)
        if not said and not wrong:
            wrong["text"] = lazy_gettext("Say why this decision should be changed.")
        if wrong:
            raise InvalidError(lazy_gettext("Your appeal was not sent."), wrong)
        now = at(self.clock())
        strike = self._of(user_id, strike_id)
        name = self.decisions.person(user_id).username
        mails = self.staff_mail.drafts(MailKind.NEW_APPEAL, {"target": name}, {user_id})
        add = partial(self.staff_mail.add, mails)
        if not strike.may_appeal(now) or not self.store.appeal(
            strike_id, user_id, Appeal(text=said, at=now), add
        ):
            raise ConflictError(
                lazy_gettext(
                    "You can't appeal this decision, or you have already done so."
                ),
                strike_id=strike_id,
            )
        self.staff_mail.hurry(mails)

    def appealed(self, below: int = MAX_ID) -> list[StrikeView]:
        """List the strikes whose appeals wait for a decision, the newest first."""
        return self._views(self.store.appealed(below=below, limit=_MOST))

    def decide(
        self, staff: Viewer, order: Order, strike_id: int, *, approves: bool
    ) -> None:
        """Approve an appeal, which undoes the strike, or reject it; notify the person.

        The reason of the order is the answer to the person.

        Raises:
            NotFoundError: There is no such appeal.
            ForbiddenError: The moderator doesn't outrank the person.
            ConflictError: It was decided already.
        """
        strike = self.store.find(strike_id)
        if strike is None or strike.appeal is None:
            raise NotFoundError(lazy_gettext("Appeal not found."), strike_id=strike_id)
        if strike.appeal.state is not AppealState.PENDING:
            raise ConflictError(_DECIDED, strike_id=strike_id)
        decided = replace(
            strike.appeal,
            state=AppealState.APPROVED if approves else AppealState.REJECTED,
            decided_at=at(self.clock()),
            decided_by_id=staff.id,
            answer=order.reason,
        )
        if approves:
            self.decisions.undo(staff, order, strike_id, decided)
        else:
            self._reject(order, strike, decided)

    def _reject(self, order: Order, strike: Strike, decided: Appeal) -> None:
        user = self.decisions.target(order, strike.user_id)
        details = {"strike_id": str(strike.id), "text": decided.answer}
        details["act"] = strike.act.value
        notice = self.notices.draft(MailKind.APPEAL_REJECTED, user.username, details)
        entry = self.decisions.execution.entry(
            order, Action.REJECT_APPEAL, user, strike_id=str(strike.id)
        )

        def also(session: Any) -> None:
            entry(session)
            self.notices.add(notice, session)

        if not self.store.reject(strike.id, decided, also):
            raise ConflictError(_DECIDED, strike_id=strike.id)
        self.notices.hurry(notice)

    def _of(self, user_id: UserId, strike_id: int) -> Strike:
        strike = self.store.find(strike_id)
        if strike is None or strike.user_id != user_id:
            raise NotFoundError(
                lazy_gettext("Decision not found."), strike_id=strike_id
            )
        return strike

    def _views(self, strikes: Sequence[Strike]) -> list[StrikeView]:
        ids = {user_id for s in strikes for user_id in (s.user_id, s.by_id)}
        people = self.stores.users.get_many(sorted(ids))
        now = at(self.clock())
        return [
            StrikeView(
                strike=strike,
                user=people.get(strike.user_id),
                by=people.get(strike.by_id),
                may_appeal=strike.may_appeal(now),
            )
            for strike in strikes
        ]
