"""Import Mastodon's tables of people, lists and bookmarks."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip.domain.errors import InvalidError, KwipError
from kwip.domain.ids import PostId, parse_id
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.lists import ListChange
from kwip.services.backups.kwips_import import Report, reason_of
from kwip.services.backups.sources.tables import username_of
from kwip.services.social.lists import clean_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.services.backups.people_import import PeopleImport
    from kwip.services.backups.sources.tables import TableRow
    from kwip.services.mail.site import Site
    from kwip.services.maintenance.progress import Progress
    from kwip.services.posting.reactions import Reactions

_POST = re.compile(r"/@[A-Za-z0-9_]{1,30}/([0-9]{1,19})")
_ELSEWHERE = lazy_gettext("This address is on another site.")
UNFOLLOWED = lazy_gettext("You don't follow anyone with this username.")


@dataclass(frozen=True, slots=True)
class TablesImport:
    """Imports tables; only people and kwips of this site can be in them."""

    people: PeopleImport
    reactions: Reactions
    site: Site

    @property
    def unlimited(self) -> TablesImport:
        """The same for operators: follows are not counted."""
        return replace(self, people=self.people.unlimited)

    def run(
        self, viewer: Viewer, rows: Sequence[TableRow], kind: str, progress: Progress
    ) -> Report:
        """Import the rows of a table; repeating it adds nothing."""
        report = Report()
        progress.begin(kind, len(rows))
        if kind == "bookmarks":
            self._bookmark(viewer, rows, report, progress)
        elif kind == "lists":
            self._list(viewer, rows, report)
        else:
            self._relate(viewer, rows, kind, report, progress)
        report.counts["left_out"] = len(report.left_out)
        return report

    def _names(self, rows: Sequence[TableRow], report: Report) -> list[str]:
        """Return the usernames in addresses of this site; note the others."""
        names = []
        for row in rows:
            name = username_of(row.value, self.site.host)
            if name is None:
                report.note(row.value, _ELSEWHERE, text=row.title)
            else:
                names.append(name)
        return names

    def _relate(
        self,
        viewer: Viewer,
        rows: Sequence[TableRow],
        kind: str,
        report: Report,
        progress: Progress,
    ) -> None:
        names = self._names(rows, report)
        made = self.people.relate(viewer, kind, names, progress=progress)
        made.tell(report, kind)

    def _list(self, viewer: Viewer, rows: Sequence[TableRow], report: Report) -> None:
        lists: defaultdict[str, list[TableRow]] = defaultdict(list)
        for row in rows:
            lists[row.title].append(row)
        there = self.people.titles(viewer)
        for title, members in lists.items():
            try:
                change = ListChange(title=clean_title(title))
                names = self._names(members, report)
                left = self.people.add_list(viewer, change, names)
            except InvalidError as error:
                report.note(title, reason_of(error))
                continue
            for name in left:
                report.note(f"@{name}", UNFOLLOWED, text=title)
            report.counts["known" if change.title in there else "lists"] += 1

    def _bookmark(
        self,
        viewer: Viewer,
        rows: Sequence[TableRow],
        report: Report,
        progress: Progress,
    ) -> None:
        for row in reversed(rows):  # the newest one is first
            progress.advance()
            parts = urlsplit(row.value)
            match = _POST.fullmatch(parts.path)
            post_id = parse_id(match[1]) if match else None
            if parts.hostname != self.site.host or post_id is None:
                report.note(row.value, _ELSEWHERE)
                continue
            try:
                is_new = self.reactions.add_bookmark(viewer, PostId(post_id))
            except KwipError as error:
                report.note(row.value, error.message)
                continue
            report.counts["bookmarks" if is_new else "known"] += 1
