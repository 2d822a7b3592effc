"""Follow, block, mute and list people by their names, without a notification."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from kwip.cache import invalidation_rules
from kwip.domain.batches import batches
from kwip.domain.clock import at
from kwip.domain.errors import KwipError, RateLimitedError
from kwip.domain.messages import lazy_gettext
from kwip.domain.rate_limits import in_words
from kwip.domain.timelines.lists import MEMBERS_AT_ONCE
from kwip.services.social.relationships import FOR_GOOD
from kwip.store.social.edges import Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import ListId, UserId
    from kwip.domain.social.relationships import MuteTerms
    from kwip.domain.timelines.lists import ListChange
    from kwip.services.backups.kwips_import import Report
    from kwip.services.coherence.fence import Fence
    from kwip.services.maintenance.progress import Progress
    from kwip.services.reading.rate_limits import RateLimits
    from kwip.services.reading.stores import Stores
    from kwip.services.social.lists import Lists
    from kwip.services.social.relationships import Relationships


_UNKNOWN = lazy_gettext("Nobody here has this username.")


class Related(NamedTuple):
    """How many were added and were there, and which names were left out.

    `unknown` has those that nobody has here, and `refused` others with the reason; the
    name is empty if it is that of all that follow.
    """

    added: int
    known: int
    unknown: list[str]
    refused: list[tuple[str, str]]

    def tell(self, report: Report, kind: str, text: str = "") -> None:
        """Add it to a report, as that of a kind; `text` stands beside each name."""
        report.counts[kind] += self.added
        report.counts["known"] += self.known
        for name in self.unknown:
            report.note(f"@{name}", _UNKNOWN, text=text)
        for name, why in self.refused:
            report.note(name and f"@{name}", why, text=text)


@dataclass(frozen=True, slots=True)
class PeopleImport:
    """Imports relations; repeating it adds nothing.

    With `rate_limits`, follows count like those on pages. Without, an operator imports.
    """

    stores: Stores
    relationships: Relationships
    lists: Lists
    fence: Fence
    clock: ClockMs
    rate_limits: RateLimits | None = None

    @property
    def unlimited(self) -> PeopleImport:
        """The same for operators: follows are not counted."""
        return replace(self, rate_limits=None)

    def relate(
        self,
        viewer: Viewer,
        kind: str,
        names: Sequence[str],
        terms: Mapping[str, MuteTerms] | None = None,
        progress: Progress | None = None,
    ) -> Related:
        """Add `follows`, `blocks` or `mutes` of the users with these names.

        With `terms` of mutes, only those names are muted that have any.
        """
        relations = self.stores.relationships.relations([viewer.id])[viewer.id]
        known = {
            "blocks": relations.blocks,
            "mutes": relations.mutes,
            "follows": relations.follows | relations.requested,
        }[kind]
        found = self.stores.users.ids_of(names)
        here = set(self.stores.users.shown_among(found.values()))
        wanted = {
            i: n
            for n, i in found.items()
            if i in here and (terms is None or n in terms)
        }
        of_all = {i: terms[n] for i, n in wanted.items()} if terms else {}
        acts: Mapping[str, Callable[[UserId], object]] = {
            "blocks": lambda user_id: self.relationships.block(viewer, user_id),
            "mutes": lambda user_id: self.relationships.mute(
                viewer, user_id, of_all.get(user_id, FOR_GOOD)
            ),
            "follows": lambda user_id: self._follow(viewer, user_id),
        }
        added, refused = 0, list[tuple[str, str]]()
        for user_id in sorted(wanted.keys() - known - {viewer.id}):
            if progress is not None:
                progress.advance()
            try:
                acts[kind](user_id)
                added += 1
            except RateLimitedError as error:
                why = lazy_gettext(
                    "You can't follow more people today. Import the file again "
                    "%(when)s for the others.",
                    when=in_words(error.retry_after_s),
                )
                refused.append(("", why))
                break
            except KwipError as error:
                refused.append((wanted[user_id], error.message))
        unknown = [name for name in names if found.get(name) not in here]
        return Related(added, len(wanted.keys() & known), unknown, refused)

    def _follow(self, viewer: Viewer, user_id: UserId) -> None:
        """Follow without a notification; the sweeper has the home backfilled."""
        if self.rate_limits is not None:
            self.rate_limits.spend("follows", viewer.id)
        edge = Edge(viewer.id, user_id, "merging", secrets.token_hex(8))
        self.stores.relationships.follow(edge, at(self.clock()), None)
        self.fence.invalidate(
            invalidation_rules.follow(follower_id=viewer.id, followee_id=user_id)
        )

    def titles(self, viewer: Viewer) -> dict[str, ListId]:
        """Return the viewer's lists by their titles."""
        owned = self.stores.lists.of_owners([viewer.id])[viewer.id]
        return {each.title: each.id for each in owned}

    def add_list(
        self, viewer: Viewer, change: ListChange, names: Sequence[str]
    ) -> list[str]:
        """Add those that the viewer follows to the list with a title.

        It is created if there is none. Returns the names that were left out.

        Raises:
            InvalidError: The viewer has too many lists.
        """
        found = self.stores.users.ids_of(names)
        follows = self.stores.relationships.relations([viewer.id])[viewer.id].follows
        list_id = self.titles(viewer).get(change.title or "")
        if list_id is None:
            list_id = self.lists.create(viewer, change).id
        members = set(found.values()) & follows
        for some in batches(sorted(members), MEMBERS_AT_ONCE):
            self.lists.add(viewer, list_id, some)
        return [name for name in names if found.get(name) not in members]
