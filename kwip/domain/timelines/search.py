"""Search for posts: what a query asks for, and whether a post matches it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from kwip.domain.ids import MAX_ID, PostId, UserId

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.tags import TagView
    from kwip.domain.timelines.views import PostView, UserView

Kind = Literal["accounts", "hashtags", "statuses"]

#: What a single word looks for that begins with one of these.
_SIGNS: Mapping[str, Kind] = {"@": "accounts", "#": "hashtags", "\uff03": "hashtags"}

#: What other people can't find has this mark in its terms, and its author's id.
_PRIVATE = "~"


@dataclass(frozen=True, slots=True)
class Text:
    """A post's text as search sees it.

    Attributes:
        terms: Everything that finds it, each once.
        spoken: Its words in order, each between two spaces.
    """

    terms: frozenset[str]
    spoken: str


class Mistake(NamedTuple):
    """A part of a query that can't be searched for, and what to write instead."""

    part: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostQuery:
    """Which posts to find; ids are exclusive bounds.

    Attributes:
        required: Of each of these sets, a post has at least one term.
        excluded: It has none of these terms.
        phrases: These words follow each other in it.
        excluded_phrases: These do not.
        author: The username of its author; None for anybody.
        excluded_authors: The usernames of people who are not its author.
        in_library: Only the viewer's own posts, favourites and bookmarks.
        with_silenced: Also posts that a silence hides, for staff.
        mistakes: Operators with values that they don't have: nothing matches them.
        hints: Words that look like operators.
    """

    required: tuple[frozenset[str], ...] = ()
    excluded: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    excluded_phrases: tuple[str, ...] = ()
    author: str | None = None
    excluded_authors: tuple[str, ...] = ()
    above: int = 0
    below: int = MAX_ID
    in_library: bool = False
    with_silenced: bool = False
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[Mistake, ...] = ()

    def by(self, author_id: UserId) -> PostQuery:
        """Return the query for posts by one author."""
        return replace(
            self, required=(*self.required, frozenset({author_term(author_id)}))
        )

    def not_by(self, authors: Collection[UserId]) -> PostQuery:
        """Return the query without posts by some authors."""
        return replace(self, excluded=self.excluded.union(map(author_term, authors)))

    def matches(self, text: Text) -> bool:
        """Return whether a post's text is what the query asks for."""
        return (
            all(not text.terms.isdisjoint(each) for each in self.required)
            and text.terms.isdisjoint(self.excluded)
            and self.is_said_in(text.spoken)
        )

    def is_said_in(self, spoken: str) -> bool:
        """Return whether the words of a text are in the order that is asked for."""
        return all(each in spoken for each in self.phrases) and not any(
            each in spoken for each in self.excluded_phrases
        )


def author_term(author_id: UserId) -> str:
    """Return the term that all posts of an author have."""
    return f"from:{author_id}"


def owner_mark(author_id: UserId) -> str:
    """Return what precedes each term of a post that only its author can find."""
    return f"{_PRIVATE}{author_id:x}:"


class Hit(NamedTuple):
    """A post that the index found: whether it matches is seen when it is hydrated.

    `version` is that of the text that was indexed.
    """

    cursor: PostId
    author_id: UserId
    reply_to_author_id: UserId
    version: int
    quote_of_id: PostId = PostId(0)
    quote_of_author_id: UserId = UserId(0)


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look up in the index: one set of terms is walked, the rest filters.

    Of `walked` and of each of `others`, a post has at least one term; of `excluded`,
    it has none.
    """

    walked: frozenset[str]
    others: tuple[frozenset[str], ...] = ()
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What an app searches for.

    Attributes:
        text: The words, as they were entered.
        kind: What to find: accounts, hashtags or statuses; empty for all of them.
            Emojis are only suggested.
        name: Whose name to look for; None if the text names nobody of this site.
        post_id: The post whose address the text is, if it is one of this site.
        only_followed: Only people whom the viewer follows.
        offset: How many results to skip.
        page: How many results to return, and between which ids for statuses.
    """

    text: str
    kind: Literal["", "emojis", Kind] = ""
    name: str | None = None
    post_id: PostId | None = None
    only_followed: bool = False
    offset: int = 0
    page: PageRequest

    def wants(self, kind: Kind) -> bool:
        """Return whether to look for a kind of results."""
        return self.kind in {"", kind}

    def among(self, kind: Kind) -> dict[str, str]:
        """Return the parameters of the page that searches for this among a kind."""
        named = named_kind(self.text)
        if kind == "statuses":
            return {"q": self.text, "type": "" if named is None else kind}
        # People and hashtags are found without the sign of the other kind.
        text = self.text if named in {None, kind} else self.text[1:]
        return {"q": text, "type": kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults:
    """What was found of each kind; for other kinds nothing."""

    accounts: Sequence[UserView] = ()
    statuses: Sequence[PostView] = ()
    hashtags: Sequence[TagView] = ()


def named_kind(text: str) -> Kind | None:
    """Return what a text names: people for @name, hashtags for #tag, else None."""
    is_one_word = len(text) > 1 and not any(map(str.isspace, text))
    return _SIGNS.get(text[0]) if is_one_word else None
