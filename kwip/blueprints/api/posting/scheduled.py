"""Scheduled statuses, listed, moved and cancelled; posting a status makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.timelines.pages import Page, cut_page
from kwip.schemas.posting.scheduled import (
    RescheduleBody,
    ScheduledStatusSchema,
    ScheduledView,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from kwip.domain.posting.drafts import SavedDraft


def scheduled_statuses() -> Response:
    """Return the viewer's scheduled statuses, the newest first."""
    asked = http.page_request()
    found = http.services().scheduled.upcoming(http.signed_in())
    newest = sorted(found, key=lambda each: each.id, reverse=asked.min_id is None)
    within = [each for each in newest if asked.lower < each.id < asked.upper]
    cut: Page[SavedDraft] = cut_page(
        [(each.id, each) for each in within[: asked.limit + 1]], asked, None
    )
    page = Page(
        items=tuple(_views(cut.items)),
        next_max_id=cut.next_max_id,
        prev_min_id=cut.prev_min_id,
    )
    return http.answer_page(ScheduledStatusSchema, page)


def scheduled_status(draft_id: int) -> Response:
    """Return a scheduled status."""
    return answer_scheduled(http.services().scheduled.get(http.signed_in(), draft_id))


def reschedule_status(draft_id: int) -> Response:
    """Change when a status is posted."""
    moment = http.load_body(RescheduleBody())
    scheduled, viewer = http.services().scheduled, http.signed_in()
    return answer_scheduled(scheduled.reschedule(viewer, draft_id, moment))


def cancel_status(draft_id: int) -> Response:
    """Delete a scheduled status, which is then not posted."""
    http.services().scheduled.cancel(http.signed_in(), draft_id)
    return http.answer({})


def answer_scheduled(found: SavedDraft) -> Response:
    """Respond with a status that is scheduled."""
    return http.answer_dumped(ScheduledStatusSchema, _views([found])[0])


def _views(found: Sequence[SavedDraft]) -> list[ScheduledView]:
    """Find the files of scheduled statuses, in one query."""
    wanted = [i for each in found for i in each.content.attachment_ids]
    viewer = http.signed_in()
    uploads = http.services().attachments.find(viewer.id, wanted) if wanted else {}
    return [
        ScheduledView(
            each, [uploads[i] for i in each.content.attachment_ids if i in uploads]
        )
        for each in found
    ]


_ALL = "/api/v1/scheduled_statuses"
_ONE = f"{_ALL}/<id:draft_id>"

ROUTES = (
    Route("GET", _ALL, scheduled_statuses, policies.READ),
    Route("GET", _ONE, scheduled_status, policies.READ),
    Route("PUT", _ONE, reschedule_status, policies.write("posts")),
    Route("DELETE", _ONE, cancel_status, policies.write("deletes")),
)
