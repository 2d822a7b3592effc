"""oEmbed, as https://oembed.com has it: the parameters, and the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from marshmallow import fields

from kwip.domain.ids import parse_id
from kwip.domain.media.cards import CARD_SIZE
from kwip.schemas.body import BodySchema, Text
from kwip.schemas.timelines import parameters
from kwip.text.translation import LANGUAGES, lazy_gettext

if TYPE_CHECKING:
    from kwip.schemas.urls import Urls

#: How wide a frame is where there is room, in pixels.
WIDTH = 600
#: How long a consumer may keep an answer: a deleted kwip should not stay for long.
CACHE_AGE_S = 300
_MAX_URL = 500
_MAX_PX = 100_000
_PATHS = {
    "post": re.compile(r"/@[A-Za-z0-9_]{1,30}/(?P<of>[0-9]{1,19})/?"),
    "user": re.compile(r"/@(?P<of>[A-Za-z0-9_]{1,30})/?"),
    "tag": re.compile(r"/tags/(?P<of>[^/]{1,200})/?"),
    "list": re.compile(r"/(?:embed/list|lists)/(?P<of>[0-9]{1,19})/?"),
}
#: Kinds that are named by an id.
_BY_ID = {"post", "list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OEmbedRequest:
    """Which page, how large it may be at most, in pixels, and in which language.

    The `language` is empty if the address names none that Kwip has.
    """

    url: str
    answer_format: str
    max_width: int | None
    max_height: int | None
    language: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page of ours is about: its `kind`, and its id or name."""

    kind: str
    of: str


def subject_of(url: str, urls: Urls) -> Subject | None:
    """Return what an address is about; None if it is no page of ours to embed."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is no address
        return None
    ours = urlsplit(urls.origin)
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() != ours.netloc:
        return None
    for kind, path in _PATHS.items():
        found = path.fullmatch(parts.path)
        if found is not None:
            of = unquote(found["of"])
            is_known = kind not in _BY_ID or parse_id(of) is not None
            return Subject(kind, of) if is_known else None
    return None


class OEmbedQuery(BodySchema[OEmbedRequest]):
    """The parameters of the specification; those that consumers add are skipped."""

    url = Text(
        required=True,
        max_chars=_MAX_URL,
        error_messages={"required": lazy_gettext("Enter the address of a page here.")},
    )
    answer_format = fields.String(load_default="json", data_key="format")
    max_width = parameters.number(None, 1, _MAX_PX, name="maxwidth")
    max_height = parameters.number(None, 1, _MAX_PX, name="maxheight")
    lang = fields.String(load_default="")

    def make(
        self,
        *,
        url: str,
        answer_format: str,
        max_width: int | None,
        max_height: int | None,
        lang: str,
    ) -> OEmbedRequest:
        """Build the request."""
        return OEmbedRequest(
            url=url,
            answer_format=answer_format,
            max_width=max_width,
            max_height=max_height,
            language=lang if lang in LANGUAGES else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddable:
    """What an answer says of a page besides its size."""

    title: str
    author_name: str
    author_url: str
    card: str
    html: str


def answer_of(
    it: Embeddable, asked: OEmbedRequest, urls: Urls, site_title: str
) -> dict[str, object]:
    """Write an answer of the type `rich`; a height is only known if one is given."""
    return {
        "version": "1.0",
        "type": "rich",
        "title": it.title,
        "author_name": it.author_name,
        "author_url": it.author_url,
        "provider_name": site_title,
        "provider_url": f"{urls.origin}/",
        "cache_age": CACHE_AGE_S,
        "html": it.html,
        "width": min(WIDTH, asked.max_width or WIDTH),
        "height": asked.max_height,
        "thumbnail_url": it.card,
        "thumbnail_width": CARD_SIZE[0],
        "thumbnail_height": CARD_SIZE[1],
    }
