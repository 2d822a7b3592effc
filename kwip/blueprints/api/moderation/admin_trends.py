"""Mastodon's admin API for trends: what trends, and what may not.

Everything may trend until it is rejected; approving takes that back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.domain.accounts.roles import Permission
from kwip.domain.administration.discovery_rules import Place, RuleKind
from kwip.domain.errors import NotFoundError
from kwip.domain.timelines.tags import TagView
from kwip.schemas.discovery.rules import (
    AdminLinkSchema,
    AdminTagSchema,
    find_link,
    link_id,
)
from kwip.schemas.discovery.trends import PartQuery, ShortPartQuery
from kwip.schemas.posting.posts import StatusSchema
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId

_MAY = Permission.MANAGE_HASHTAGS


def admin_trending_tags() -> Response:
    """Return the hashtags that trend."""
    part = http.load_query(ShortPartQuery())
    found = http.services().trends.tags(http.signed_in(), http.loader())
    return http.answer([_tag(tag) for tag in part.of(found)])


def admin_trending_statuses() -> Response:
    """Return the statuses that trend."""
    part = http.load_query(PartQuery())
    found = http.services().trends.posts(http.signed_in(), http.loader())
    return http.answer_list(StatusSchema, part.of(found))


def admin_trending_links() -> Response:
    """Return the links that trend."""
    part = http.load_query(ShortPartQuery())
    found = http.services().trends.links(http.signed_in(), http.loader())
    return http.answer_list(AdminLinkSchema, part.of(found))


def approve_trending_tag(name: str) -> Response:
    """Let a hashtag trend again."""
    return _decide_tag(name, may_trend=True)


def reject_trending_tag(name: str) -> Response:
    """Keep a hashtag out of trends."""
    return _decide_tag(name, may_trend=False)


def approve_trending_link(link_id: int) -> Response:
    """Let a link trend again."""
    return _decide_link(link_id, may_trend=True)


def reject_trending_link(link_id: int) -> Response:
    """Keep a link out of trends."""
    return _decide_link(link_id, may_trend=False)


def approve_trending_status(post_id: PostId) -> Response:
    """Let a status trend again."""
    return _decide_status(post_id, may_trend=True)


def reject_trending_status(post_id: PostId) -> Response:
    """Keep a status out of trends."""
    return _decide_status(post_id, may_trend=False)


def _tag(tag: TagView) -> object:
    rules = http.services().discovery_changes.current()
    dumped = http.dump(AdminTagSchema, tag)
    assert isinstance(dumped, dict)  # noqa: S101 -- one view, one object
    return dumped | {
        "trendable": rules.tag_may(Place.TRENDS, tag.name),
        "listable": rules.tag_may(Place.SEARCH, tag.name),
    }


def _decide_tag(name: str, *, may_trend: bool) -> Response:
    changes = http.services().discovery_changes
    kept = changes.current().hidden_in(RuleKind.TAG, name) - {Place.TRENDS}
    places = kept if may_trend else kept | {Place.TRENDS}
    rule = changes.hide(RuleKind.TAG, name, places, by_viewer(_MAY))
    return http.answer(_tag(TagView(rule.name, is_following=False)))


def _decide_link(wanted: int, *, may_trend: bool) -> Response:
    services, viewer = http.services(), http.signed_in()
    order = by_viewer(_MAY)
    found = services.trends.links(viewer, http.loader())
    url = find_link(found, wanted)
    if url is None:
        rules = services.discovery_changes.current().rules
        known = [r.name for r in rules if r.kind is RuleKind.LINK]
        url = next((name for name in known if link_id(name) == str(wanted)), None)
    if url is None:
        raise NotFoundError(gettext("There is no such link."))
    services.discovery_changes.hide(RuleKind.LINK, url, _hidden(may_trend), order)
    return http.answer({"id": str(wanted), "url": url, "requires_review": False})


def _decide_status(post_id: PostId, *, may_trend: bool) -> Response:
    services = http.services()
    order = by_viewer(_MAY)
    services.discovery_changes.hide(
        RuleKind.POST, str(post_id), _hidden(may_trend), order
    )
    view = services.posts.get(http.signed_in(), http.loader(), post_id)
    return http.answer_dumped(StatusSchema, view)


def _hidden(may_trend: bool) -> frozenset[Place]:  # noqa: FBT001 -- the only one
    return frozenset() if may_trend else frozenset({Place.TRENDS})


_READ = replace(policies.READ, scope="admin:read", cache="never", permission=_MAY)
_WRITE = replace(policies.write("api"), scope="admin:write", permission=_MAY)
_TRENDS, _TAG = "/api/v1/admin/trends", "tags/<string(maxlength=200):name>"

ROUTES = (
    Route("GET", f"{_TRENDS}/tags", admin_trending_tags, _READ),
    Route("GET", f"{_TRENDS}/statuses", admin_trending_statuses, _READ),
    Route("GET", f"{_TRENDS}/links", admin_trending_links, _READ),
    Route("POST", f"{_TRENDS}/{_TAG}/approve", approve_trending_tag, _WRITE),
    Route("POST", f"{_TRENDS}/{_TAG}/reject", reject_trending_tag, _WRITE),
    *(
        Route("POST", f"{_TRENDS}/{path}", endpoint, _WRITE)
        for path, endpoint in {
            "links/<id:link_id>/approve": approve_trending_link,
            "links/<id:link_id>/reject": reject_trending_link,
            "statuses/<id:post_id>/approve": approve_trending_status,
            "statuses/<id:post_id>/reject": reject_trending_status,
        }.items()
    ),
)
