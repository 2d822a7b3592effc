"""Hashtags that the viewer's profile features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, Form, form_policy, go, page, page_again
from kwip.domain.errors import InvalidError
from kwip.schemas.discovery.tags import FeaturedTagForm
from kwip.schemas.forms import ActForm
from kwip.text.hashtags import clean_hashtag
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def featured_tag_settings() -> Response:
    """Show the hashtags that the viewer features, and some to add."""
    return page("settings_featured_tags.html", form=Form(), **_tags())


def add_featured_tag() -> Response:
    """Feature a hashtag."""
    services, viewer = http.services(), http.signed_in()
    try:
        name = clean_hashtag(http.load_form(FeaturedTagForm()), field="name")
        services.featured_tags.add(viewer, services.loaders.begin(), name)
    except InvalidError as error:
        return page_again("settings_featured_tags.html", error, **_tags())
    says = gettext("#%(tag)s is on your profile.", tag=name)
    return go(url_for("web.featured_tag_settings"), says)


def remove_featured_tag(tag_id: int) -> Response:
    """Feature a hashtag no more."""
    http.load_form(ActForm())
    http.services().featured_tags.remove(http.signed_in(), tag_id)
    return go(url_for("web.featured_tag_settings"), gettext("Hashtag removed."))


def _tags() -> dict[str, object]:
    tags, viewer, loader = (
        http.services().featured_tags,
        http.signed_in(),
        http.loader(),
    )
    return {
        "found": tags.of(loader, viewer.id),
        "suggested": tags.suggested(viewer, loader),
    }


_HERE, _FORM = "/settings/hashtags", form_policy("pages")

ROUTES = (
    Route("GET", _HERE, featured_tag_settings, OWN),
    Route("POST", _HERE, add_featured_tag, _FORM),
    Route("POST", f"{_HERE}/<id:tag_id>/remove", remove_featured_tag, _FORM),
)
