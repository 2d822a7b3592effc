"""Follow, be notified, block, mute, and undo each: one button each.

The buttons share their page's one form, which says where to go back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import form_policy, go, way_back
from kwip.schemas.forms import ActForm
from kwip.text.translation import gettext, ngettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId
    from kwip.domain.relationships import Unfollowed


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
    http.services().relationships.unnotify(http.signed_in(), _id_of(username))
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


def mute(username: str) -> Response:
    """Mute a user."""
    back = _back(username)
    http.services().relationships.mute(http.signed_in(), _id_of(username))
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


def _left_lists(done: Unfollowed) -> str:
    """Return a sentence on how many of the viewer's lists a user has left, or ""."""
    if not done.left_lists:
        return ""
    return " " + ngettext(
        "They were removed from %(num)s of your lists.",
        "They were removed from %(num)s of your lists.",
        done.left_lists,
    )


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
    Route("POST", "/@<name:username>/block", block, _OTHER),
    Route("POST", "/@<name:username>/unblock", unblock, _OTHER),
    Route("POST", "/@<name:username>/mute", mute, _OTHER),
    Route("POST", "/@<name:username>/unmute", unmute, _OTHER),
)
