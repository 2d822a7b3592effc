"""What moderators do to people and their posts, and undo.

What is to be done is stored first, in one transaction with the mail to the person and
the change of the report: a strike. Then it is carried out, before the moderator gets an
answer; if this process dies in between, the sweeper has it carried out. Each part may
be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.domain.moderation.reports import Event, ReportedPost, ReportEvent
from kwip.domain.moderation.strikes import (
    TEXT_MAX,
    Act,
    AppealState,
    Decision,
    Strike,
    StrikeState,
)
from kwip.services.delivery.notifier import of_strike
from kwip.store.moderation.reports import resolved
from kwip.text.profiles import clean_lines

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from typing import Any

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.domain.mail.mails import Mail
    from kwip.domain.moderation.reports import Report
    from kwip.domain.moderation.strikes import Appeal
    from kwip.services.accounts.notices import Notices
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.moderation.execution import Execution
    from kwip.services.reading.stores import Stores
    from kwip.store.moderation.reports import ReportStore
    from kwip.store.moderation.strikes import StrikeStore

#: When the sweeper has a strike carried out that its request has not.
_SWEEP_AFTER = timedelta(seconds=30)
CHANGED = lazy_gettext(
    "Someone else changed this report meanwhile. Look at what they did, then decide."
)
_UNDONE = lazy_gettext("This can't be undone, or was undone already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Act on people and their posts, with a strike for each act, and undo it."""

    store: StrikeStore
    reports: ReportStore
    stores: Stores
    notices: Notices
    notifier: Notifier
    execution: Execution
    ids: IdGenerator
    clock: ClockMs

    def act(
        self, staff: Viewer, order: Order, report_id: int, decision: Decision
    ) -> Strike:
        """Act on the person or the posts that a report is about.

        Raises:
            InvalidError: The text cannot be used, or no post is named for an act on
                posts.
            NotFoundError: There is no such report, or its account is deleted.
            ForbiddenError: The moderator doesn't outrank the person.
            ConflictError: Somebody else has changed the report meanwhile.
        """
        report = self.reports.find(report_id)
        if report is None:
            raise NotFoundError(lazy_gettext("Report not found."), report_id=report_id)
        if decision.version not in {None, report.version}:
            raise ConflictError(CHANGED, report_id=report_id)
        named = set(decision.post_ids)
        posts = tuple(post for post in report.posts if post.id in named)
        if decision.act.is_on_posts and not posts:
            wrong = {"post_ids": lazy_gettext("Choose at least one kwip.")}
            raise InvalidError(lazy_gettext("Nothing was changed."), wrong)
        posts = posts if decision.act.is_on_posts else ()
        user = self.target(order, report.target_id)
        strike = self._strike(staff, order, user.id, decision, posts, report.id)
        event = ReportEvent(
            event=Event.ACT,
            by_id=staff.id,
            at=strike.created_at,
            text=strike.text,
            act=strike.act.value,
        )
        resolves = report.is_open and decision.resolves
        change = resolved(event) if resolves else {}
        about = (report, change, event)
        self._store(strike, user, about, sends_mail=decision.sends_mail)
        self.execution.carry_out(strike.id)
        return strike

    def act_on(
        self,
        staff: Viewer,
        order: Order,
        user_id: UserId,
        decision: Decision,
        posts: tuple[ReportedPost, ...] = (),
    ) -> Strike:
        """Act on a person, or on posts of theirs, without a report.

        Raises:
            InvalidError: The text cannot be used, or it is an act on posts and there
                are none.
            NotFoundError: There is no such user.
            ForbiddenError: The moderator doesn't outrank the person.
        """
        if decision.act.is_on_posts and not posts:
            wrong = {"type": lazy_gettext("This needs a report.")}
            raise InvalidError(lazy_gettext("Nothing was changed."), wrong)
        user = self.target(order, user_id)
        strike = self._strike(staff, order, user.id, decision, posts, None)
        self._store(strike, user, None, sends_mail=decision.sends_mail)
        self.execution.carry_out(strike.id)
        return strike

    def undo(
        self,
        staff: Viewer,
        order: Order,
        strike_id: int,
        appeal: Appeal | None = None,
    ) -> Strike:
        """Undo a strike, and notify the person. A deleted post stays deleted.

        `appeal` is an approved one; without, one that waits is approved, too.

        Raises:
            NotFoundError: There is no such strike.
            ForbiddenError: The moderator doesn't outrank the person.
            ConflictError: It is not in force, or its appeal was decided, or has just
                come.
        """
        strike = self.store.find(strike_id)
        if strike is None:
            raise NotFoundError(lazy_gettext("Strike not found."), strike_id=strike_id)
        user = self.target(order, strike.user_id)
        now = at(self.clock())
        appeal = appeal or _granted(strike, staff, now)
        event = ReportEvent(
            event=Event.UNDO, by_id=staff.id, at=now, act=strike.act.value
        )
        notice = self._notice(MailKind.STRIKE_LIFTED, user, strike, appeal)
        entry = self.execution.entry(
            order, Action.LIFT_STRIKE, user, strike_id=str(strike.id)
        )

        def also(session: Any) -> None:
            entry(session)
            self._note_undo(strike, event, session)
            self.notices.add(notice, session)

        if not self.store.undo(strike.id, order, now + _SWEEP_AFTER, also, appeal):
            raise ConflictError(_UNDONE, strike_id=strike_id)
        self.notices.hurry(notice)
        self.execution.carry_out(strike.id)
        return replace(strike, state=StrikeState.UNDONE, appeal=appeal)

    def _strike(
        self,
        staff: Viewer,
        order: Order,
        user_id: UserId,
        decision: Decision,
        posts: tuple[ReportedPost, ...],
        report_id: int | None,
    ) -> Strike:
        """Make a strike that is yet to be stored.

        Raises:
            InvalidError: The text cannot be used, or a warning has none.
        """
        wrong: dict[str, str] = {}
        text = clean_lines("text", decision.text, TEXT_MAX, wrong)
        if decision.act is Act.WARN and not text and not wrong:
            wrong["text"] = lazy_gettext("Write what the person should know.")
        if wrong:
            raise InvalidError(lazy_gettext("Nothing was changed."), wrong)
        return Strike(
            id=self.ids.next_id(self.ids.random_slot()),
            user_id=user_id,
            act=decision.act,
            text=text,
            by_id=staff.id,
            created_at=at(self.clock()),
            posts=posts,
            report_id=report_id,
            order=order,
        )

    def _store(
        self,
        strike: Strike,
        user: User,
        about: tuple[Report, Mapping[str, Any], ReportEvent] | None,
        *,
        sends_mail: bool,
    ) -> None:
        """Store a strike, with its mail and the change of its report.

        Raises:
            ConflictError: Somebody else has changed the report meanwhile.
        """
        notice = None
        left_out = self.execution.entry(
            strike.order, Action.LEAVE_OUT_MAIL, user, act=strike.act.value
        )
        if sends_mail:
            notice = self._notice(MailKind.STRIKE, user, strike)

        told = of_strike(user.id, strike.id)

        def also(session: Any) -> None:
            if not sends_mail:
                left_out(session)
            if about and self.reports.change(*about, session) is None:
                raise ConflictError(CHANGED, report_id=about[0].id)
            self.notices.add(notice, session)
            self.stores.notifications.add(told, session)

        self.store.add(strike, strike.created_at + _SWEEP_AFTER, also)
        self.notices.hurry(notice)
        self.notifier.show(told)

    def _note_undo(self, strike: Strike, event: ReportEvent, session: Any) -> None:
        """Note in its report that a strike is undone, if the report is still there."""
        about = strike.report_id
        report = None if about is None else self.reports.find(about)
        if report and self.reports.change(report, {}, event, session) is None:
            raise ConflictError(CHANGED, report_id=report.id)

    def _notice(
        self, kind: MailKind, user: User, strike: Strike, appeal: Appeal | None = None
    ) -> Mail | None:
        """Make the mail about a strike; None for somebody without an address."""
        details = {"strike_id": str(strike.id), "act": strike.act.value}
        if kind is MailKind.STRIKE:
            details["text"] = strike.text
            details["posts"] = str(len(strike.posts))
        elif appeal is not None and appeal.state is not AppealState.PENDING:
            details["text"] = appeal.answer
            details["appeal"] = "yes"
        return self.notices.draft(kind, user.username, details)

    def person(self, user_id: UserId) -> User:
        """Find somebody, suspended or not; one query.

        Raises:
            NotFoundError: There is no such user.
        """
        user = self.stores.users.get_many([user_id]).get(user_id)
        if user is None:
            raise NotFoundError(lazy_gettext("User not found."), user_id=user_id)
        return user

    def target(self, order: Order, user_id: UserId) -> User:
        """Find somebody that a moderator may act on.

        Raises:
            NotFoundError: The account is deleted.
            ForbiddenError: The moderator doesn't outrank them.
        """
        user = self.person(user_id)
        order.require_outranks(user.role)
        return user


def _granted(strike: Strike, staff: Viewer, now: dt.datetime) -> Appeal | None:
    """Approve the appeal that waits for a decision, if there is one."""
    if strike.appeal is None or strike.appeal.state is not AppealState.PENDING:
        return None
    return replace(
        strike.appeal,
        state=AppealState.APPROVED,
        decided_at=now,
        decided_by_id=staff.id,
    )
