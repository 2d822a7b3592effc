"""The language of search: words, phrases, exclusions and operators."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import regex

from kwip.domain.clock import to_ms
from kwip.domain.errors import InvalidError
from kwip.domain.ids import MAX_ID, first_id_at
from kwip.domain.timelines.search import PostQuery
from kwip.text import terms
from kwip.text.hashtags import name_of
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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

    def add(self, term: str, *, is_excluded: bool) -> None:
        """Require or exclude a single term."""
        if is_excluded:
            self.excluded.add(term)
        else:
            self.required.append(frozenset({term}))


def parse_query(text: str) -> PostQuery:
    """Read a query.

    An unknown operator is a word. A quotation mark without its counterpart reaches to
    the end.

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
    if not (reading.required or reading.author or reading.in_library):
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
    )


def _read(reading: _Reading, piece: regex.Match[str]) -> None:
    is_excluded = piece["minus"] is not None
    name = (piece["name"] or "").lower()
    if name in _OPERATORS:
        operator = _Operator(name, piece["value"].lower(), is_excluded)
        _OPERATORS[name](reading, operator)
    elif piece["phrase"] is not None:
        _phrase(reading, piece["phrase"], is_excluded=is_excluded)
    else:
        _words(reading, piece[0].lstrip("-"), is_excluded=is_excluded)


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


def _from(reading: _Reading, operator: _Operator) -> None:
    found = _USERNAME.fullmatch(operator.value)
    # Nobody has that name, and nothing is found.
    username = found[1] if found else ""
    if operator.is_excluded:
        reading.excluded_authors.append(username)
    else:
        reading.author = username


def _choice(reading: _Reading, operator: _Operator) -> None:
    choices = _CHOICES[operator.name]
    if operator.value not in choices:
        known = ", ".join(f"{operator.name}:{choice}" for choice in choices)
        _refuse(gettext("Use one of: %(choices)s.", choices=known))
    term = f"{operator.name}:{operator.value}"
    reading.add(term, is_excluded=operator.is_excluded)


def _language(reading: _Reading, operator: _Operator) -> None:
    code = terms.primary(operator.value)
    if not _LANGUAGE.fullmatch(code):
        _refuse(gettext("Write languages as codes, such as language:en."))
    if not operator.is_excluded:
        reading.language = code
    reading.add(f"language:{code}", is_excluded=operator.is_excluded)


def _in(reading: _Reading, operator: _Operator) -> None:
    if operator.value != "library" or operator.is_excluded:
        _refuse(
            gettext("Use in:library to search your kwips, favourites and bookmarks.")
        )
    reading.in_library = True


def _before(reading: _Reading, operator: _Operator) -> None:
    reading.below = min(reading.below, first_id_at(to_ms(_day(operator))))


def _after(reading: _Reading, operator: _Operator) -> None:
    next_day = _day(operator) + dt.timedelta(days=1)
    reading.above = max(reading.above, first_id_at(to_ms(next_day)) - 1)


def _day(operator: _Operator) -> dt.datetime:
    try:
        day = dt.datetime.strptime(operator.value, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError:
        day = None
    if day is None or operator.is_excluded or day.year not in _YEARS:
        _refuse(gettext("Write dates as before:2026-12-31 or after:2026-01-01."))
    return day


def _refuse(says: str) -> NoReturn:
    raise InvalidError(gettext("That can't be searched for."), {"q": says})


_OPERATORS: Mapping[str, Callable[[_Reading, _Operator], None]] = {
    "from": _from,
    "has": _choice,
    "is": _choice,
    "language": _language,
    "in": _in,
    "before": _before,
    "after": _after,
}
