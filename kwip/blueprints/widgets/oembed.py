"""oEmbed: what other sites' editors ask when somebody pastes an address of ours."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import render_template

from kwip.blueprints import http
from kwip.blueprints.answers.surrogate_keys import name_entities
from kwip.blueprints.table import WIDGET, Route
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import ListId, PostId
from kwip.domain.timelines import surrogate_keys
from kwip.schemas.timelines import cards
from kwip.schemas.timelines.oembed import (
    Embeddable,
    OEmbedQuery,
    OEmbedRequest,
    Subject,
    answer_of,
    subject_of,
)
from kwip.text.hashtags import clean_hashtag
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    #: What an address leads to, and the keys of what is shown of it.
    _Found = tuple[Embeddable, list[str]]


def oembed() -> Response:
    """Return how to embed one of our pages, as `url` names it."""
    asked = http.load_query(OEmbedQuery())
    if asked.answer_format != "json":
        message = gettext("Only JSON is available. Leave out format.")
        wrong = {"format": gettext("Must be json.")}
        return http.problem(message, wrong, HTTPStatus.NOT_IMPLEMENTED)
    site = http.site()
    subject = subject_of(asked.url, site.urls)
    if subject is None:
        raise NotFoundError(gettext("This isn't a page here that can be embedded."))
    found, keys = _FOUND[subject.kind](subject, asked)
    response = http.answer(answer_of(found, asked, site.urls, site.info.title))
    return name_entities(response, (), *keys)


def _post(subject: Subject, asked: OEmbedRequest) -> _Found:
    urls = http.site().urls
    post_id = PostId(int(subject.of))  # maybe of a repost, which shows the original
    view = http.services().widgets.post(http.loader(), post_id)
    found = Embeddable(
        title=gettext("Kwip by %(name)s", name=view.author.name),
        author_name=view.author.name,
        author_url=urls.user(view.author.username),
        card=cards.post_card_url(view, urls),
        html=render_template("embed/quote_post.html", view=view, asked=asked),
    )
    return found, [surrogate_keys.of_post(post_id), *surrogate_keys.of_views([view])]


def _user(subject: Subject, asked: OEmbedRequest) -> _Found:
    urls = http.site().urls
    user = http.services().widgets.profile(http.loader(), subject.of.lower())
    found = Embeddable(
        title=gettext("Kwips by %(name)s", name=user.name),
        author_name=user.name,
        author_url=urls.user(user.username),
        card=cards.user_card_url(user, urls),
        html=render_template("embed/quote_user.html", user=user, asked=asked),
    )
    return found, [surrogate_keys.of_user(user.id)]


def _tag(subject: Subject, asked: OEmbedRequest) -> _Found:
    site, tag = http.site(), clean_hashtag(subject.of)
    language = site.info.settings().language
    found = Embeddable(
        title=f"#{tag}",
        author_name=site.info.title,
        author_url=f"{site.urls.origin}/",
        card=cards.tag_card_url(tag, site.urls, language),
        html=render_template("embed/quote_tag.html", tag=tag, asked=asked),
    )
    return found, [surrogate_keys.of_tag(tag)]


def _list(subject: Subject, asked: OEmbedRequest) -> _Found:
    urls, list_id = http.site().urls, ListId(int(subject.of))
    about, owner = http.services().widgets.lists.about(http.loader(), list_id)
    found = Embeddable(
        title=about.title,
        author_name=owner.name,
        author_url=urls.user(owner.username),
        card=cards.user_card_url(owner, urls),
        html=render_template(
            "embed/quote_list.html", list=about, owner=owner, asked=asked
        ),
    )
    return found, [surrogate_keys.of_list(list_id), surrogate_keys.of_user(owner.id)]


_FOUND = {"post": _post, "user": _user, "tag": _tag, "list": _list}

ROUTES = (Route("GET", "/api/oembed", oembed, WIDGET),)
