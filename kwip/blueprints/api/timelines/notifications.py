"""Notifications, and the markers that say how far they were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.timelines.notifications import (
    MarkersBody,
    MarkerSchema,
    MarkersQuery,
    NotificationSchema,
    NotificationsQuery,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from kwip.domain.timelines.markers import Marked, Marker


def notifications() -> Response:
    """List the viewer's notifications."""
    asked = http.load_query(NotificationsQuery())
    page = http.services().notifications.page(
        http.signed_in(), http.loader(), asked.page, asked.wanted
    )
    return http.answer_page(NotificationSchema, page)


def unread_count() -> Response:
    """Count the viewer's unread notifications, up to 100."""
    count = http.services().notifications.unread(http.signed_in(), http.loader())
    return http.answer({"count": count})


def notification(notification_id: int) -> Response:
    """Return one notification."""
    view = http.services().notifications.get(
        http.signed_in(), http.loader(), notification_id
    )
    return http.answer_dumped(NotificationSchema, view)


def clear_notifications() -> Response:
    """Delete all of the viewer's notifications."""
    http.services().notifications.clear(http.signed_in())
    return http.answer({})


def dismiss_notification(notification_id: int) -> Response:
    """Delete one notification."""
    http.services().notifications.dismiss(http.signed_in(), notification_id)
    return http.answer({})


def markers() -> Response:
    """Return the viewer's reading positions in the timelines in `timeline[]`."""
    names = http.load_query(MarkersQuery())
    found = http.services().markers.get(http.signed_in(), http.loader(), names)
    return _answer_markers(found)


def save_markers() -> Response:
    """Save the viewer's reading position in home or notifications."""
    places = http.load_body(MarkersBody())
    saved = http.services().markers.save(http.signed_in(), places)
    return _answer_markers(saved)


def _answer_markers(found: Mapping[Marked, Marker]) -> Response:
    dumped = {name: http.dump(MarkerSchema, marker) for name, marker in found.items()}
    return http.answer(dumped)


_NOTIFICATIONS = "/api/v1/notifications"
_WRITE = policies.write("api")

ROUTES = (
    Route("GET", _NOTIFICATIONS, notifications, policies.READ),
    Route("GET", f"{_NOTIFICATIONS}/unread_count", unread_count, policies.READ),
    Route("POST", f"{_NOTIFICATIONS}/clear", clear_notifications, _WRITE),
    Route("GET", f"{_NOTIFICATIONS}/<id:notification_id>", notification, policies.READ),
    Route(
        "POST",
        f"{_NOTIFICATIONS}/<id:notification_id>/dismiss",
        dismiss_notification,
        _WRITE,
    ),
    Route("GET", "/api/v1/markers", markers, policies.READ),
    Route("POST", "/api/v1/markers", save_markers, _WRITE),
)
