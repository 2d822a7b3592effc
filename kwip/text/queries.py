"""The language of search: words, phrases, exclusions and operators."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import regex

from kwip.domain.clock import to_ms
from kwip.domain.errors import InvalidError
from kwip.domain.ids import MAX_ID, first_id_at
from kwip.domain.timelines.search import Mistake, PostQuery
from kwip.text import terms
from kwip.text.hashtags import name_of
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

#: A longer query is a mistake.
MAX_CHARS = 500
#: Each word, and each two characters of a script without spaces, is looked up.
MAX_TERMS = 40

_CHOICES = {"has": ("link", "media", "poll"), "is": ("quote", "reply", "sensitive")}
#: Dates outside have no ids.
_YEARS = range(1970, 3000)
_LANGUAGE = regex.compile(r"[a-z]{2,3}")
_USERNAME = regex.compile(r"@?([a-z0-9_]{1,30})")
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\xab\xbb\uff02", '"'))
_PIECE = regex.compile(
    r'(?P<minus>-)?+(?:"(?P<phrase>[^"]*+)"?+'
    r"|(?P<name>[a-z]++):(?P<value>[^\s\"]++)"
    r'|(?P<word>[^\s"]++))'
    r"|-",
    regex.IGNORECASE,
)


class _Operator(NamedTuple):
    name: str
    value: str
    is_excluded: bool


@dataclass(slots=True)
class _Reading:
    """What a query asks for, as far as it has been read."""

    language: str = ""
    required: list[frozenset[str]] = field(default_factory=list)
    excluded: set[str] = field(default_factory=set)
    phrases: list[str] = field(default_factory=list)
    excluded_phrases: list[str] = field(default_factory=list)
    author: str | None = None
    excluded_authors: list[str] = field(default_factory=list)
    above: int = 0
    below: int = MAX_ID
    in_library: bool = False
    mistakes: list[Mistake] = field(default_factory=list)
    hints: list[Mistake] = field(default_factory=list)

    def add(self, term: str, *, is_excluded: bool) -> None:
        """Require or exclude a single term."""
        if is_excluded:
            self.excluded.add(term)
        else:
            self.required.append(frozenset({term}))


def parse_query(text: str) -> PostQuery:
    """Read a query.

    An unknown operator is a word, and so is one without a value. A known one with a
    value that it doesn't have is a mistake. A quotation mark without its counterpart
    reaches to the end.

    Raises:
        InvalidError: It is too long, or there is nothing to look for; says what to do.
    """
    if len(text) > MAX_CHARS:
        _refuse(gettext("Use up to %(max)s characters.", max=MAX_CHARS))
    pieces = list(_PIECE.finditer(text.translate(_QUOTES)))
    reading = _Reading()
    # Whatever its place, the language decides how all words are looked for.
    for piece in sorted(pieces, key=lambda found: found["name"] is None):
        _read(reading, piece)
    names_something = reading.required or reading.author or reading.in_library
    if not (names_something or reading.mistakes):
        _refuse(gettext("Enter at least one word to search for."))
    if len(reading.required) + len(reading.excluded_phrases) > MAX_TERMS:
        _refuse(gettext("Use fewer words."))
    return PostQuery(
        required=tuple(dict.fromkeys(reading.required)),
        excluded=frozenset(reading.excluded),
        phrases=tuple(reading.phrases),
        excluded_phrases=tuple(reading.excluded_phrases),
        author=reading.author,
        excluded_authors=tuple(reading.excluded_authors),
        above=reading.above,
        below=reading.below,
        in_library=reading.in_library,
        mistakes=tuple(reading.mistakes),
        hints=tuple(reading.hints),
    )


def parse_strictly(text: str) -> PostQuery:
    """Read a query.

    Raises:
        InvalidError: As `parse_query`, or the query has a mistake.
    """
    query = parse_query(text)
    if query.mistakes:
        _refuse(query.mistakes[0].says)
    return query


def without_mistakes(query: PostQuery, unknown: Collection[str]) -> PostQuery:
    """Return a query with what it can find: without mistakes and unknown people.

    Its `mistakes` then only explain what was left out.

    Raises:
        InvalidError: Nothing is left; says what to do.
    """
    nobody = [
        Mistake(f"from:{name}", gettext("There is no user @%(name)s.", name=name))
        for name in (query.author, *query.excluded_authors)
        if name is not None and name in unknown
    ]
    mistakes = (*query.mistakes, *nobody)
    author = None if query.author in unknown else query.author
    if mistakes and not (query.required or author or query.in_library):
        _refuse(mistakes[0].says)
    return replace(query, author=author, mistakes=mistakes)


def _read(reading: _Reading, piece: regex.Match[str]) -> None:
    is_excluded = piece["minus"] is not None
    name = (piece["name"] or "").lower()
    if name in _OPERATORS:
        operator = _Operator(name, piece["value"].lower(), is_excluded)
        says = _OPERATORS[name](reading, operator)
        if says:
            reading.mistakes.append(Mistake(piece[0], says))
    elif piece["phrase"] is not None:
        _phrase(reading, piece["phrase"], is_excluded=is_excluded)
    else:
        if name and not piece["value"].startswith("//"):
            reading.hints.append(Mistake(piece[0], _no_operator(name)))
        bare = (piece["word"] or "").lower().removesuffix(":")
        if bare in _OPERATORS and piece[0].endswith(":"):
            reading.hints.append(Mistake(bare, _no_value(bare)))
        _words(reading, piece[0].lstrip("-"), is_excluded=is_excluded)


def _no_operator(name: str) -> str:
    return gettext(
        "%(name)s: is not a search operator, so this is searched for as words. "
        "Operators are %(known)s.",
        name=name,
        known=", ".join(f"{each}:" for each in _OPERATORS),
    )


def _no_value(name: str) -> str:
    says = _OPERATORS[name](_Reading(), _Operator(name, "", is_excluded=False))
    return gettext(
        "This has no value, so it is searched for as a word. %(says)s", says=says
    )


def _words(reading: _Reading, text: str, *, is_excluded: bool) -> None:
    """Read what stands between two spaces: a word, a hashtag, a name, an address."""
    if "://" in text:  # the path of a link is not indexed
        text = text.partition("://")[2].partition("/")[0]
    if text[0:1] in "#\uff03" and (tag := name_of(text[1:])):
        reading.add(f"#{tag}", is_excluded=is_excluded)
        return
    if text[0:1] == "@" and (found := _USERNAME.fullmatch(text.lower())):
        reading.add(f"@{found[1]}", is_excluded=is_excluded)
        return
    found_tokens = list(terms.tokens(text))
    if is_excluded and len(found_tokens) > 1:
        reading.excluded_phrases.append(terms.spoken(text))
        return
    for token in found_tokens:
        _token(reading, token, is_excluded=is_excluded)


def _token(reading: _Reading, token: terms.Token, *, is_excluded: bool) -> None:
    if token.is_run:
        grams = terms.asked_grams(token)
        if len(grams) > 1:
            _phrase(reading, token.text, is_excluded=is_excluded)
        else:
            reading.add(grams[0], is_excluded=is_excluded)
    elif "." in token.text:
        dotted = terms.plain(token.text)
        reading.add(dotted, is_excluded=is_excluded)
    elif is_excluded:
        reading.excluded |= terms.asked_terms(token.text, reading.language)
    else:
        reading.required.append(terms.asked_terms(token.text, reading.language))


def _phrase(reading: _Reading, text: str, *, is_excluded: bool) -> None:
    """Read words that follow each other: all are looked up, in the form they have."""
    found = list(terms.tokens(text))
    if not found:
        return
    if is_excluded:
        reading.excluded_phrases.append(terms.spoken(text))
        return
    reading.phrases.append(terms.spoken(text))
    for token in found:
        for part in terms.asked_grams(token) if token.is_run else terms.parts(token):
            reading.add(part, is_excluded=False)


def _from(reading: _Reading, operator: _Operator) -> str:
    found = _USERNAME.fullmatch(operator.value)
    if found is None:
        return gettext("Write usernames as from:name.")
    if operator.is_excluded:
        reading.excluded_authors.append(found[1])
    else:
        reading.author = found[1]
    return ""


def _choice(reading: _Reading, operator: _Operator) -> str:
    choices = _CHOICES[operator.name]
    if operator.value not in choices:
        known = ", ".join(f"{operator.name}:{choice}" for choice in choices)
        return gettext("Use one of: %(choices)s.", choices=known)
    term = f"{operator.name}:{operator.value}"
    reading.add(term, is_excluded=operator.is_excluded)
    return ""


def _language(reading: _Reading, operator: _Operator) -> str:
    code = terms.primary(operator.value)
    if not _LANGUAGE.fullmatch(code):
        return gettext("Write languages as codes, such as language:en.")
    if not operator.is_excluded:
        reading.language = code
    reading.add(f"language:{code}", is_excluded=operator.is_excluded)
    return ""


def _in(reading: _Reading, operator: _Operator) -> str:
    if operator.value != "library" or operator.is_excluded:
        return gettext("Use in:library to search your kwips, favourites and bookmarks.")
    reading.in_library = True
    return ""


def _date(reading: _Reading, operator: _Operator) -> str:
    day = _day(operator)
    if day is None:
        return gettext("Write dates as before:2026-12-31 or after:2026-01-01.")
    if operator.name == "before":
        reading.below = min(reading.below, first_id_at(to_ms(day)))
    else:
        next_day = day + dt.timedelta(days=1)
        reading.above = max(reading.above, first_id_at(to_ms(next_day)) - 1)
    return ""


def _day(operator: _Operator) -> dt.datetime | None:
    try:
        day = dt.datetime.strptime(operator.value, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return None if operator.is_excluded or day.year not in _YEARS else day


def _refuse(says: str) -> NoReturn:
    raise InvalidError(gettext("That can't be searched for."), {"q": says})


#: Each returns what to write instead, or "" if it has read the operator.
_OPERATORS: Mapping[str, Callable[[_Reading, _Operator], str]] = {
    "from": _from,
    "has": _choice,
    "is": _choice,
    "language": _language,
    "in": _in,
    "before": _date,
    "after": _date,
}
