"""What the page that builds widgets is asked for: what to show, how, with what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from marshmallow import ValidationError, fields, validate, validates_schema

from kwip.domain.timelines.pages import MAX_LIMIT
from kwip.schemas.body import BodySchema, Text
from kwip.schemas.timelines.badges import MAX_SIZE, MIN_SIZE
from kwip.schemas.timelines.parameters import THEMES
from kwip.text.translation import LANGUAGES, gettext, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

_LISTED = ("element", "frame", "json", "feed")
#: How each kind of widget can be put on a page; the first is the one proposed.
WAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": _LISTED,
        "favourites": _LISTED,
        "public": ("element", "json", "feed"),
        "tag": _LISTED,
        "list": _LISTED,
        "search": ("element", "json", "feed"),
        "post": ("element", "frame"),
        "thread": _LISTED,
        "profile": ("element", "badge"),
    }
)
_ALL_WAYS = ("element", "frame", "json", "feed", "badge")
_TRUE, _FALSE = "true", "false"
_SHARED = ("limit", "order", "media", "live")
_LEAVES_OUT = ("media", "replies", "reposts", "approved")
#: The parameters of a timeline, by kind.
_OF_KIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": (*_SHARED, "replies", "reposts"),
        "favourites": ("limit", "media", "live"),
        "public": _SHARED,
        "tag": _SHARED,
        "list": ("limit", "media", "live", "replies", "reposts"),
        "search": ("limit", "live"),
        "thread": ("limit", "live", "approved"),
    }
)
#: Those that each way of showing it has.
_OF_WAY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "element": ("limit", "order", "live", "theme", "lang", *_LEAVES_OUT),
        "frame": ("limit", "theme", "lang", "replies", "reposts"),
        "json": ("limit", "order", *_LEAVES_OUT),
        "feed": ("limit", "format", "media", "replies"),
        "badge": ("show", "size", "theme", "lang"),
    }
)
#: Options of a way that have nothing to do with the kind.
_OF_NO_KIND = frozenset({"theme", "lang", "format", "show", "size"})
#: What a feed leaves out, and a frame, unless it is asked for.
_REPLIES_COME = {"element", "json"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
OF_MAX = 500
#: Kinds whose `of` names the same sort of thing.
_NAMED_ALIKE = MappingProxyType(
    {
        **dict.fromkeys(("user", "favourites", "profile"), "name"),
        **dict.fromkeys(("post", "thread"), "kwip"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetChoice:
    """What to show (`kind`, `of`), how (`way`), and the options that were set.

    `of` names a user, a hashtag, a list, a kwip or what to search for; it is empty
    until it has been entered, and for everybody's kwips.
    """

    kind: str
    of: str
    way: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def ways(self) -> tuple[str, ...]:
        """How this kind can be shown."""
        return WAYS[self.kind]

    @property
    def option_names(self) -> tuple[str, ...]:
        """Which options there are, in the order of the form."""
        known = frozenset(_OF_KIND.get(self.kind, ()))
        if self.way == "feed" and self.kind != "user":
            known &= {"limit"}
        return tuple(
            name for name in _OF_WAY[self.way] if name in known or name in _OF_NO_KIND
        )

    @property
    def replies(self) -> str:
        """The value of `replies` that is not the default."""
        return _FALSE if self.way in _REPLIES_COME else _TRUE

    @property
    def parameters(self) -> dict[str, str]:
        """The options that apply here and differ from the default."""
        given = {name: self.options.get(name, "") for name in self.option_names}
        if given.get("replies") != self.replies:
            given.pop("replies", None)
        if self.way != "element" and given.get("lang") not in LANGUAGES:
            given.pop("lang", None)
        return {name: value for name, value in given.items() if value}

    def query(self, **words: str) -> str:
        """Return the query of the same page with another kind or way."""
        asked = {"kind": self.kind, "of": self.of, "way": self.way, **self.options}
        given = {key: value for key, value in (asked | words).items() if value}
        return f"?{urlencode(given)}"

    def of_kind(self, kind: str) -> str:
        """Return the query of another kind, of the same person or kwip if possible."""
        alike = _NAMED_ALIKE.get(kind) == _NAMED_ALIKE.get(self.kind, "")
        return f"?{urlencode({'kind': kind, **({'of': self.of} if alike else {})})}"


def _one_of(*choices: str) -> fields.String:
    return fields.String(
        load_default="",
        validate=validate.OneOf(
            ("", *choices), error=lazy_gettext("Choose one of these.")
        ),
    )


class _Number(fields.String):
    """A number in a range, or nothing."""

    def __init__(self, least: int, most: int):
        super().__init__(load_default="")
        self._least, self._most = least, most

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs).strip()
        is_number = text.isascii() and text.isdigit() and len(text) <= len("512")
        if text and not (is_number and self._least <= int(text) <= self._most):
            message = gettext(
                "Must be a number from %(least)s to %(most)s.",
                least=self._least,
                most=self._most,
            )
            raise ValidationError(message)
        return text.lstrip("0")


class BuilderQuery(BodySchema[WidgetChoice]):
    """`kind`, `of`, `way`, and the options by the names that widgets have for them.

    Without a way it is the first one that the kind has; without a kind it is `own`'s
    kwips, or everybody's for visitors.
    """

    kind = _one_of(*WAYS)
    of = Text(load_default=None, max_chars=OF_MAX)
    way = _one_of(*_ALL_WAYS)
    limit = _Number(1, MAX_LIMIT)
    order = _one_of("active")
    live = _one_of("auto", "off")
    media = _one_of(_TRUE)
    replies = _one_of(_TRUE, _FALSE)
    reposts = _one_of(_FALSE)
    approved = _one_of(_TRUE)
    theme = _one_of(*THEMES)
    lang = Text(load_default="", max_chars=35)
    format = _one_of("rss", "json")
    show = _one_of("kwips", "latest")
    size = _Number(MIN_SIZE, MAX_SIZE)

    def __init__(self, own: str = ""):
        super().__init__()
        self._own = own
        self._default = "user" if own else "public"

    @validates_schema
    def _check_way(self, data: dict[str, str], **_: object) -> None:
        if data["way"] not in ("", *WAYS[data["kind"] or self._default]):
            message = gettext("Choose one of these.")
            raise ValidationError(message, "way")

    @validates_schema
    def _check_language(self, data: dict[str, str], **_: object) -> None:
        if data["lang"].strip() and not _LANGUAGE.fullmatch(data["lang"].strip()):
            message = gettext("Enter a language code such as en, de or pt-BR.")
            raise ValidationError(message, "lang")

    def make(
        self, *, kind: str, of: str | None, way: str, **options: str
    ) -> WidgetChoice:
        """Build the choice."""
        kind = kind or self._default
        if of is None:
            of = self._own if _NAMED_ALIKE.get(kind) == "name" else ""
        return WidgetChoice(
            kind=kind,
            of=of.strip() if kind != "public" else "",
            way=way or WAYS[kind][0],
            options={name: value.strip() for name, value in options.items()},
        )
