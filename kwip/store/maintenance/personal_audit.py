"""Queries that check what only one person has: drafts, filters, notes and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.min_key import MinKey

from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.paging import page_after, present

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator

    from kwip.store.client import Document, Store

#: Whose the documents are: the fields with ids of users, without whom they are nothing.
OWNERS = {
    "blogs": ("owner_id",),
    "drafts": ("owner_id",),
    "filters": ("_id",),
    "followed_conversations": ("_id",),
    "followed_tags": ("_id",),
    "mail_preferences": ("_id",),
    "markers": ("_id",),
    "muted_conversations": ("_id",),
    "notes": ("user_id", "other_id"),
    "nudges": ("actor_id", "recipient_id"),
    "push_subscriptions": ("user_id",),
    "suggestions": ("_id",),
    "tokens": ("user_id",),
}


class PersonalAuditStore:
    """Reads of the collections in `OWNERS`, and the removal of what is nobody's."""

    def __init__(self, store: Store):
        self._database = store.database
        self._transact = store.transact

    def pages(self, name: str, limit: int) -> Iterator[tuple[int, list[str]]]:
        """Iterate over a collection: the size of each page, and what is nobody's.

        A deletion may have been under way, so that is looked at once more.
        """
        after: object = MinKey()
        while page := self._page(name, after, limit):
            after = page[-1]["_id"]
            strays = self._strays(name, page)
            again = {"_id": {"$in": [d["_id"] for d in strays]}}
            with translated():
                left = list(self._database[name].find(again)) if strays else []
            yield len(page), [str(d["_id"]) for d in self._strays(name, left)]

    @translated()
    def _page(self, name: str, after: object, limit: int) -> list[Document]:
        fields = dict.fromkeys(OWNERS[name], 1)
        return list(page_after(self._database[name], {}, after, limit, fields))

    @translated()
    def _strays(
        self, name: str, page: Collection[Document], session: Any = None
    ) -> list[Document]:
        named = {d[field] for d in page for field in OWNERS[name]}
        users = present(self._database["users"], named, session) if named else set()
        return [d for d in page if not {d[field] for field in OWNERS[name]} <= users]

    def drop(self, name: str, document_id: str) -> None:
        """Delete a document whose user does not exist."""
        whole = "_id" in OWNERS[name] or name in {"blogs", "drafts"}
        same: Document = {"_id": int(document_id) if whole else document_id}

        def work(session: Any) -> None:
            found = self._database[name].find_one(same, session=session)
            if found is not None and self._strays(name, [found], session):
                owner = OWNERS[name][0]
                own = same | {owner: found[owner]}
                self._database[name].delete_one(own, session=session)

        self._transact(work)

    @translated()
    def overdue(self, before: dt.datetime, now: dt.datetime, limit: int) -> list[str]:
        """List what should have been posted by then, `<owner>:<id>`; index `due_at`."""
        waiting = {"due_at": {"$lte": now}, "scheduled_at": {"$lte": before}}
        found = self._database["drafts"].find(waiting, {"owner_id": 1})
        return [f"{UserId(d['owner_id'])}:{d['_id']}" for d in found.limit(limit)]
