"""Report kwips and people to the moderators."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.domain.moderation.reports import (
    COMMENT_MAX,
    MAX_POSTS,
    MAX_RULES,
    Category,
    Event,
    NewReport,
    Report,
    ReportedPost,
    ReportEvent,
    ReportView,
)
from kwip.domain.timelines.visibility import may_see, require_shown
from kwip.text.profiles import clean_lines

if TYPE_CHECKING:
    from collections.abc import Collection

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, PostId
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.staff.staff_mail import StaffMail
    from kwip.services.reading.stores import Stores
    from kwip.store.moderation.reports import ReportStore

#: How often a report that lost a race is tried again.
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Take reports. Reporting the same person again adds to the open report."""

    store: ReportStore
    stores: Stores
    site: Site
    staff_mail: StaffMail
    ids: IdGenerator
    clock: ClockMs

    def create(self, viewer: Viewer, asked: NewReport) -> ReportView:
        """Report somebody, and kwips of theirs that the viewer can see.

        Raises:
            InvalidError: The comment cannot be used, or the viewer reports themselves.
            NotFoundError: There is no such user, or no such kwip for this viewer.
            GoneError: The account is suspended.
        """
        known = (
            {rule.id for rule in self.site.current().rules} if asked.rule_ids else ()
        )
        asked = _checked(viewer, asked, known)
        found = self.stores.users.get_many([asked.target_id])
        target = require_shown(asked.target_id, found.get(asked.target_id))
        posts = self._copies(viewer, asked)
        return ReportView(
            report=self._store(viewer, asked, posts, target), target=target
        )

    def _store(
        self,
        viewer: Viewer,
        asked: NewReport,
        posts: tuple[ReportedPost, ...],
        target: User,
    ) -> Report:
        """Store a report, or add to the open one.

        Raises:
            ConflictError: It kept changing meanwhile.
        """
        now = at(self.clock())
        for _ in range(_TRIES):
            report = Report(
                id=self.ids.next_id(self.ids.random_slot()),
                reporter_id=viewer.id,
                target_id=asked.target_id,
                posts=posts,
                comment=asked.comment,
                category=asked.category,
                rule_ids=asked.rule_ids,
                created_at=now,
            )
            about = {"report_id": str(report.id), "target": target.username}
            mails = self.staff_mail.drafts(MailKind.NEW_REPORT, about, {target.id})
            if self.store.add(report, partial(self.staff_mail.add, mails)):
                self.staff_mail.hurry(mails)
                return report
            known = self.store.find_open(viewer.id, asked.target_id)
            if known is None:  # a moderator has just resolved it
                continue
            extended = _extended(known, report)
            event = ReportEvent(event=Event.EXTEND, by_id=viewer.id, at=now)
            if extended == known or self.store.extend(known, extended, event):
                return extended
        raise ConflictError(
            lazy_gettext("Someone else changed this report meanwhile. Try again.")
        )

    def _copies(self, viewer: Viewer, asked: NewReport) -> tuple[ReportedPost, ...]:
        """Copy the reported posts; three queries.

        Raises:
            NotFoundError: One is not there for this viewer, or somebody else's.
        """
        if not asked.post_ids:
            return ()
        found = self.stores.posts.get_many(asked.post_ids)
        relations = self.stores.relationships.relations([viewer.id])[viewer.id]
        copies = []
        for post_id in asked.post_ids:
            post = found.get(post_id)
            is_theirs = post is not None and post.author_id == asked.target_id
            if post is None or not is_theirs or not may_see(viewer.id, relations, post):
                raise NotFoundError(lazy_gettext("Kwip not found."), post_id=post_id)
            copies.append(ReportedPost.of(post))
        return tuple(copies)


def _checked(viewer: Viewer, asked: NewReport, rules: Collection[int]) -> NewReport:
    """Return a report with a clean comment, and each post and rule once.

    Raises:
        InvalidError: Something in it cannot be used.
    """
    wrong: dict[str, str] = {}
    if asked.target_id == viewer.id:
        wrong["account_id"] = lazy_gettext("You can't report yourself.")
    if len(asked.post_ids) > MAX_POSTS:
        wrong["status_ids"] = lazy_gettext("Up to %(limit)s at once.", limit=MAX_POSTS)
    if len(asked.rule_ids) > MAX_RULES:
        wrong["rule_ids"] = lazy_gettext("Up to %(limit)s at once.", limit=MAX_RULES)
    elif not set(asked.rule_ids) <= set(rules):
        wrong["rule_ids"] = lazy_gettext("This site has no such rule.")
    comment = clean_lines("comment", asked.comment, COMMENT_MAX, wrong)
    if wrong:
        raise InvalidError(lazy_gettext("This report can't be sent."), wrong)
    # As in Mastodon, a report that names rules is about a violation.
    category = Category.VIOLATION if asked.rule_ids else asked.category
    return replace(
        asked,
        comment=comment,
        category=category,
        post_ids=tuple(dict.fromkeys(asked.post_ids)),
        rule_ids=tuple(dict.fromkeys(asked.rule_ids)),
    )


def _extended(known: Report, new: Report) -> Report:
    """Return an open report with what its reporter adds to it."""
    added: tuple[ReportedPost, ...] = tuple(
        post for post in new.posts if post.id not in _ids(known)
    )
    comment = known.comment
    if new.comment and new.comment not in comment:
        comment = f"{comment}\n\n{new.comment}".strip()
    return replace(
        known,
        posts=(known.posts + added)[: 2 * MAX_POSTS],
        comment=comment[: 4 * COMMENT_MAX],
        rule_ids=tuple(dict.fromkeys(known.rule_ids + new.rule_ids))[: 2 * MAX_RULES],
    )


def _ids(report: Report) -> frozenset[PostId]:
    return frozenset(report.post_ids)
