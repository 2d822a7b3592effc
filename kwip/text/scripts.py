"""The classes of characters that all patterns here are made of."""

from __future__ import annotations

#: What words are made of: letters, marks, digits, underscore.
WORD = r"\p{L}\p{M}\p{N}_"
#: Scripts whose words stand side by side without a space, or (Korean) with endings
#: directly after a foreign word: where one begins and ends cannot be seen.
_UNSPACED = "".join(
    rf"\p{{scx={script}}}"
    for script in (
        *("Han", "Hira", "Kana", "Bopo", "Yiii", "Hang"),
        *("Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Java", "Bali", "Lana", "Talu"),
    )
)
UNSPACED = rf"[[{WORD}]&&[{_UNSPACED}]]"
#: Directly before or after something, it makes that a part of a word.
SPACED = rf"[[{WORD}]--[{_UNSPACED}]]"
