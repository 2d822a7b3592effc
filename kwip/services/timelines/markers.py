"""Markers: how far a user has read home and notifications, on every device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError
from kwip.domain.ids import ms_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.markers import Marked, Marker
from kwip.services.coherence.clock_guard import MAX_SKEW_MS
from kwip.services.delivery.signals import notifications_topic
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Signal
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.store.timelines.markers import MarkerStore


@dataclass(frozen=True, slots=True)
class Markers:
    """Read and move markers."""

    entities: Entities
    store: MarkerStore
    fence: Fence
    signal: Signal
    clock: ClockMs

    def get(
        self, viewer: Viewer, loader: Loader, names: Sequence[Marked]
    ) -> dict[Marked, Marker]:
        """Read the markers asked for; a marker that was never set is at 0."""
        found = loader.load(Lookup(self.entities.markers, [viewer.id]))[0]
        markers = found.get(viewer.id, {})
        unset = Marker(last_read_id=0, version=0, updated_at=at(ms_of(viewer.id)))
        return {name: markers.get(name, unset) for name in names}

    def save(
        self, viewer: Viewer, places: Mapping[Marked, int]
    ) -> dict[Marked, Marker]:
        """Set markers to what an app sends, even if that is further back.

        If several apps write, the last one wins, and there are no conflicts.
        """
        saved = self.store.save(viewer.id, places, at(self.clock()))
        self._show(viewer)
        return {name: saved[name] for name in places}

    def see(self, viewer: Viewer, name: Marked, last_read_id: int) -> None:
        """Mark what the viewer's page has shown as read; the marker never moves back.

        Raises:
            InvalidError: It is in the future, so that nothing would be unread for a
                long time.
        """
        now_ms = self.clock()
        if ms_of(last_read_id) > now_ms + MAX_SKEW_MS:
            raise InvalidError(
                lazy_gettext("This reading position can't be saved."),
                {
                    "last_read_id": lazy_gettext(
                        "This id does not exist yet. Reload the page."
                    )
                },
            )
        self.store.advance(viewer.id, {name: last_read_id}, at(now_ms))
        self._show(viewer)

    def _show(self, viewer: Viewer) -> None:
        """Invalidate, and update the badge on the viewer's other open pages."""
        self.fence.invalidate(invalidation_rules.mark(user_id=viewer.id))
        self.signal([notifications_topic(viewer.id)])
