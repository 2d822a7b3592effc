"""The settings of the site: one document, and every change that was made to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from kwip.domain.accounts.audit_log import Actor
from kwip.domain.accounts.site import PAGES, SiteChange, SiteRule
from kwip.domain.errors import ConflictError
from kwip.domain.messages import lazy_gettext
from kwip.store.administration.site_version import count_change
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from pymongo.client_session import ClientSession

    from kwip.domain.accounts.site import SettingName, Value
    from kwip.store.client import Document, Store

_ID = "site"


class SettingsDocument(TypedDict):
    """The settings that were changed; `version` counts the changes.

    `changed_at` has the times of the last changes of texts.
    """

    _id: str
    schema: int
    version: int
    values: dict[str, Any]
    changed_at: dict[str, dt.datetime]


class StoredSettings(NamedTuple):
    """The settings that were changed, and how often they were."""

    version: int
    values: Mapping[SettingName, Value]
    changed_at: Mapping[str, dt.datetime]


class SiteStore:
    """The `site_settings` and `site_changes` collections."""

    def __init__(self, store: Store):
        self._store = store
        self._settings = store.database["site_settings"]
        self._changes = store.database["site_changes"]

    @translated()
    def read(self, session: ClientSession | None = None) -> StoredSettings:
        """Read the settings by `_id`; empty before the first change."""
        found = self._settings.find_one({"_id": _ID}, session=session)
        if found is None:
            return StoredSettings(0, {}, {})
        values = {name: _read(value) for name, value in found["values"].items()}
        # Settings of an earlier version have no times.
        return StoredSettings(found["version"], values, found.get("changed_at", {}))

    def change(
        self,
        known: StoredSettings,
        changes: Sequence[SiteChange],
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> None:
        """Store changes of the known settings, with their history; one transaction.

        `also` is called in it.

        It also changes the number in the fences, which every process reads once a
        second: so none learns of a change that is not there.

        Raises:
            ConflictError: The settings are no longer the known ones.
        """

        def work(session: ClientSession) -> None:
            self._write(session, known, changes)
            also(session)

        self._store.transact(work)

    def _write(
        self,
        session: ClientSession,
        known: StoredSettings,
        changes: Sequence[SiteChange],
    ) -> None:
        values: dict[str, Any] = {
            name: _written(value) for name, value in known.values.items()
        }
        for change in changes:
            if change.after is None:
                values.pop(change.name, None)
            else:
                values[change.name] = _written(change.after)
        document: SettingsDocument = {
            "_id": _ID,
            "schema": schema_of("site_settings"),
            "version": known.version + 1,
            "values": values,
            "changed_at": {**known.changed_at, **_times(changes)},
        }
        same = {"_id": _ID, "version": known.version}
        try:
            written = self._settings.replace_one(
                same, document, upsert=not known.version, session=session
            )
        except DuplicateKeyError as error:  # the first change, and not ours
            raise _changed() from error
        if not written.matched_count and written.upserted_id is None:
            raise _changed()
        self._changes.insert_many([_to_document(c) for c in changes], session=session)
        count_change(self._store, session)

    @translated()
    def newest(self, limit: int) -> list[SiteChange]:
        """Return the newest changes first."""
        found = self._changes.find().sort("_id", DESCENDING).limit(limit)
        return [_to_change(document) for document in found]

    @translated()
    def find(self, change_id: int) -> SiteChange | None:
        """Find a change by its id."""
        found = self._changes.find_one({"_id": change_id})
        return None if found is None else _to_change(found)


def _times(changes: Sequence[SiteChange]) -> dict[str, dt.datetime]:
    return {change.name: change.at for change in changes if change.name in PAGES}


def _changed() -> ConflictError:
    return ConflictError(
        lazy_gettext(
            "Someone else changed the settings meanwhile. Check them and try again."
        )
    )


def _written(value: Value | None) -> Any:
    if isinstance(value, tuple):
        return [{"id": rule.id, "text": rule.text} for rule in value]
    return str(value) if isinstance(value, str) else value


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(SiteRule(row["id"], row["text"]) for row in value)
    return value


def _to_document(change: SiteChange) -> Document:
    return {
        "_id": change.id,
        "schema": schema_of("site_changes"),
        "at": change.at,
        "actor": {"kind": change.actor.kind, "name": change.actor.name},
        "name": change.name,
        "before": _written(change.before),
        "after": _written(change.after),
        "undoes": change.undoes,
    }


def _to_change(document: Document) -> SiteChange:
    return SiteChange(
        id=document["_id"],
        at=document["at"],
        actor=Actor(**document["actor"]),
        name=document["name"],
        before=_read(document["before"]),
        after=_read(document["after"]),
        undoes=document["undoes"],
    )
