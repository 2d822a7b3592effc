"""Filters: Mastodon's Filter, V1::Filter and FilterResult, their bodies, and a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import fields, validate

from kwip.domain.clock import at
from kwip.domain.ids import PostId
from kwip.domain.social.keyword_filters import (
    FilterAction,
    FilterChange,
    FilterContext,
    FilterMatch,
    KeywordChange,
)
from kwip.schemas.body import BodySchema, Flag, Id, StrictSchema, Text, choice, line
from kwip.schemas.dumping import DumpSchema, instant
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.social.keyword_filters import Filter, Keyword
    from kwip.schemas.urls import Urls

_CONTEXTS = [context.value for context in FilterContext]
_ACTIONS = [action.value for action in FilterAction]
_ONE_OF = lazy_gettext("Must be one of: {choices}.")
#: The longest that a filter can last, in seconds.
_LONGEST_S = 100 * 365 * 86_400
#: How long a filter of the form lasts; `keep` is for those that have an end.
DURATIONS = ("never", "1800", "3600", "21600", "43200", "86400", "604800")
#: Keywords of one body, at most.
_MOST_AT_ONCE = 200


class KeywordSchema(DumpSchema):
    """A `Keyword` as Mastodon's FilterKeyword."""

    id = fields.String()
    keyword = fields.String(attribute="text")
    whole_word = fields.Boolean(attribute="is_whole_word")


class FilteredPostSchema(DumpSchema):
    """A `FilteredPost` as Mastodon's FilterStatus."""

    id = fields.String()
    status_id = fields.String(attribute="post_id")


def _ends(each: Filter) -> str | None:
    return None if each.expires_ms is None else instant(at(each.expires_ms))


class FilterSchema(DumpSchema):
    """A `Filter` as Mastodon's Filter."""

    id = fields.String()
    title = fields.String()
    context = fields.Function(lambda each: [c.value for c in each.contexts])
    expires_at = fields.Function(_ends)
    filter_action = fields.Function(lambda each: each.action.value)
    keywords = fields.Method("get_keywords")
    statuses = fields.Method("get_statuses")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._keyword = KeywordSchema(urls, is_signed_in=is_signed_in)
        self._status = FilteredPostSchema(urls, is_signed_in=is_signed_in)

    def get_keywords(self, each: Filter) -> object:
        """Return the keywords."""
        return self._keyword.dump(each.keywords, many=True)

    def get_statuses(self, each: Filter) -> object:
        """Return the statuses."""
        return self._status.dump(each.posts, many=True)


def filter_results(matches: Sequence[FilterMatch]) -> list[dict[str, Any]]:
    """Write which filters match a status, as Mastodon's FilterResult."""
    return [
        {
            "filter": {
                "id": str(match.filter.id),
                "title": match.filter.title,
                "context": [context.value for context in match.filter.contexts],
                "expires_at": _ends(match.filter),
                "filter_action": match.filter.action.value,
            },
            "keyword_matches": list(match.keywords) or None,
            "status_matches": [str(i) for i in match.post_ids] or None,
        }
        for match in matches
    ]


class PhraseFilter(NamedTuple):
    """A keyword with its filter: what was a filter in the first version."""

    filter: Filter
    keyword: Keyword


class PhraseFilterSchema(DumpSchema):
    """A `PhraseFilter` as Mastodon's V1::Filter; its id is that of the keyword."""

    id = fields.String(attribute="keyword.id")
    phrase = fields.String(attribute="keyword.text")
    context = fields.Function(lambda each: [c.value for c in each.filter.contexts])
    expires_at = fields.Function(lambda each: _ends(each.filter))
    irreversible = fields.Function(lambda each: each.filter.action is FilterAction.HIDE)
    whole_word = fields.Boolean(attribute="keyword.is_whole_word")


class _Contexts(fields.List[Any]):
    """Where a filter applies, each place once; or a single one outside a list."""

    def __init__(self) -> None:
        one = fields.String(validate=validate.OneOf(_CONTEXTS, error=_ONE_OF))
        super().__init__(one, load_default=None)

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        found: list[Any] = super()._deserialize(several, *args, **kwargs)
        return [FilterContext(str(each)) for each in dict.fromkeys(found)]


class _Seconds(fields.Integer):
    """In how many seconds a filter ends; empty for never."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("This is not a number of seconds."),
    }

    def __init__(self) -> None:
        too_much = lazy_gettext("Must be at least 1 second.")
        super().__init__(
            allow_none=True, validate=validate.Range(1, _LONGEST_S, error=too_much)
        )

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Read the number."""
        return super().deserialize(None if value == "" else value, *args, **kwargs)


class _KeywordAttributes(BodySchema[KeywordChange]):
    """One of `keywords_attributes`: a new keyword, or a change to one by its id."""

    id = Id(load_default=None, allow_none=True)
    keyword = Text(load_default=None)
    whole_word = Flag(load_default=None)
    destroy = Flag(load_default=False, data_key="_destroy")

    def make(
        self,
        *,
        id: int | None,  # noqa: A002 - its name
        keyword: str | None,
        whole_word: bool | None,
        destroy: bool,
    ) -> KeywordChange:
        """Build the change."""
        text = "" if keyword is None and id is None else keyword
        return KeywordChange(
            id=id, text=text, is_whole_word=whole_word, is_removed=destroy
        )


