"""Character classes that all patterns here are built from."""

from __future__ import annotations

#: Word characters: letters, marks, digits, underscore.
WORD = r"\p{L}\p{M}\p{N}_"
#: Scripts without spaces between words, or (Korean) with endings directly after a
#: foreign word: word boundaries are not visible.
_UNSPACED = "".join(
    rf"\p{{scx={script}}}"
    for script in (
        *("Han", "Hira", "Kana", "Bopo", "Yiii", "Hang"),
        *("Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Java", "Bali", "Lana", "Talu"),
    )
)
UNSPACED = rf"[[{WORD}]&&[{_UNSPACED}]]"
#: Directly before or after something, this makes it part of a word.
SPACED = rf"[[{WORD}]--[{_UNSPACED}]]"
