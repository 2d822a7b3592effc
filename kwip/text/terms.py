"""What a text is found by: words folded to one form, and their stems.

Words of scripts with spaces are terms. Of scripts without, each two neighbouring
characters are, because word boundaries are not visible there. A word with a dot inside,
such as the host of a link, is found as a whole, too.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import regex
from Stemmer import Stemmer

from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.search import Text, author_term, owner_mark
from kwip.text.scripts import SPACED, UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kwip.domain.posting.posts import Post

#: Terms of one post, at most: a text of 500 Japanese characters has about 700.
MAX_TERMS = 1_000
#: Longer words are found by their beginning.
MAX_CHARS = 40

#: The stemmers, by the languages that posts name.
_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
#: Languages whose stems a query is also looked for by, by the script of its words: the
#: most common ones, because each costs a lookup.
_ASKED = (
    (r"\p{Latin}", ("en", "de", "fr", "es", "pt", "it", "nl", "sv", "tr", "pl")),
    (r"\p{Cyrillic}", ("ru",)),
    (r"\p{Greek}", ("el",)),
    (r"\p{Arabic}", ("ar", "fa")),
    (r"\p{Devanagari}", ("hi", "ne")),
    (r"\p{Tamil}", ("ta",)),
    (r"\p{Armenian}", ("hy",)),
)
_SCRIPTS = tuple((regex.compile(script), codes) for script, codes in _ASKED)

_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
#: Marks that people leave out: accents, and the vowel signs of Arabic and Hebrew. Those
#: of Indian scripts and of kana are letters of their own.
_ACCENTS = regex.compile(
    r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    r"\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff]+"
)
#: Letters that Unicode does not decompose.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "\u0131": "i",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        # Forms of the same Arabic letters: final ye, te, and those of Persian.
        "\u0649": "\u064a",
        "\u06cc": "\u064a",
        "\u0629": "\u0647",
        "\u06a9": "\u0643",
    }
)
#: How umlauts are written where there are none.
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_WORDS = regex.compile(
    rf"(?P<run>{UNSPACED}+)|(?P<word>{SPACED}+(?:\.{SPACED}+)*)", regex.V1
)
#: What is left and right of an apostrophe is a word, unless it is one letter: l'eau.
_ELIDED = regex.compile(
    r"(?<![\p{L}\p{N}])\p{Latin}['\u2019](?=\p{L})"
    r"|(?<=\p{L})['\u2019]\p{Latin}(?!\p{L})"
)
_CLUSTER = regex.compile(r"\X")
_HAN = regex.compile(r"\p{Han}")


class Token(NamedTuple):
    """A word, or a run of characters of a script without spaces; letter case folded."""

    text: str
    is_run: bool


def folded(text: str) -> str:
    """Return a text without letter case, compatibility forms and invisible marks."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    return _IGNORABLE.sub("", unicodedata.normalize("NFKC", apart.casefold()))


def tokens(text: str) -> Iterator[Token]:
    """Iterate the words of a text in order; linear in its length."""
    for found in _WORDS.finditer(_ELIDED.sub(" ", folded(text))):
        yield Token(found[0], is_run=found["run"] is not None)


def parts(token: Token) -> list[str]:
    """Return the smallest pieces of a token in order: its words, or its characters."""
    if token.is_run:
        return _CLUSTER.findall(token.text)
    return [plain(each) for each in token.text.split(".")]


@lru_cache(maxsize=4_096)
def plain(word: str) -> str:
    """Return a folded word without accents, and cut off where it is too long."""
    if not word.isascii():
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
        word = unicodedata.normalize("NFC", bare).translate(_PLAIN)
    return word[:MAX_CHARS]


def spoken(text: str) -> str:
    """Return the words of a text in order, each between two spaces."""
    return f" {' '.join(part for token in tokens(text) for part in parts(token))} "


def text_of(post: Post) -> Text:
    """Return what finds a post, without who can find it."""
    found = [*_flags(post), *_named(post), *_terms(tokens(_all(post)), post.language)]
    return Text(frozenset(islice(dict.fromkeys(found), MAX_TERMS)), spoken_in(post))


def spoken_in(post: Post) -> str:
    """Return the words of a post in order, each between two spaces."""
    return spoken(_all(post))


