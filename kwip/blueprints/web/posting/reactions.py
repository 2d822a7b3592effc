"""Favourite, repost, bookmark, pin, vote and mute, with the buttons on any page.

The buttons share their page's one form, which says where to go back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, url_for

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import form_policy, go, is_local, problem
from kwip.domain.errors import InvalidError
from kwip.schemas.forms import ReactForm
from kwip.schemas.posting.polls import VoteForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId


def favourite(username: str, post_id: PostId) -> Response:
    """Favourite a kwip."""
    back = _back(username, post_id)
    http.services().reactions.favourite(http.signed_in(), post_id)
    return go(back)


def unfavourite(username: str, post_id: PostId) -> Response:
    """Remove a favourite."""
    back = _back(username, post_id)
    http.services().reactions.unfavourite(http.signed_in(), post_id)
    return go(back)


def repost(username: str, post_id: PostId) -> Response:
    """Repost a kwip."""
    back = _back(username, post_id)
    http.services().reposts.repost(http.signed_in(), post_id)
    return go(back, gettext("Reposted."))


def unrepost(username: str, post_id: PostId) -> Response:
    """Undo a repost."""
    back = _back(username, post_id)
    http.services().reposts.unrepost(http.signed_in(), post_id)
    return go(back)


def bookmark(username: str, post_id: PostId) -> Response:
    """Bookmark a kwip."""
    back = _back(username, post_id)
    http.services().reactions.bookmark(http.signed_in(), post_id)
    return go(back, gettext("Bookmarked."))


def unbookmark(username: str, post_id: PostId) -> Response:
    """Remove a bookmark."""
    back = _back(username, post_id)
    http.services().reactions.unbookmark(http.signed_in(), post_id)
    return go(back)


def pin(username: str, post_id: PostId) -> Response:
    """Pin one of the viewer's kwips to their profile."""
    back = _back(username, post_id)
    profile = url_for("web.profile", username=username)
    if back == f"{profile}#p{post_id}":
        back = f"{profile}#pin{post_id}"
    http.services().pins.pin(http.signed_in(), post_id)
    return go(back, gettext("Pinned to your profile."))


def unpin(username: str, post_id: PostId) -> Response:
    """Unpin a kwip."""
    back = _back(username, post_id)
    http.services().pins.unpin(http.signed_in(), post_id)
    return go(back, gettext("Unpinned from your profile."))


def vote(username: str, post_id: PostId) -> Response:
    """Vote in the poll of a kwip."""
    back = _back(username, post_id)
    choices = http.load_form(VoteForm()).get(post_id, ())
    try:
        http.services().polls.vote(http.signed_in(), post_id, choices)
    except InvalidError as error:
        return _refused_vote(error, username, post_id)
    return go(back, gettext("Your vote was counted."))


def _refused_vote(error: InvalidError, username: str, post_id: PostId) -> Response:
    """Show the kwip alone, where the error is in sight above its poll."""
    if http.is_script():
        return problem(error)
    flash(str(error.message), "error")
    return go(url_for("web.thread", username=username, post_id=post_id))


def mute_conversation(username: str, post_id: PostId) -> Response:
    """Mute the conversation of a kwip."""
    back = _back(username, post_id)
    http.services().conversations.mute(http.signed_in(), post_id)
    said = gettext("You won't get notifications about this conversation any more.")
    return go(back, said)


def unmute_conversation(username: str, post_id: PostId) -> Response:
    """Unmute the conversation of a kwip."""
    back = _back(username, post_id)
    http.services().conversations.unmute(http.signed_in(), post_id)
    return go(back, gettext("Conversation unmuted."))


def follow_conversation(username: str, post_id: PostId) -> Response:
    """Follow the conversation of a kwip without replying."""
    back = _back(username, post_id)
    http.services().conversations.follow(http.signed_in(), post_id)
    return go(back, gettext("You'll be notified of replies in this conversation."))


def unfollow_conversation(username: str, post_id: PostId) -> Response:
    """Unfollow the conversation of a kwip."""
    back = _back(username, post_id)
    http.services().conversations.unfollow(http.signed_in(), post_id)
    return go(back, gettext("You don't follow this conversation any more."))


def _back(username: str, post_id: PostId) -> str:
    """Return where to go back to: the kwip on a page of ours, else its own page."""
    way = http.load_form(ReactForm())
    if not is_local(way.address):
        return url_for("web.thread", username=username, post_id=post_id)
    page = way.address.partition("#")[0]
    return f"{page}#p{way.place_id or post_id}"


_RULE = "/@<name:username>/<id:post_id>"
_REACT = form_policy("pages")

ROUTES = (
    Route("POST", f"{_RULE}/favourite", favourite, _REACT),
    Route("POST", f"{_RULE}/unfavourite", unfavourite, _REACT),
    Route("POST", f"{_RULE}/repost", repost, form_policy("posts")),
    Route("POST", f"{_RULE}/unrepost", unrepost, _REACT),
    Route("POST", f"{_RULE}/bookmark", bookmark, _REACT),
    Route("POST", f"{_RULE}/unbookmark", unbookmark, _REACT),
    Route("POST", f"{_RULE}/vote", vote, _REACT),
    Route("POST", f"{_RULE}/mute", mute_conversation, _REACT),
    Route("POST", f"{_RULE}/unmute", unmute_conversation, _REACT),
    Route("POST", f"{_RULE}/follow", follow_conversation, _REACT),
    Route("POST", f"{_RULE}/unfollow", unfollow_conversation, _REACT),
    Route("POST", f"{_RULE}/pin", pin, _REACT),
    Route("POST", f"{_RULE}/unpin", unpin, _REACT),
)
