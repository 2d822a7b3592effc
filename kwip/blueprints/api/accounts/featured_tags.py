"""Hashtags that profiles feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.timelines.tags import TagView
from kwip.schemas.discovery.tags import FeaturedTagBody, FeaturedTagSchema, TagSchema
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId


def featured_tags() -> Response:
    """Return the hashtags that the viewer features."""
    found = http.services().featured_tags.of(http.loader(), http.signed_in().id)
    return http.answer_list(FeaturedTagSchema, found)


def account_featured_tags(user_id: UserId) -> Response:
    """Return the hashtags that an account features."""
    found = http.services().featured_tags.of(http.loader(), user_id)
    return http.answer_list(FeaturedTagSchema, found)


def feature_tag() -> Response:
    """Feature a hashtag on the viewer's profile."""
    name = clean_hashtag(http.load_body(FeaturedTagBody()), field="name")
    services, viewer = http.services(), http.signed_in()
    found = services.featured_tags.add(viewer, services.loaders.begin(), name)
    return http.answer_dumped(FeaturedTagSchema, found)


def unfeature_tag(tag_id: int) -> Response:
    """Feature a hashtag no more."""
    http.services().featured_tags.remove(http.signed_in(), tag_id)
    return http.answer({})


def suggested_tags() -> Response:
    """Return hashtags that the viewer could feature: those used most lately."""
    names = http.services().featured_tags.suggested(http.signed_in(), http.loader())
    found = [TagView(name) for name in names]
    return http.answer_list(TagSchema, found)


_OWN = "/api/v1/featured_tags"

ROUTES = (
    Route("GET", _OWN, featured_tags, policies.READ),
    Route("POST", _OWN, feature_tag, policies.write("api")),
    Route("GET", f"{_OWN}/suggestions", suggested_tags, policies.READ),
    Route("DELETE", f"{_OWN}/<id:tag_id>", unfeature_tag, policies.write("api")),
    Route(
        "GET",
        "/api/v1/accounts/<id:user_id>/featured_tags",
        account_featured_tags,
        policies.OPEN_READ,
    ),
)