def stored_terms(post: Post) -> list[str]:
    """Return the terms that a post is stored with; none if nobody can find it.

    Those of a post that is not public begin with a mark of its author.
    """
    if post.is_tombstone or post.repost_of_id is not None:
        return []
    is_public = post.visibility is Visibility.PUBLIC
    mark = "" if is_public else owner_mark(post.author_id)
    return sorted(mark + term for term in text_of(post).terms)


def _all(post: Post) -> str:
    """Return a post's words, those that describe its attachments, and its options.

    Without links: their hosts find it, their paths do not.
    """
    text, at = [post.warning], 0
    for link in post.links:
        text.append(post.text[at : link.start])
        at = link.end
    descriptions = (attachment.description for attachment in post.media)
    options = (option.title for option in (post.poll.options if post.poll else ()))
    return " ".join([*text, post.text[at:], *descriptions, *options])


def _flags(post: Post) -> Iterator[str]:
    yield author_term(post.author_id)
    if post.links:
        yield "has:link"
    if post.media:
        yield "has:media"
    if post.poll:
        yield "has:poll"
    if post.in_reply_to_id is not None:
        yield "is:reply"
    if post.is_sensitive:
        yield "is:sensitive"
    if post.is_quote:
        yield "is:quote"
    if post.language:
        yield f"language:{primary(post.language)}"


def _named(post: Post) -> Iterator[str]:
    """Iterate hashtags, mentions, and the hosts of links."""
    for hashtag in post.hashtags:
        yield f"#{hashtag.name}"
    for mention in post.mentions:
        yield f"@{mention.username}"
    for link in post.links:
        host = link.url.partition("://")[2].partition("/")[0].partition(":")[0]
        yield from _dotted(host.lower())


def _terms(found: Iterable[Token], language: str | None) -> Iterator[str]:
    for token in found:
        if token.is_run:
            yield from _grams(token)
            continue
        if "." in token.text:
            yield from _dotted(plain(token.text))
        for word in token.text.split("."):
            yield from spellings(word)
            if language and (stem := stem_of(word, primary(language))):
                yield stem


def _grams(token: Token) -> Iterator[str]:
    """Iterate pairs of characters; a Han character is a word, and so is a lone one."""
    characters = parts(token)
    if len(characters) == 1:
        yield characters[0]
        return
    for left, right in pairwise(characters):
        yield left + right
    yield from (each for each in characters if _HAN.match(each))


def _dotted(host: str) -> Iterator[str]:
    """Iterate a word with dots, and its ends of two parts and more."""
    while "." in host:
        yield host[:MAX_CHARS]
        host = host.partition(".")[2]


@lru_cache(maxsize=16_384)
def spellings(word: str) -> tuple[str, ...]:
    """Return the forms that a word is written in: without accents, umlauts as ae."""
    bare = plain(word)
    if word.isascii():
        return (bare,)
    return tuple(dict.fromkeys([bare, plain(word.translate(_UMLAUTS))]))


def asked_terms(word: str, language: str = "") -> frozenset[str]:
    """Return every term that a word of a query is looked for by.

    In one language, or in all common ones of its script.
    """
    codes = (language,) if language else _languages_of(word)
    stems = (stem_of(word, code) for code in codes)
    return frozenset([*spellings(word), *filter(None, stems)])


def asked_grams(token: Token) -> list[str]:
    """Return the terms that a run of a query is looked for by: all of them."""
    characters = parts(token)
    if len(characters) == 1:
        return characters
    return [left + right for left, right in pairwise(characters)]


@lru_cache(maxsize=16_384)
def stem_of(word: str, language: str) -> str:
    """Return the stem of a word in a language, marked with it; empty if unknown."""
    name = _STEMMERS.get(language)
    if name is None or not any(c.isalpha() for c in word):
        return ""
    return f"{language}={plain(_stemmer(name).stemWord(word))}"


def primary(language: str) -> str:
    """Return the first part of a language code: "pt" of "pt-BR"."""
    return language.lower().partition("-")[0].partition("_")[0]


@lru_cache(maxsize=1_024)
def _languages_of(word: str) -> tuple[str, ...]:
    return next((codes for has, codes in _SCRIPTS if has.search(word)), ())


@cache
def _stemmer(name: str) -> Stemmer:
    return Stemmer(name)
