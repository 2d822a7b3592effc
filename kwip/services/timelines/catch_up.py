"""Catch up: home from where the reader stopped, oldest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.ids import ms_of

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.markers import Markers
    from kwip.services.timelines.timelines import Timelines


@dataclass(frozen=True, slots=True)
class CatchUpPage:
    """The next page, newest first like any other.

    `stopped_at` is the time of the last entry that was read; None without a reading
    position, when the page is the newest one, to begin from.
    """

    page: Page[PostView]
    stopped_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Read on from the marker of home, which pages and apps share."""

    markers: Markers
    timelines: Timelines

    def page(self, viewer: Viewer, loader: Loader, asked: PageRequest) -> CatchUpPage:
        """Read what comes next above the marker; the request says how many.

        Warm: as home, plus a round trip for the marker.
        """
        stopped_id = self.markers.get(viewer, loader, ["home"])["home"].last_read_id
        if stopped_id:
            asked = replace(asked, min_id=stopped_id)
        page = self.timelines.home(viewer, loader, asked)
        return CatchUpPage(page, at(ms_of(stopped_id)) if stopped_id else None)
