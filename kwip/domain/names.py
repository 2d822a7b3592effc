"""What people are found by: the words of their names, also with one typing error."""

from __future__ import annotations

import re
import unicodedata

#: Words of a name, and letters of each: the rest finds nobody.
_WORDS, _LETTERS = 8, 30
#: Shorter words with an error resemble too many others.
_LEAST_LETTERS = 4
#: What precedes a word in which a letter is missing.
_MISSING = "~"
_WORD = re.compile(r"\w+")


def words_of(name: str) -> list[str]:
    """Return the first words of a name, without letter case and accents; each once."""
    apart = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in apart if unicodedata.category(c) != "Mn")
    found = (word[:_LETTERS] for word in _WORD.findall(plain))
    return list(dict.fromkeys(found))[:_WORDS]


def name_terms(username: str, display_name: str) -> list[str]:
    """Return what a user is found by: words, and these with each letter missing."""
    words = words_of(f"{username} {display_name}")
    missing = (_MISSING + each for word in words for each in _shortened(word))
    return [*words, *dict.fromkeys(missing)]


def misspelt(word: str) -> list[str]:
    """Return the terms of names that may differ from a word by one error."""
    if len(word) < _LEAST_LETTERS:
        return []
    shortened = _shortened(word)
    return [_MISSING + word, *shortened, *(_MISSING + each for each in shortened)]


def is_close(word: str, other: str) -> bool:
    """Return whether two words differ by one letter at most, or by two swapped ones."""
    if word == other:
        return True
    if len(word) > len(other):
        word, other = other, word
    at = next((i for i, c in enumerate(word) if c != other[i]), len(word))
    if len(other) - len(word) == 1:
        return word[at:] == other[at + 1 :]
    if len(word) != len(other):
        return False
    swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    return word[at + 1 :] == other[at + 1 :] or swapped == other


def _shortened(word: str) -> list[str]:
    if len(word) < _LEAST_LETTERS:
        return []
    return list(dict.fromkeys(word[:i] + word[i + 1 :] for i in range(len(word))))
