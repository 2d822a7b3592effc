"""The published JSON Schema of the widgets: `/api/widgets/v1/schema.json`.

Written by hand, because it is a promise: `tests/widgets` checks every answer against
it.
"""

from __future__ import annotations

from typing import Any

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_ID = {"type": "string", "pattern": "^[0-9]+$"}
_URL = {"type": "string", "format": "uri"}
_TIME = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_FLAG = {"type": "boolean"}
_AUTHOR = {"$ref": "#/$defs/author"}


def _object(says: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Describe an object that has all of these keys, and may have new ones later."""
    return {
        "description": says,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _maybe(shape: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [shape, {"type": "null"}]}


def _list(shape: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": shape}


_EMOJIS = _list(
    _object(
        "A custom emoji: `:shortcode:` in a text stands for its picture.",
        {
            "shortcode": _TEXT,
            "url": _URL,
            "static_url": _URL | {"description": "The same without motion."},
            "visible_in_picker": _FLAG,
            "category": _maybe(_TEXT),
        },
    )
)
_PERSON = {
    "id": _ID,
    "username": _TEXT,
    "display_name": _TEXT,
    "url": _URL,
    "avatar": _URL,
    "avatar_small": _URL | {"description": "The same, for a line of text."},
    "emojis": _EMOJIS,
}

_TIMELINE = _object(
    "Public posts, or those of a user, a hashtag or a thread.",
    {
        "version": {"const": 1},
        "posts": _list({"$ref": "#/$defs/nested_post"}),
        "next": _maybe(_URL) | {"description": "The next page."},
    },
)
_TIMELINE["properties"]["guests"] = _list(
    _object(
        "A reply by somebody without an account. `url` has all of them.",
        {
            "id": _ID,
            "url": _URL,
            "text": _TEXT,
            "html": _TEXT | {"description": "The text, safe to insert into a page."},
            "created_at": _TIME,
            "author": _object("Who they say they are.", {"display_name": _TEXT}),
        },
    )
) | {"description": "Of a thread: what its author shows by guests, on its first page."}

WIDGET_SCHEMA: dict[str, Any] = {
    "$schema": _DRAFT,
    "title": "Kwip widgets, version 1",
    "description": (
        "Responses to requests without the parameter `fields`. Keys may be added; "
        "ignore keys that you do not know."
    ),
    "oneOf": [
        {"$ref": "#/$defs/timeline"},
        {"$ref": "#/$defs/single"},
        {"$ref": "#/$defs/profile"},
        {"$ref": "#/$defs/statistics"},
        {"$ref": "#/$defs/error"},
    ],
    "$defs": {
        "timeline": _TIMELINE,
        "single": _object(
            "One post.", {"version": {"const": 1}, "post": {"$ref": "#/$defs/post"}}
        ),
        "profile": _object(
            "A user.", {"version": {"const": 1}, "user": {"$ref": "#/$defs/user"}}
        ),
        "statistics": _object(
            "What is counted of a user.",
            {"version": {"const": 1}, "stats": {"$ref": "#/$defs/stats"}},
        ),
        "error": {
            "description": "Any status from 400 on. `details` names wrong parameters.",
            "type": "object",
            "properties": {
                "error": _TEXT,
                "details": {
                    "type": "object",
                    "additionalProperties": _list(
                        _object("A reason.", {"error": _TEXT, "description": _TEXT})
                    ),
                },
            },
            "required": ["error"],
        },
        "stats": _object(
            "The counts of a user, and when they signed up.",
            {
                "id": _ID,
                "username": _TEXT,
                "created_at": _TIME,
                "posts_count": _COUNT,
                "followers_count": _COUNT,
                "following_count": _COUNT,
            },
        ),
        "post": _object(
            "A post. If it is here as a repost, `reposted_by` is the reposter.",
            {
                "id": _ID,
                "url": _URL,
                "warning": _TEXT
                | {"description": "Show this first, and the text on request."},
                "text": _TEXT,
                "html": _TEXT
                | {"description": "The text, safe to insert into a page."},
                "hashtags": _list(_object("A hashtag.", {"name": _TEXT, "url": _URL})),
                "emojis": _EMOJIS,
                "is_sensitive": _FLAG
                | {"description": "Cover the media until a reader opens them."},
                "media": _list({"$ref": "#/$defs/media"}),
                "poll": _maybe({"$ref": "#/$defs/poll"}),
                "card": _maybe({"$ref": "#/$defs/card"})
                | {"description": "What the first link leads to."},
                "created_at": _TIME,
                "edited_at": _maybe(_TIME),
                "in_reply_to_id": _maybe(_ID),
                "replies_count": _COUNT,
                "reposts_count": _COUNT,
                "favourites_count": _COUNT,
                "author": _AUTHOR,
                "reposted_by": _maybe(_AUTHOR),
                "quotes_count": _COUNT,
                "quote": _maybe({"$ref": "#/$defs/quote"}),
                "cursor": _ID | {"description": "A value for `before`."},
            },
        ),
        "nested_post": {
            "description": "A post of a thread with `shape=nested`.",
            "allOf": [{"$ref": "#/$defs/post"}],
            "properties": {
                "replies": _list({"$ref": "#/$defs/nested_post"})
                | {"description": "Its replies, in order, with theirs."}
            },
        },
        "quote": _object(
            "The post that a post quotes. If it quotes one itself, that is left out.",
            {
                "state": _TEXT | {"description": "`accepted`, or why it is not shown."},
                "post": _maybe({"$ref": "#/$defs/post"}),
            },
        ),
        "media": _object(
            "A picture, video or sound.",
            {
                "type": {"enum": ["image", "gifv", "video", "audio"]},
                "url": _URL,
                "preview": _maybe(_URL),
                "width": _COUNT,
                "height": _COUNT,
                "description": _TEXT,
                "blurhash": _maybe(_TEXT),
            },
        ),
        "poll": _object(
            "A question with options to choose from.",
            {
                "options": _list(
                    _object("An option.", {"title": _TEXT, "votes": _maybe(_COUNT)})
                    | {"description": "`votes` is null while they are hidden."}
                ),
                "voters_count": _COUNT,
                "is_multiple": _FLAG,
                "ends_at": _TIME,
                "is_over": _FLAG,
            },
        ),
        "card": _object(
            "The preview of a link. Show the `host`: texts are by the other site.",
            {
                "url": _URL,
                "title": _TEXT,
                "description": _TEXT,
                "host": _TEXT,
                "author_name": _TEXT,
                "image": _maybe(
                    _object(
                        "A copy of the page's picture.",
                        {
                            "url": _URL,
                            "width": _COUNT,
                            "height": _COUNT,
                            "description": _TEXT,
                            "blurhash": _maybe(_TEXT),
                        },
                    )
                ),
            },
        ),
        "author": _object("The author or reposter.", _PERSON),
        "user": _object(
            "A user with their profile.",
            {
                **_PERSON,
                "banner": _URL,
                "html": _TEXT | {"description": "The bio, safe to insert into a page."},
                "fields": _list(
                    _object("A profile field.", {"name": _TEXT, "html": _TEXT})
                ),
                "created_at": _TIME,
                "posts_count": _COUNT,
                "followers_count": _COUNT,
                "following_count": _COUNT,
            },
        ),
    },
}
