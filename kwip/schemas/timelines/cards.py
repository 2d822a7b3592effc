"""What the cards of our pages say, and where each is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from kwip.domain.media.cards import Card
from kwip.domain.media.media import is_picture_name
from kwip.schemas import avatars
from kwip.schemas.body import StrictSchema, Text
from kwip.text.translation import in_language, lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.domain.timelines.views import PostView
    from kwip.schemas.urls import Urls


class CardQuery(StrictSchema[str]):
    """`v`: the digest of the card that a page names."""

    v = Text(required=True)

    def make(self, *, v: str) -> str:
        """Return it."""
        return v


#: In the site's language: the address of a card is the same for all readers.
_ABOUT_TAG = lazy_gettext("Kwips with this hashtag")


def card_of_post(view: PostView, urls: Urls) -> Card:
    """Return the card of a post; behind a warning, no more than that."""
    post = view.post
    described = " ".join(each.description for each in post.media)
    return _card_of(view.author, post.warning or post.text or described, urls)


def card_of_user(user: User, urls: Urls) -> Card:
    """Return the card of a profile."""
    return _card_of(user, user.bio, urls)


def card_of_tag(name: str, urls: Urls, language: str) -> Card:
    """Return the card of a hashtag's page, in the language of the site."""
    with in_language(language):
        about = str(_ABOUT_TAG)
    return Card(
        title=f"#{name}",
        about=about,
        text="",
        site=urls.host,
        picture="",
        letter="#",
        colour=avatars.colour_of(name),
    )


def _card_of(user: User, text: str, urls: Urls) -> Card:
    return Card(
        title=user.name,
        about=f"@{user.username}",
        text=text,
        site=urls.host,
        picture=user.avatar if user.avatar and is_picture_name(user.avatar) else "",
        letter=user.username[0].upper(),
        colour=avatars.colour_of(user.username),
    )


def post_card_url(view: PostView, urls: Urls) -> str:
    """Return the address of the card of a post."""
    return _url(f"post/{view.post.id}", card_of_post(view, urls), urls)


def user_card_url(user: User, urls: Urls) -> str:
    """Return the address of the card of a profile."""
    return _url(f"user/{user.username}", card_of_user(user, urls), urls)


def tag_card_url(name: str, urls: Urls, language: str) -> str:
    """Return the address of the card of a hashtag's page."""
    card = card_of_tag(name, urls, language)
    return _url(f"tag/{quote(name, safe='')}", card, urls)


def _url(subject: str, card: Card, urls: Urls) -> str:
    return f"{urls.origin}/card/{subject}.png?v={card.digest}"
