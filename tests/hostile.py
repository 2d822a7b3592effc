"""Texts that break parsers, put together at random."""

from __future__ import annotations

import gzip

from hypothesis import strategies as st

#: Whole things, so that they meet each other more often than single letters would.
PIECES = (
    *("http://", "HTTPS://", "https://a.example/x", "https://", "://", "www.", "//"),
    *("example.org/", "www.example.org", "a@example.org", "file.py", "127.1", ":80"),
    *("a.example", "xn--", "münchen.de", "例え.テスト", "пример.рф", "аpple.com"),
    *("@", "@@", "@alice", "@bob@kwip.example", "@x@other.example", "＠", "@" * 70),
    *("#", "##", "#tag", "#１", "#٣", "＃タグ", "#İß", "#ﷺ", "#\u0345", "#" * 70),
    *("/", "?", "#", ":", "[", "]", "(", ")", "{", "}", "\\", "'", "&", "&amp;", "%"),
    *("<", ">", '"', "`", ".", ",", "…", "*", "_", "~", "-", "«", "»", "“", "”", "—"),
    *("。", "、", "（", "）", "「", "」", "·", "・", "。com", "．"),
    *("é", "e", "\u0301", "\u0301" * 30, "的", "カ", "ー", "님", "ไทย", "مي", "क्", "ﬁ"),
    *("\0", "\x1f", "\x7f", "\x85", "\r", "\n", "\n\n", "\t", " ", "\u2028", "\u3000"),
    *("\u200b", "\u200c", "\u200d", "\u00ad", "\ufeff", "\ufe0f", "\U000e0100"),
    *("\u202a", "\u202e", "\u202c", "\u2066", "\u2067", "\u2069", "\u200e", "\u061c"),
    *("😀", "👩\u200d👩\u200d👧", "🇩🇪", "🇩", "1\ufe0f\u20e3", "\u3164", "\U000f0000"),
    *("<script>", "<a href=x>", 'onload="x', "javascript:alert(1)", "data:text/html,x"),
)
_BROKEN = ("\ud800", "\udfff", "\ud83d\ude00")

#: Valid Unicode, as it is parsed and shown.
HOSTILE = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.sampled_from(PIECES) | st.characters(), max_size=30).map("".join),
    st.text(max_size=60),
)
#: Whatever a body may hold, half surrogate pairs too.
ANYTHING = st.one_of(
    HOSTILE,
    st.lists(st.sampled_from(PIECES + _BROKEN), max_size=30).map("".join),
)


_JSON = {"Content-Type": "application/json"}
#: Bodies, with their headers, that are to cost a server memory or time: huge, deep,
#: compressed a thousandfold, half a surrogate, no number, NUL, and 5,000 digits.
HARMFUL = (
    (_JSON, b'{"status": "' + b"x" * 2**20 + b'"}'),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"status=" + b"x" * 2**24),
    ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n" * 2**20),
    (_JSON, b'{"status": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    (_JSON, b'{"status":' * 20_000),
    (
        {**_JSON, "Content-Encoding": "gzip"},
        gzip.compress(b'{"status": "' + b"x" * 2**26 + b'"}', 6),
    ),
    (_JSON, b'{"status": "\xed\xa0\x80"}'),
    (_JSON, b'{"status": "\\ud800"}'),
    (_JSON, b'{"status": NaN}'),
    (_JSON, b'{"status": "\\u0000"}'),
    (_JSON, b'{"status": "\0"}'),
    (_JSON, b'{"status": ' + b"9" * 5_000 + b"}"),
    (_JSON, b'{"visibility": ' + b"9" * 5_000 + b"}"),
)
