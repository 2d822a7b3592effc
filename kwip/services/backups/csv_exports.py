"""Tables of followees, lists and so on, as Mastodon writes and reads them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from kwip.domain.errors import NotFoundError
from kwip.domain.ids import MAX_ID, UserId
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.reactions import Act
from kwip.domain.timelines.id_lists import Between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.social.relationships import Relations
    from kwip.services.backups.user_export import UserExport
    from kwip.services.mail.site import Site

_BATCH = 500
#: The rows that are sent at once.
_PIECE = 200

Rows: TypeAlias = "Iterator[tuple[str, ...]]"


@dataclass(frozen=True, slots=True)
class CsvExports:
    """Write tables; people are named `username@host`, where the host is this site."""

    export: UserExport
    site: Site

    def table(self, viewer: Viewer, name: str) -> Iterator[bytes]:
        """Iterate over the parts of a table, by its name in `TABLES`.

        Raises:
            NotFoundError: There is no such table.
        """
        rows = _TABLES.get(name)
        if rows is None:
            raise NotFoundError(lazy_gettext("File not found."))
        return _written(rows(self, viewer))

    def following(self, viewer: Viewer) -> Rows:
        """List the people that the viewer follows."""
        yield (
            "Account address",
            "Show boosts",
            "Notify on new posts",
            "Languages",
        )
        relations = self._relations(viewer)
        for user_id, name in self._named(relations.follows):
            notifies = str(user_id in relations.notifies).lower()
            reposts = str(user_id not in relations.no_reposts).lower()
            yield name, reposts, notifies, ""

    def followers(self, viewer: Viewer) -> Rows:
        """List who follows the viewer."""
        yield ("Account address",)
        for _, name in self._named(self.export.followers(viewer.id)):
            yield (name,)

    def mutes(self, viewer: Viewer) -> Rows:
        """List the people that the viewer mutes."""
        yield "Account address", "Hide notifications"
        relations = self._relations(viewer)
        for user_id, name in self._named(relations.mutes):
            yield name, str(user_id not in relations.heard).lower()

    def blocks(self, viewer: Viewer) -> Rows:
        """List the people that the viewer blocks."""
        for _, name in self._named(self._relations(viewer).blocks):
            yield (name,)

    def lists(self, viewer: Viewer) -> Rows:
        """List who is in which list."""
        stores = self.export.stores
        for each in stores.lists.of_owners([viewer.id])[viewer.id]:
            found = stores.lists.find(each.id)
            members = found.member_ids if found else ()
            for _, name in self._named(members):
                yield each.title, name

    def bookmarks(self, viewer: Viewer) -> Rows:
        """List the addresses of the viewer's bookmarks."""
        stores = self.export.stores
        part = Between(0, MAX_ID, _BATCH)
        while rows := stores.reactions.by_user(Act.BOOKMARK, viewer.id, part):
            authors = stores.users.get_many([UserId(row.author_id) for row in rows])
            for row in rows:
                author = authors.get(UserId(row.author_id))
                if author is not None:
                    yield (self.site.page(f"/@{author.username}/{row.id}"),)
            part = part._replace(below=rows[-1].cursor)

    def no_domains(self, _: Viewer) -> Rows:
        """List nothing: people here can't block other sites."""
        yield from ()

    def _relations(self, viewer: Viewer) -> Relations:
        return self.export.stores.relationships.relations([viewer.id])[viewer.id]

    def _named(self, ids: Iterable[UserId]) -> Iterator[tuple[UserId, str]]:
        for user in self.export.people(ids):
            yield user.id, f"{user.username}@{self.site.host}"


_TABLES: Mapping[str, Callable[[CsvExports, Viewer], Rows]] = {
    "following_accounts": CsvExports.following,
    "followers": CsvExports.followers,
    "lists": CsvExports.lists,
    "muted_accounts": CsvExports.mutes,
    "blocked_accounts": CsvExports.blocks,
    "bookmarks": CsvExports.bookmarks,
    "blocked_domains": CsvExports.no_domains,
}
#: The names of all tables, which are those that Mastodon gives its files.
TABLES = tuple(_TABLES)


def _written(rows: Rows) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % _PIECE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
