"""The page on which people have the entries of their blogs posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import SECRET, Form, form_policy, go, page, page_again
from kwip.domain.errors import ForbiddenError, InvalidError, RateLimitedError
from kwip.domain.posting.blogs import MAX_OLD
from kwip.schemas.accounts.blogs import BlogForm, problem_of
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def blogs() -> Response:
    """Show the viewer's blogs, and what was last read of them."""
    return page("settings_feeds.html", form=Form(), **_known())


def add_blog() -> Response:
    """Add a blog, by the address of its feed."""
    try:
        url = http.load_form(BlogForm())
        http.services().blogs.add(http.signed_in(), url)
    except (InvalidError, ForbiddenError) as error:
        return page_again("settings_feeds.html", error, **_known())
    return _go(gettext("Feed added. We're reading it now."))


def pause_blog(blog_id: int) -> Response:
    """Post nothing of a blog, until it is resumed."""
    http.load_form(ActForm())
    http.services().blogs.pause(http.signed_in(), blog_id)
    return _go(gettext("Paused."))


def resume_blog(blog_id: int) -> Response:
    """Post new entries of a blog again."""
    http.load_form(ActForm())
    http.services().blogs.resume(http.signed_in(), blog_id)
    return _go(gettext("New entries will be posted again."))


def post_old_entries(blog_id: int) -> Response:
    """Post what is in a feed already, with its dates."""
    http.load_form(ActForm())
    try:
        http.services().blogs.post_old(http.signed_in(), blog_id)
    except RateLimitedError as error:
        return page_again("settings_feeds.html", error, **_known())
    return _go(gettext("We're posting the older entries. Nobody is notified."))


def remove_blog(blog_id: int) -> Response:
    """Remove a blog; what was posted stays."""
    http.load_form(ActForm())
    http.services().blogs.remove(http.signed_in(), blog_id)
    return _go(gettext("Feed removed. The kwips that it posted stay."))


def _go(message: str) -> Response:
    return go(url_for("web.blogs"), message)


def _known() -> dict[str, object]:
    found, viewer = http.services().blogs, http.signed_in()
    return {
        "found": [(b, problem_of(b.problem)) for b in found.of_viewer(viewer)],
        "is_on": found.is_on,
        "most_old": MAX_OLD,
    }


_FORM = form_policy("pages")
#: It posts, so it needs what that needs.
_POSTS = form_policy("posts")
_BLOG = "/settings/feeds/<id:blog_id>"

ROUTES = (
    Route("GET", "/settings/feeds", blogs, SECRET),
    Route("POST", "/settings/feeds", add_blog, _POSTS),
    Route("POST", f"{_BLOG}/pause", pause_blog, _FORM),
    Route("POST", f"{_BLOG}/resume", resume_blog, _POSTS),
    Route("POST", f"{_BLOG}/old", post_old_entries, _POSTS),
    Route("POST", f"{_BLOG}/remove", remove_blog, _FORM),
)
