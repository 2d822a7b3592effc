"""The custom emoji of the site: one document with all of them.

It is small and always read as a whole, so a change of several is one write.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, TypedDict, cast

from pymongo.errors import DuplicateKeyError

from kwip.domain.errors import ConflictError
from kwip.domain.media.emojis import Emoji, EmojiSet
from kwip.domain.messages import lazy_gettext
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pymongo.client_session import ClientSession

    from kwip.store.client import Store

_ID = "site"
_RANDOM_BYTES = 8


class EmojiRow(TypedDict):
    """One emoji; `picture` and `still` are names of pictures."""

    shortcode: str
    picture: str
    still: str
    width: int
    height: int
    category: str


class EmojisDocument(TypedDict):
    """All emoji; `version` is random, and new with each change."""

    _id: str
    schema: int
    version: str
    emojis: list[EmojiRow]


class EmojiStore:
    """Read and replace the set of custom emoji."""

    def __init__(self, store: Store):
        self._store = store
        self._sets = store.database["emojis"]
        self._fences = store.database["cache_fence"]

    @translated()
    def read(self) -> EmojiSet:
        """Read the set by `_id`; empty before the first change."""
        found = self._sets.find_one({"_id": _ID})
        if found is None:
            return EmojiSet()
        return EmojiSet.of(found["version"], (Emoji(**row) for row in found["emojis"]))

    def replace(
        self,
        known: EmojiSet,
        emojis: Iterable[Emoji],
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> EmojiSet:
        """Replace the set that is known by another one, and do `also`.

        It is one transaction.

        It also writes the version to the fences, which every process reads once a
        second: so none learns of a version whose set is not there.

        Raises:
            ConflictError: The set is no longer the known one.
        """
        made = EmojiSet.of(secrets.token_hex(_RANDOM_BYTES), emojis)

        def work(session: ClientSession) -> None:
            self._write(session, known, made)
            also(session)

        self._store.transact(work)
        return made

    def _write(self, session: ClientSession, known: EmojiSet, made: EmojiSet) -> None:
        document: EmojisDocument = {
            "_id": _ID,
            "schema": schema_of("emojis"),
            "version": made.version,
            "emojis": [cast("EmojiRow", asdict(each)) for each in made],
        }
        same = {"_id": _ID, "version": known.version}
        try:
            written = self._sets.replace_one(
                same, document, upsert=not known.version, session=session
            )
        except DuplicateKeyError as error:  # the first set, and not ours
            raise _changed() from error
        if not written.matched_count and written.upserted_id is None:
            raise _changed()
        version = {"$set": {"emojis_version": made.version}}
        every = {"_id": {"$gte": ""}}  # by the index
        self._fences.update_many(every, version, session=session)


def _changed() -> ConflictError:
    return ConflictError(
        lazy_gettext("Someone else changed the emoji meanwhile. Try again.")
    )
