"""Hashtags in any script, and their folded names."""

from __future__ import annotations

import unicodedata

import regex

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext

#: Longer ones are plain text; in code points of the folded name.
NAME_MAX = 100

#: Part of a word between two letters, but not at its end: the middle dots of Catalan
#: and Japanese.
_DOTS = r"\u00b7\u0387\u30fb\uff65"
_JOINERS = r"\u200c\u200d"
#: Scripts in which joiners between letters are invisible: two tags would look the same.
_UNJOINED = "".join(
    rf"\p{{scx={script}}}"
    for script in (
        *("Latn", "Grek", "Cyrl", "Armn", "Geor", "Hebr", "Ethi", "Cher"),
        *("Han", "Hira", "Kana", "Bopo", "Yiii", "Hang"),
    )
)
_LETTERS = rf"[\p{{XID_Continue}}--[{_DOTS}{_JOINERS}]]"
_JOINER = rf"(?<=[[\p{{L}}\p{{M}}]--[{_UNJOINED}]])[{_JOINERS}]"
#: The pattern of a tag in a text, after its mark.
PATTERN = rf"(?=[\p{{L}}\p{{N}}_]){_LETTERS}++(?:(?:[{_DOTS}]|{_JOINER}){_LETTERS}++)*+"
MARKS = r"#\uff03"

_NAME = regex.compile(PATTERN, regex.V1)
_FIRST_MARK = regex.compile(rf"^[{MARKS}]")
_LETTER = regex.compile(r"\p{Alphabetic}", regex.V1)
#: Variation selectors, fillers and so on, which are invisible.
_IGNORABLE = regex.compile(rf"[\p{{DI}}--[{_JOINERS}]]", regex.V1)


def name_of(written: str) -> str | None:
    """Return the folded name of a tag that is written without its mark.

    Compatibility forms and letter case are folded. None if it is not a tag: without a
    letter, or too long.
    """
    if not _NAME.fullmatch(written):
        return None
    name = _folded(_IGNORABLE.sub("", written))
    is_name = _NAME.fullmatch(name) and _LETTER.search(name)
    return name if is_name and len(name) <= NAME_MAX else None


def clean_hashtag(text: str, *, field: str = "hashtag") -> str:
    """Return the folded name of a tag from an address or a search field.

    Raises:
        InvalidError: It is not a tag.
    """
    name = name_of(_FIRST_MARK.sub("", text.strip()))
    if name is None:
        raise InvalidError(
            lazy_gettext("That isn't a hashtag."),
            {
                field: lazy_gettext(
                    "Use letters, digits and underscores, with at least one "
                    "letter, and up to %(limit)s characters.",
                    limit=NAME_MAX,
                )
            },
        )
    return name


def _folded(text: str) -> str:
    # Decomposed first, or a Greek iota below a vowel would be folded wrongly.
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", apart.casefold())
