"""What somebody published, by year, month and day, and as figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.statistics import DAYS, LastYear, Span, Statistics
from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.pushdown import Kinds
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup
from kwip.services.reading.lookups import require_user_id

if TYPE_CHECKING:
    from kwip.domain.accounts.statistics import Audience
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.periods import Period
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.timelines import Timelines


@dataclass(frozen=True, slots=True)
class Archive:
    """A part of what somebody published, and where there is more."""

    user: User
    period: Period
    page: Page[PostView]
    parts: list[tuple[Period, int]]
    before: Period | None
    after: Period | None
    posts_count: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ProfileStatistics:
    """Archives and statistics, as far as their reader may see what they count."""

    entities: Entities
    hydration: Hydration
    timelines: Timelines
    clock: ClockMs

    def archive(
        self,
        viewer: Viewer | None,
        loader: Loader,
        username: str,
        period: Period,
        asked: PageRequest,
    ) -> Archive:
        """Read what somebody published within a period, without reposts.

        Counts are those of the period's year. Warm: 4 round trips.

        Raises:
            NotFoundError: There is no such user, or nothing in such a year.
            GoneError: The account is suspended.
        """
        user, relations = self._user(viewer, loader, username)
        audience = _audience(viewer, relations, user)
        span = Span(user.id, *period.days_of_year, audience)
        found = self._statistics(loader, span, relations)
        first = min(found.first_year or user.created_at.year, user.created_at.year)
        last = at(self.clock()).year
        if relations.has_block(user.id):
            first = min(first, period.year)  # nothing to see, as on the profile
        if not first <= period.year <= last:
            raise NotFoundError(lazy_gettext("Page not found."), username=username)
        page = self.timelines.user(
            viewer,
            loader,
            user.id,
            period.bound(asked),
            kinds=Kinds(reposts=False),
        )
        days = dict(found.days)
        before, after = period.neighbours(days)
        return Archive(
            user=user,
            period=period,
            page=page,
            parts=period.parts(days),
            before=before if before.year >= first else None,
            after=after if after.year <= last else None,
            posts_count=period.count(days),
            is_cut=found.is_cut,
        )

    def last_year(
        self, viewer: Viewer | None, loader: Loader, username: str
    ) -> LastYear:
        """Read the statistics of what everybody may see. Warm: 3 round trips.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        user, relations = self._user(viewer, loader, username)
        today = at(self.clock()).date().toordinal()
        span = Span(user.id, today - DAYS + 1, today + 1, "open")
        found = self._statistics(loader, span, relations)
        return LastYear(user, span.since, today, found)

    def _user(
        self, viewer: Viewer | None, loader: Loader, username: str
    ) -> tuple[User, Relations]:
        user_id = require_user_id(self.entities, loader, username)
        sides = [] if viewer is None else [viewer.id, user_id]
        users = loader.load(
            Lookup(self.entities.users, [user_id]),
            Lookup(self.entities.relations, sides),
        )[0]
        user = require_shown(user_id, users.get(user_id))
        return user, self.hydration.relations(viewer, loader)

    def _statistics(
        self, loader: Loader, span: Span, relations: Relations
    ) -> Statistics:
        if relations.has_block(span.user_id):
            return Statistics()
        return loader.load(Lookup(self.entities.statistics, [span]))[0][span]


def _audience(viewer: Viewer | None, relations: Relations, user: User) -> Audience:
    if viewer is not None and viewer.id == user.id:
        return "all"
    return "followers" if user.id in relations.follows else "open"
