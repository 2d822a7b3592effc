"""Cards: the picture that other sites show of a link to a page of ours.

The address has a digest of what is drawn, so nobody can ask for a card that no
page names, and a card never changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Response, g

from kwip.blueprints import http
from kwip.blueprints.answers.surrogate_keys import name_entities
from kwip.blueprints.table import WIDGET, Route
from kwip.domain.errors import NotFoundError
from kwip.domain.timelines import surrogate_keys
from kwip.schemas.timelines import cards
from kwip.text.hashtags import clean_hashtag
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from kwip.domain.ids import PostId
    from kwip.domain.media.cards import Card

CARD = replace(WIDGET, cache="card")
#: What a card costs in the rate limit besides the request, in posts read: as many as
#: three more requests.
DRAWING_WORK = 600
_NOTHING_RUNS = "default-src 'none'; sandbox"


def post_card(post_id: PostId) -> Response:
    """Return the card of a kwip."""
    view = http.services().widgets.post(http.loader(), post_id)
    drawn = _drawn(cards.card_of_post(view, http.site().urls))
    return name_entities(drawn, [view], surrogate_keys.of_post(post_id))


def user_card(username: str) -> Response:
    """Return the card of a profile."""
    user = http.services().widgets.profile(http.loader(), username)
    drawn = _drawn(cards.card_of_user(user, http.site().urls))
    return name_entities(drawn, (), surrogate_keys.of_user(user.id))


def tag_card(name: str) -> Response:
    """Return the card of a hashtag's page."""
    tag, site = clean_hashtag(name), http.site()
    drawn = _drawn(cards.card_of_tag(tag, site.urls, site.info.settings().language))
    return name_entities(drawn, (), surrogate_keys.of_tag(tag))


def _drawn(card: Card) -> Response:
    if http.load_query(cards.CardQuery()) != card.digest:
        raise NotFoundError(gettext("File not found."))
    g.request_charge.count(DRAWING_WORK)
    response = Response(http.services().cards.draw(card), content_type="image/png")
    response.headers["Content-Security-Policy"] = _NOTHING_RUNS
    return response


ROUTES = (
    Route("GET", "/card/post/<id:post_id>.png", post_card, CARD),
    Route("GET", "/card/user/<name:username>.png", user_card, CARD),
    Route("GET", "/card/tag/<string(maxlength=200):name>.png", tag_card, CARD),
)
