"""The pages on which staff keep things out of trends, searches and previews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.administration.discovery_rules import RuleKind
from kwip.domain.errors import ConflictError, InvalidError
from kwip.schemas.discovery.rules import PLACE_NAMES, RuleForm, SearchQuery
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

_MAY = Permission.MANAGE_HASHTAGS
#: Hashtags that a search shows.
_FOUND = 40


def hashtags() -> Response:
    """Show hashtags that trend, those that are searched for, and what is hidden."""
    return page(
        "admin_hashtags.html", form=Form(), **_tags(http.load_query(SearchQuery()))
    )


def change_hashtag() -> Response:
    """Choose whether a hashtag may trend or be found."""
    try:
        asked = http.load_form(RuleForm())
        http.services().discovery_changes.hide(
            RuleKind.TAG, asked.name, asked.places, by_viewer(_MAY, asked.reason)
        )
    except (InvalidError, ConflictError) as error:
        http.begin_loader()
        return page_again("admin_hashtags.html", error, **_tags(""))
    place = url_for("web.hashtags", q=asked.search or None)
    return go(place, gettext("Changes saved."))


def links() -> Response:
    """Show links that trend, and which links and domains are hidden."""
    return page("admin_links.html", form=Form(), **_links())


def change_link() -> Response:
    """Choose whether a link, or all of a domain, may trend or have previews."""
    try:
        asked = http.load_form(RuleForm())
        http.services().discovery_changes.hide(
            asked.kind, asked.name, asked.places, by_viewer(_MAY, asked.reason)
        )
    except (InvalidError, ConflictError) as error:
        http.begin_loader()
        return page_again("admin_links.html", error, **_links())
    return go(url_for("web.links"), gettext("Changes saved."))


def _tags(search: str) -> dict[str, object]:
    services, viewer, loader = http.services(), http.signed_in(), http.loader()
    rules = services.discovery_changes.current()
    found = (
        services.search.tag_search.find(
            viewer, loader, search, limit=_FOUND, with_hidden=True
        )
        if search
        else services.trends.tags(viewer, loader)
    )
    shown = {tag.name for tag in found}
    hidden = [r for r in rules.rules if r.kind is RuleKind.TAG and r.name not in shown]
    return {
        "found": [(tag, rules.hidden_in(RuleKind.TAG, tag.name)) for tag in found],
        "hidden": hidden,
        "search": search,
        "places": PLACE_NAMES,
    }


def _links() -> dict[str, object]:
    services, viewer, loader = http.services(), http.signed_in(), http.loader()
    rules = services.discovery_changes.current()
    kinds = {RuleKind.LINK, RuleKind.DOMAIN, RuleKind.POST}
    return {
        "found": services.trends.links(viewer, loader),
        "hidden": [rule for rule in rules.rules if rule.kind in kinds],
        "places": PLACE_NAMES,
    }


_PAGE, _FORM = page_policy(_MAY), form_policy(_MAY)

ROUTES = (
    Route("GET", "/admin/hashtags", hashtags, _PAGE),
    Route("POST", "/admin/hashtags", change_hashtag, _FORM),
    Route("GET", "/admin/links", links, _PAGE),
    Route("POST", "/admin/links", change_link, _FORM),
)
