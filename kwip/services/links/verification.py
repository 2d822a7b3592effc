"""Check whether the pages that profiles link to link back with `rel="me"`.

The durable source of the job is a time in the user's document, which the write that
changed the profile left there. A link that was verified is checked again once a month,
and loses its mark if the page no longer links back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import link_in
from kwip.domain.clock import at
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.timelines.surrogate_keys import of_user
from kwip.services.outgoing.connections import FetchError
from kwip.services.outgoing.fetching import Limit

if TYPE_CHECKING:
    from kwip.domain.accounts.users import ProfileField, User
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.coherence.fence import Fence
    from kwip.services.links.finder import PageReader
    from kwip.services.media.stored.purges import Purges
    from kwip.services.outgoing.fetching import Fetcher
    from kwip.store.accounts.users import UserStore
    from kwip.store.accounts.verification import VerificationStore

_PAGE = Limit(max_bytes=1_000_000, may_be_cut=True)
_PAGES = {"text/html": _PAGE, "application/xhtml+xml": _PAGE}
#: When links are checked again: those that were reached, and those that were not.
_EVERY, _AGAIN = dt.timedelta(days=30), dt.timedelta(hours=6)
#: How often a page may not be reached before its link counts as lost.
_MOST_FAILURES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Verify links of profiles.

    Attributes:
        origin: Where profiles are.
        is_on: Whether this site requests other sites' pages at all.
    """

    fetcher: Fetcher
    reader: PageReader
    store: VerificationStore
    users: UserStore
    fence: Fence
    purges: Purges
    clock: ClockMs
    origin: str
    is_on: bool

    def settle(self, user_id: UserId) -> str:
        """Check the links of a user; return the outcome. Safe to repeat."""
        failures = self.store.attempts(user_id)
        user = self.users.get_many([user_id]).get(user_id)
        if failures is None or user is None:
            return "nothing"
        is_last = failures + 1 >= _MOST_FAILURES
        checked = [self._checked(user, each, is_last=is_last) for each in user.fields]
        failed = None in checked
        fields = tuple(
            field if found is None else found
            for field, found in zip(user.fields, checked, strict=True)
        )
        now = at(self.clock())
        next_at = now + (_AGAIN if failed else _EVERY)
        has_links = self.is_on and any(link_in(each.value) for each in fields)
        done = self.store.finish(
            user, fields, next_at if has_links else None, failures + 1 if failed else 0
        )
        # Also if an earlier attempt died before this.
        self.fence.invalidate(invalidation_rules.update_profile(user_id=user_id))
        if not done:
            return "later"
        if fields != user.fields:
            self.purges.forget(of_user(user_id))
        return "later" if failed else "done"

    def _checked(
        self, user: User, field: ProfileField, *, is_last: bool
    ) -> ProfileField | None:
        """Return a field as it is now; None if the page could not be reached."""
        url = link_in(field.value)
        if url is None or not self.is_on or user.is_suspended:
            return replace(field, verified_at=None)
        try:
            links_back = self._links_back(url, f"{self.origin}/@{user.username}")
        except FetchError as error:
            if error.is_transient and not is_last:
                return None
            links_back = False
        except StoreUnavailableError:
            return None
        verified_at = field.verified_at or at(self.clock())
        return replace(field, verified_at=verified_at if links_back else None)

    def _links_back(self, url: str, profile: str) -> bool:
        # By https only: anybody on the way could write the link.
        self.fetcher.check_endpoint(url)
        facts = self.reader.read(self.fetcher.get(url, _PAGES))
        wanted = profile.casefold()
        found = (each.rstrip("/").casefold() for each in facts.me_urls.split())
        return wanted in found
