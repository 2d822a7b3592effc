"""What staff keep out of trends and searches: one document, always read as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from kwip.domain.administration.discovery_rules import (
    DiscoveryRule,
    DiscoveryRules,
    Place,
    RuleKind,
)
from kwip.domain.errors import ConflictError
from kwip.domain.messages import lazy_gettext
from kwip.store.administration.site_version import count_change
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store

_ID = "site"


class DiscoveryRuleStore:
    """The `discovery_rules` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._rules = store.database["discovery_rules"]

    @translated()
    def read(self) -> DiscoveryRules:
        """Read the rules by `_id`; none before the first change."""
        found = self._rules.find_one({"_id": _ID})
        if found is None:
            return DiscoveryRules()
        rules = (
            DiscoveryRule(
                RuleKind(row["kind"]),
                row["name"],
                frozenset(map(Place, row["hidden_in"])),
            )
            for row in found["rules"]
        )
        return DiscoveryRules.of(found["version"], rules)

    def replace(
        self,
        known: DiscoveryRules,
        rules: Iterable[DiscoveryRule],
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> None:
        """Replace the rules that are known by other ones, and do `also`.

        It is one transaction.

        Raises:
            ConflictError: The rules are no longer the known ones.
        """
        document: Document = {
            "_id": _ID,
            "schema": schema_of("discovery_rules"),
            "version": known.version + 1,
            "rules": [
                {"kind": r.kind, "name": r.name, "hidden_in": sorted(r.hidden_in)}
                for r in rules
            ],
        }

        def work(session: ClientSession) -> None:
            self._write(session, known, document)
            also(session)

        self._store.transact(work)

    def _write(
        self, session: ClientSession, known: DiscoveryRules, document: Document
    ) -> None:
        same = {"_id": _ID, "version": known.version}
        try:
            written = self._rules.replace_one(
                same, document, upsert=not known.version, session=session
            )
        except DuplicateKeyError as error:  # the first rules, and not ours
            raise _changed() from error
        if not written.matched_count and written.upserted_id is None:
            raise _changed()
        count_change(self._store, session)


def _changed() -> ConflictError:
    return ConflictError(
        lazy_gettext("Someone else changed this meanwhile. Try again.")
    )