class KeywordBody(BodySchema[KeywordChange]):
    """A keyword to add, or what to change of one."""

    keyword = Text(load_default=None)
    whole_word = Flag(load_default=None)

    def __init__(self, keyword_id: int | None = None):
        super().__init__()
        self._id = keyword_id

    def make(self, *, keyword: str | None, whole_word: bool | None) -> KeywordChange:
        """Build the change."""
        text = "" if keyword is None and self._id is None else keyword
        return KeywordChange(id=self._id, text=text, is_whole_word=whole_word)


class _KeywordList(fields.List[Any]):
    """`keywords_attributes`, also as an object of numbered ones, as forms send it."""

    def __init__(self) -> None:
        super().__init__(
            fields.Nested(_KeywordAttributes),
            load_default=list,
            validate=validate.Length(
                max=_MOST_AT_ONCE, error=lazy_gettext("Up to {max} at once.")
            ),
        )

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        several = list(value.values()) if isinstance(value, dict) else value
        return super()._deserialize(several, *args, **kwargs)


class FilterBody(BodySchema[FilterChange]):
    """A filter to create, or changes to one."""

    title = Text(load_default=None)
    context = _Contexts()
    filter_action = fields.String(
        load_default=None, validate=validate.OneOf(_ACTIONS, error=_ONE_OF)
    )
    expires_in = _Seconds()
    keywords_attributes = _KeywordList()

    def make(
        self,
        *,
        title: str | None,
        context: list[FilterContext] | None,
        filter_action: str | None,
        keywords_attributes: list[KeywordChange],
        **others: Any,
    ) -> FilterChange:
        """Build the change."""
        return FilterChange(
            title=title,
            contexts=None if context is None else tuple(context),
            action=FilterAction(filter_action) if filter_action else None,
            expires="expires_in" in others,
            expires_in_s=others.get("expires_in"),
            keywords=tuple(keywords_attributes),
        )


class PhraseBody(BodySchema[tuple[KeywordChange, FilterChange]]):
    """A filter of the first version to create, or changes to one."""

    phrase = Text(load_default=None)
    context = _Contexts()
    irreversible = Flag(load_default=None)
    whole_word = Flag(load_default=None)
    expires_in = _Seconds()

    def __init__(self, keyword_id: int | None = None):
        super().__init__()
        self._id = keyword_id

    def make(
        self,
        *,
        phrase: str | None,
        context: list[FilterContext] | None,
        irreversible: bool | None,
        whole_word: bool | None,
        **others: Any,
    ) -> tuple[KeywordChange, FilterChange]:
        """Build the changes of the keyword and of its filter."""
        text = "" if phrase is None and self._id is None else phrase
        keyword = KeywordChange(id=self._id, text=text, is_whole_word=whole_word)
        action = FilterAction.HIDE if irreversible else FilterAction.WARN
        change = FilterChange(
            title=text if self._id is None else None,
            contexts=None if context is None else tuple(context),
            action=None if irreversible is None else action,
            expires="expires_in" in others,
            expires_in_s=others.get("expires_in"),
            keywords=(keyword,) if self._id is None else (),
        )
        return keyword, change


class FilteredPostBody(BodySchema[PostId]):
    """`status_id`: a status to add to a filter."""

    status_id = Id(required=True)

    def make(self, *, status_id: int) -> PostId:
        """Return the id."""
        return PostId(status_id)


class _KeywordRow(StrictSchema[KeywordChange]):
    """A row of the form: an emptied one is removed, and an empty new one is nothing."""

    id = Id(load_default=None, allow_none=True)
    text = Text(load_default="")
    whole = fields.Boolean(load_default=False)

    def make(self, *, id: int | None, text: str, whole: bool) -> KeywordChange:  # noqa: A002 - its name
        """Build the change."""
        return KeywordChange(
            id=id, text=text, is_whole_word=whole, is_removed=not text.strip()
        )


class FilterForm(StrictSchema[FilterChange]):
    """A filter with its keywords, one in each row."""

    title = line()
    context = _Contexts()
    action = choice(*_ACTIONS)
    expires = choice("keep", *DURATIONS)
    keywords = fields.List(
        fields.Nested(_KeywordRow),
        load_default=list,
        validate=validate.Length(max=_MOST_AT_ONCE),
    )

    def make(
        self,
        *,
        title: str,
        context: list[FilterContext] | None,
        action: str,
        expires: str,
        keywords: list[KeywordChange],
    ) -> FilterChange:
        """Build the change."""
        return FilterChange(
            title=title,
            contexts=tuple(context or ()),
            action=FilterAction(action),
            expires=expires != "keep",
            expires_in_s=int(expires) if expires.isdigit() else None,
            keywords=tuple(keywords),
        )


class FilterPostForm(StrictSchema[int]):
    """Which filter a kwip is added to."""

    filter_id = Id(required=True)
    next = Text(load_default="")

    def make(self, *, filter_id: int, **_: object) -> int:
        """Return the id."""
        return filter_id
