"""Follow, be notified, block, mute, and the end of each: one button each.

The buttons share their page's one form, which says where to go back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import form_policy, go, way_back
from kwip.schemas.forms import ActForm

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import UserId
    from kwip.domain.relationships import Parting


def follow(username: str) -> Response:
    """Follow a user."""
    back = _back(username)
    http.services().relationships.follow(http.signed_in(), _id_of(username))
    return go(back, f"You follow @{username} now.")


def notify(username: str) -> Response:
    """Follow a user, and be told of each of their kwips."""
    back = _back(username)
    http.services().relationships.follow(
        http.signed_in(), _id_of(username), notify=True
    )
    return go(back, f"You are told when @{username} kwips.")


def unnotify(username: str) -> Response:
    """No longer be told of each kwip of a followed user."""
    back = _back(username)
    http.services().relationships.unnotify(http.signed_in(), _id_of(username))
    return go(back, f"You are no longer told when @{username} kwips.")


def unfollow(username: str) -> Response:
    """Stop following a user."""
    back = _back(username)
    done = http.services().relationships.unfollow(http.signed_in(), _id_of(username))
    left = _left(done)
    who = f"@{username}, who {left}" if left else f"@{username}"
    return go(back, f"You no longer follow {who}.")


def block(username: str) -> Response:
    """Block a user, and show their profile: the page before may be hidden now."""
    http.load_form(ActForm())
    done = http.services().relationships.block(http.signed_in(), _id_of(username))
    says, left = f"You and @{username} no longer see each other.", _left(done)
    return go(
        url_for("web.profile", username=username),
        f"{says} @{username} {left}." if left else says,
    )


def unblock(username: str) -> Response:
    """End a block."""
    back = _back(username)
    http.services().relationships.unblock(http.signed_in(), _id_of(username))
    return go(back, f"@{username} is no longer blocked.")


def mute(username: str) -> Response:
    """Keep a user out of the viewer's timelines."""
    back = _back(username)
    http.services().relationships.mute(http.signed_in(), _id_of(username))
    return go(back, f"@{username} is muted: their kwips stay out of your timelines.")


def unmute(username: str) -> Response:
    """End a mute."""
    back = _back(username)
    http.services().relationships.unmute(http.signed_in(), _id_of(username))
    return go(back, f"@{username} is no longer muted.")


def _left(done: Parting) -> str:
    """Tell which lists somebody has left by it, after their name; "" for none."""
    if not done.left_lists:
        return ""
    which = "one" if done.left_lists == 1 else str(done.left_lists)
    return f"has left {which} of your lists"


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
