"""Follow, be notified, block, mute, and undo each: one button each.

The buttons share their page's one form, which says where to go back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import (
    OWN,
    Form,
    form_policy,
    go,
    local_or,
    page,
    way_back,
)
from kwip.domain.errors import ConflictError, ForbiddenError, RateLimitedError
from kwip.domain.social.relationships import FollowOptions
from kwip.schemas.forms import ActForm, MuteForm
from kwip.text.translation import gettext, ngettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Unfollowed


def follow(username: str) -> Response:
    """Follow a user."""
    back = _back(username)
    found = http.services().relationships.follow(http.signed_in(), _id_of(username))
    if found.is_requested:
        says = gettext("Follow request sent to @%(username)s.", username=username)
    else:
        says = gettext("You're following @%(username)s.", username=username)
    return go(back, says)


def notify(username: str) -> Response:
    """Follow a user, with a notification for each new kwip."""
    back = _back(username)
    http.services().relationships.follow(
        http.signed_in(), _id_of(username), notify=True
    )
    return go(
        back, gettext("You'll be notified when @%(username)s posts.", username=username)
    )


def unnotify(username: str) -> Response:
    """Stop notifications for each new kwip of a user."""
    back = _back(username)
    _change(username, FollowOptions(notify=False))
    return go(
        back, gettext("Notifications from @%(username)s are off.", username=username)
    )


def unfollow(username: str) -> Response:
    """Unfollow a user."""
    back = _back(username)
    done = http.services().relationships.unfollow(http.signed_in(), _id_of(username))
    says = gettext("You unfollowed @%(username)s.", username=username)
    return go(back, says + _left_lists(done))


def block(username: str) -> Response:
    """Block a user, and show their profile, since the page before may be hidden now."""
    http.load_form(ActForm())
    done = http.services().relationships.block(http.signed_in(), _id_of(username))
    says = gettext("You blocked @%(username)s.", username=username)
    return go(url_for("web.profile", username=username), says + _left_lists(done))


def unblock(username: str) -> Response:
    """Unblock a user."""
    back = _back(username)
    http.services().relationships.unblock(http.signed_in(), _id_of(username))
    return go(back, gettext("You unblocked @%(username)s.", username=username))


def hide_reposts(username: str) -> Response:
    """Hide what a user reposts."""
    back = _back(username)
    _change(username, FollowOptions(hides_reposts=True))
    return go(back, gettext("Reposts by @%(username)s are hidden.", username=username))


def show_reposts(username: str) -> Response:
    """Show what a user reposts again."""
    back = _back(username)
    _change(username, FollowOptions(hides_reposts=False))
    return go(
        back, gettext("Reposts by @%(username)s are shown again.", username=username)
    )


def remove_follower(username: str) -> Response:
    """Remove a user from the viewer's followers."""
    back = _back(username)
    http.services().relationships.remove_follower(http.signed_in(), _id_of(username))
    return go(
        back, gettext("@%(username)s doesn't follow you any more.", username=username)
    )


def mute_terms(username: str) -> Response:
    """Ask how long to mute a user."""
    services, viewer, loader = http.services(), http.viewer(), http.loader()
    view = services.users.by_name(viewer, loader, username)
    form = Form({"duration": "0", "notifications": "hide"})
    return page("mute.html", view=view, form=form)


def mute(username: str) -> Response:
    """Mute a user, for good or for some time."""
    asked = http.load_form(MuteForm())
    back = local_or(asked.address, url_for("web.profile", username=username))
    http.services().relationships.mute(http.signed_in(), _id_of(username), asked.terms)
    return go(
        back,
        gettext(
            "You muted @%(username)s. Their kwips won't appear in your timelines.",
            username=username,
        ),
    )


def unmute(username: str) -> Response:
    """Unmute a user."""
    back = _back(username)
    http.services().relationships.unmute(http.signed_in(), _id_of(username))
    return go(back, gettext("You unmuted @%(username)s.", username=username))


def buzz(username: str) -> Response:
    """Tell a user who has been silent that the viewer misses them."""
    back = _back(username)
    try:
        http.services().buzzes.buzz(http.signed_in(), _id_of(username))
    except (ConflictError, ForbiddenError, RateLimitedError) as error:
        return go(back, error.message)
    return go(
        back, gettext("@%(username)s will know you miss them.", username=username)
    )


def _left_lists(done: Unfollowed) -> str:
    """Return a sentence on how many of the viewer's lists a user has left, or ""."""
    if not done.left_lists:
        return ""
    return " " + ngettext(
        "They were removed from %(num)s of your lists.",
        "They were removed from %(num)s of your lists.",
        done.left_lists,
    )


def _change(username: str, options: FollowOptions) -> None:
    user_id = _id_of(username)
    http.services().relationships.change_options(http.signed_in(), user_id, options)


def _back(username: str) -> str:
    return way_back(url_for("web.profile", username=username))


def _id_of(username: str) -> UserId:
    return http.services().users.id_of(http.loader(), username)


_FOLLOW, _OTHER = form_policy("follows"), form_policy("pages")

ROUTES = (
    Route("POST", "/@<name:username>/follow", follow, _FOLLOW),
    Route("POST", "/@<name:username>/unfollow", unfollow, _FOLLOW),
    Route("POST", "/@<name:username>/notify", notify, _FOLLOW),
    Route("POST", "/@<name:username>/unnotify", unnotify, _FOLLOW),
    Route("POST", "/@<name:username>/hide-reposts", hide_reposts, _FOLLOW),
    Route("POST", "/@<name:username>/show-reposts", show_reposts, _FOLLOW),
    Route("POST", "/@<name:username>/remove-follower", remove_follower, _FOLLOW),
    Route("GET", "/@<name:username>/mute", mute_terms, OWN),
    Route("POST", "/@<name:username>/block", block, _OTHER),
    Route("POST", "/@<name:username>/unblock", unblock, _OTHER),
    Route("POST", "/@<name:username>/mute", mute, _OTHER),
    Route("POST", "/@<name:username>/unmute", unmute, _OTHER),
    Route("POST", "/@<name:username>/buzz", buzz, _FOLLOW),
)
