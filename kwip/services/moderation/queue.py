"""The moderators' queue of reports: read them, note, assign, resolve and reopen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.roles import Role
from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.ids import NOBODY
from kwip.domain.messages import lazy_gettext
from kwip.domain.moderation.reports import (
    COMMENT_MAX,
    Category,
    Event,
    ReportEvent,
    ReportFilter,
    ReportView,
)
from kwip.domain.moderation.strikes import ReportDetail
from kwip.domain.timelines.pages import cut_page
from kwip.services.moderation.decisions import CHANGED
from kwip.store.moderation.reports import REOPENED, resolved
from kwip.text.profiles import clean_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.moderation.reports import Report
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.reading.stores import Stores
    from kwip.store.moderation.reports import ReportStore
    from kwip.store.moderation.strikes import StrikeStore

#: What a report's page shows of earlier reports and strikes.
_EARLIER = 20
#: How often a change that lost a race is tried again.
_TRIES = 5
_ACTIONS = {
    Event.NOTE: Action.NOTE_REPORT,
    Event.ASSIGN: Action.ASSIGN_REPORT,
    Event.UNASSIGN: Action.UNASSIGN_REPORT,
    Event.RESOLVE: Action.RESOLVE_REPORT,
    Event.REOPEN: Action.REOPEN_REPORT,
    Event.EDIT: Action.EDIT_REPORT,
}


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How much there is to do: open reports by category, one's own, and appeals."""

    by_category: Mapping[Category, int]
    mine: int
    appeals: int

    @property
    def open_count(self) -> int:
        """All open reports."""
        return sum(self.by_category.values())

    def of(self, category: str) -> int:
        """The open reports of a category."""
        return self.by_category.get(Category(category), 0)

    @property
    def total(self) -> int:
        """Everything that waits."""
        return self.open_count + self.appeals


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """List reports, and change them; `Decisions` acts on people."""

    store: ReportStore
    strikes: StrikeStore
    stores: Stores
    site: Site
    audit_log: AuditLog
    clock: ClockMs

    def counts(self, staff: Viewer) -> QueueCounts:
        """Count what waits; three queries, answered from indexes."""
        return QueueCounts(
            self.store.open_counts(),
            self.store.assigned_count(staff.id),
            self.strikes.appealed_count(),
        )

    def page(
        self, staff: Viewer, wanted: ReportFilter, page: PageRequest
    ) -> Page[ReportView]:
        """List reports, the newest first; two queries.

        Moderators are not shown who reported them.
        """
        found = self.store.page(
            wanted,
            below=page.upper,
            above=page.lower,
            limit=page.limit + 1,
            ascending=page.min_id is not None,
        )
        shown = [_seen_by(staff, report) for report in found]
        people = self._people(shown)
        rows = [
            (report.id, _view(report, people))
            for report in shown
            if wanted.reporter_id in {None, report.reporter_id}
        ]
        return cut_page(rows, page, None)

    def get(self, staff: Viewer, report_id: int) -> ReportView:
        """Return a report with its people; two queries.

        Raises:
            NotFoundError: There is none.
        """
        report = _seen_by(staff, self._find(report_id))
        return _view(report, self._people([report]))

    def for_app(self, views: Sequence[ReportView]) -> list[ReportView]:
        """Add the posts that are still there, and the rules; one query."""
        ids = {post_id for view in views for post_id in view.report.post_ids}
        found = self.stores.posts.get_many(sorted(ids))
        rules = {rule.id: rule for rule in self.site.current().rules}
        return [
            replace(
                view,
                now=tuple(
                    found[i]
                    for i in view.report.post_ids
                    if i in found and not found[i].is_tombstone
                ),
                rules=tuple(rules[i] for i in view.report.rule_ids if i in rules),
            )
            for view in views
        ]

    def detail(self, staff: Viewer, report_id: int) -> ReportDetail:
        """Return everything that a moderator needs to decide; six queries.

        Raises:
            NotFoundError: There is no such report.
        """
        report = _seen_by(staff, self._find(report_id))
        target = ReportFilter(target_id=report.target_id)
        found = self.store.page(target, limit=_EARLIER)
        earlier = [_seen_by(staff, each) for each in found]
        strikes = self.strikes.of_report(report.id, _EARLIER)
        others = self.strikes.of_user(report.target_id, _EARLIER)
        by_ids = [s.by_id for s in (*strikes, *others)]
        people = self._people([report, *earlier], by_ids)
        return ReportDetail(
            view=_view(report, people),
            now=self.stores.posts.get_many(report.post_ids),
            strikes=tuple(strikes),
            earlier=tuple(each for each in earlier if each.id != report.id),
            earlier_strikes=tuple(s for s in others if s.report_id != report.id),
            people=people,
        )

    def note(self, staff: Viewer, order: Order, report_id: int, text: str) -> None:
        """Add a note that only moderators see.

        Raises:
            InvalidError: It is empty or too long.
            NotFoundError: There is no such report.
        """
        wrong: dict[str, str] = {}
        note = clean_lines("note", text, COMMENT_MAX, wrong)
        if not note and not wrong:
            wrong["note"] = lazy_gettext("Write a note.")
        if wrong:
            raise InvalidError(lazy_gettext("The note was not added."), wrong)
        event = ReportEvent(
            event=Event.NOTE, by_id=staff.id, at=at(self.clock()), text=note
        )
        self._change(order, report_id, event, None)

    def edit(
        self,
        staff: Viewer,
        order: Order,
        report_id: int,
        category: Category | None,
        rule_ids: tuple[int, ...] | None,
    ) -> None:
        """Change the category of a report and the rules; None leaves one as it is.

        Raises:
            InvalidError: The site has no such rule.
            NotFoundError: There is no such report.
        """
        known = {rule.id for rule in self.site.current().rules}
        if not known >= set(rule_ids or ()):
            wrong = {"rule_ids": lazy_gettext("This site has no such rule.")}
            raise InvalidError(lazy_gettext("The report was not changed."), wrong)
        values: dict[str, Any] = {}
        if category is not None:
            values["category"] = category.value
        if rule_ids is not None:
            values["rule_ids"] = list(rule_ids)
        event = ReportEvent(event=Event.EDIT, by_id=staff.id, at=at(self.clock()))
        self._change(order, report_id, event, None, values)

    def change(
        self,
        staff: Viewer,
        order: Order,
        report_id: int,
        kind: Event,
        version: int | None = None,
    ) -> None:
        """Assign a report to the moderator, or unassign, resolve or reopen it.

        `version` is what the moderator saw; None for an app, which has seen none. May
        be repeated.

        Raises:
            NotFoundError: There is no such report.
            ConflictError: Somebody else has changed it meanwhile.
        """
        event = ReportEvent(event=kind, by_id=staff.id, at=at(self.clock()))
        self._change(order, report_id, event, version)

    def resolve_others(self, staff: Viewer, order: Order, report_id: int) -> int:
        """Resolve the other open reports about the person; return how many, 20 at most.

        May be repeated.

        Raises:
            NotFoundError: There is no such report.
            ConflictError: Somebody else keeps changing one of them.
        """
        about = self._find(report_id).target_id
        wanted = ReportFilter(is_open=True, target_id=about)
        found = self.store.page(wanted, limit=_EARLIER + 1)
        others = [each.id for each in found if each.id != report_id][:_EARLIER]
        for other_id in others:
            self.change(staff, order, other_id, Event.RESOLVE)
        return len(others)

    def _change(
        self,
        order: Order,
        report_id: int,
        event: ReportEvent,
        version: int | None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        for _ in range(_TRIES):
            report = self._find(report_id)
            _require_impartial(order, report, event)
            if _is_done(report, event):
                return
            if version not in {None, report.version}:
                break
            target = self._people([report]).get(report.target_id)
            subject = f"@{target.username}" if target else "report"
            details = {"report_id": str(report.id)}
            entry = self.audit_log.entry(order, _ACTIONS[event.event], subject, details)
            changed = values or _values(event)
            if self.store.change_and(report, changed, event, entry):
                return
        raise ConflictError(CHANGED, report_id=report_id)

    def _find(self, report_id: int) -> Report:
        found = self.store.find(report_id)
        if found is None:
            raise NotFoundError(lazy_gettext("Report not found."), report_id=report_id)
        return found

    def _people(
        self, reports: Iterable[Report], others: Iterable[UserId] = ()
    ) -> Mapping[UserId, User]:
        ids = set(others)
        for report in reports:
            ids |= {report.reporter_id, report.target_id, report.assigned_id}
            ids |= {report.resolved_by_id, *(event.by_id for event in report.events)}
        return self.stores.users.get_many(sorted(ids - {NOBODY}))


def _seen_by(staff: Viewer, report: Report) -> Report:
    """Return a report without who reported, to the one whom it is about."""
    if report.target_id != staff.id:
        return report
    hidden = report.reporter_id
    return replace(
        report,
        reporter_id=NOBODY,
        events=tuple(
            replace(each, by_id=NOBODY) if each.by_id == hidden else each
            for each in report.events
        ),
    )


def _require_impartial(order: Order, report: Report, event: ReportEvent) -> None:
    """Let nobody handle a report about themselves, except an owner.

    An owner may be the only one here.

    Raises:
        ForbiddenError: The report is about the moderator who acts.
    """
    if report.target_id == event.by_id and order.role is not Role.OWNER:
        raise ForbiddenError(
            lazy_gettext("This report is about you. Someone else has to handle it."),
            rule="own",
        )


def _is_done(report: Report, event: ReportEvent) -> bool:
    """Return whether there is nothing left to do for an event."""
    match event.event:
        case Event.ASSIGN:
            return report.assigned_id == event.by_id
        case Event.UNASSIGN:
            return report.assigned_id == NOBODY
        case Event.RESOLVE:
            return not report.is_open
        case Event.REOPEN:
            return report.is_open
        case _:
            return False


def _values(event: ReportEvent) -> Mapping[str, Any]:
    """Return what an event changes of a report."""
    match event.event:
        case Event.ASSIGN:
            return {"assigned_id": event.by_id}
        case Event.UNASSIGN:
            return {"assigned_id": NOBODY}
        case Event.RESOLVE:
            return resolved(event)
        case Event.REOPEN:
            return REOPENED
        case _:
            return {}


def _view(report: Report, people: Mapping[UserId, User]) -> ReportView:
    return ReportView(
        report=report,
        target=people.get(report.target_id),
        reporter=people.get(report.reporter_id),
        assigned=people.get(report.assigned_id),
        resolved_by=people.get(report.resolved_by_id),
    )
