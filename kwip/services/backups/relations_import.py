"""Bring people, lists, notes and followed hashtags of Kwip's archives into an account.

They are those of this site with the same usernames. Everything is read before anything
is written, and what is there already stays as it is.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.services.backups.kwips_import import reason_of
from kwip.services.backups.sources.containers import BROKEN
from kwip.services.backups.sources.tables import MOST_BYTES
from kwip.services.backups.tables_import import UNFOLLOWED
from kwip.services.backups.user_export import (
    BLOCKS,
    FOLLOWS,
    LISTS,
    MUTES,
    NOTES,
    TAGS,
)
from kwip.services.backups.user_rows import (
    lists_in,
    mutes_in,
    names_in,
    notes_in,
    tags_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.social.relationships import MuteTerms
    from kwip.domain.timelines.lists import ListChange
    from kwip.services.backups.kwips_import import Report
    from kwip.services.backups.people_import import PeopleImport
    from kwip.services.backups.sources.containers import Container
    from kwip.services.maintenance.progress import Progress
    from kwip.services.social.followed_tags import FollowedTags


class _Uploaded:
    """The members of an uploaded archive; those that are missing are empty."""

    def __init__(self, container: Container):
        self._container, self._names = container, frozenset(container.names())

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """Read a member into memory, and open it.

        Raises:
            InvalidError: It is damaged or too large.
        """
        content = b""
        if name in self._names:
            try:
                with self._container.open(name) as stream:
                    content = stream.read(MOST_BYTES + 1)
            except BROKEN as error:
                raise InvalidError(
                    lazy_gettext("%(name)s can't be read: it is damaged.", name=name)
                ) from error
        if len(content) > MOST_BYTES:
            raise InvalidError(
                lazy_gettext(
                    "%(name)s is larger than %(limit)s bytes.",
                    name=name,
                    limit=MOST_BYTES,
                )
            )
        yield io.BytesIO(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What an archive says of others, by their usernames."""

    names: Mapping[str, Sequence[str]]
    mutes: Mapping[str, MuteTerms]
    notes: Mapping[str, str]
    lists: Sequence[tuple[ListChange, list[str]]]
    tags: Sequence[str]


def relations_in(container: Container, now_ms: int) -> Relations:
    """Read an archive.

    Raises:
        InvalidError: It is damaged, or has what no export writes; names the line.
    """
    archive = _Uploaded(container)
    members = {"blocks": BLOCKS, "mutes": MUTES, "follows": FOLLOWS}
    return Relations(
        names={kind: names_in(archive, name) for kind, name in members.items()},
        mutes=mutes_in(archive, MUTES, now_ms),
        notes=notes_in(archive, NOTES),
        lists=list(lists_in(archive, LISTS)),
        tags=tags_in(archive, TAGS),
    )


@dataclass(frozen=True, slots=True)
class RelationsImport:
    """Imports relations; repeating it adds nothing, and nobody is notified."""

    people: PeopleImport
    tags: FollowedTags

    @property
    def unlimited(self) -> RelationsImport:
        """The same for operators: follows are not counted."""
        return replace(self, people=self.people.unlimited)

    def run(
        self, viewer: Viewer, found: Relations, report: Report, progress: Progress
    ) -> None:
        """Import what `relations_in` has read, and add it to a report."""
        progress.begin("people", sum(map(len, found.names.values())))
        for kind, names in found.names.items():
            terms = found.mutes if kind == "mutes" else None
            made = self.people.relate(viewer, kind, names, terms, progress)
            made.tell(report, kind, text=kind)
        self._note(viewer, found.notes, report)
        self._list(viewer, found.lists, report)
        for tag in found.tags:
            try:
                self.tags.follow(viewer, tag)
            except InvalidError as error:
                report.note(f"#{tag}", reason_of(error))
        report.counts["left_out"] = len(report.left_out)

    def _note(self, viewer: Viewer, notes: Mapping[str, str], report: Report) -> None:
        """Write the notes about people of whom the viewer has none."""
        stores = self.people.stores
        found = stores.users.ids_of(notes)
        there = stores.notes.by_user(viewer.id, found.values())
        for name, user_id in found.items():
            if user_id not in there:
                stores.notes.write(viewer.id, user_id, notes[name])
                report.counts["notes"] += 1

    def _list(
        self,
        viewer: Viewer,
        lists: Sequence[tuple[ListChange, list[str]]],
        report: Report,
    ) -> None:
        """Create the lists whose titles the viewer has no list of."""
        there = self.people.titles(viewer)
        for change, names in lists:
            title = change.title or ""
            if title in there:
                report.counts["known"] += 1
                continue
            try:
                left = self.people.add_list(viewer, change, names)
            except InvalidError as error:
                report.note(title, reason_of(error))
                continue
            for name in left:
                report.note(f"@{name}", UNFOLLOWED, text=title)
            report.counts["lists"] += 1
