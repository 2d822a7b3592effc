from __future__ import annotations

import pytest

from kwip.domain.accounts.users import MAX_EMBED_ORIGINS
from kwip.text.origins import clean_origins

MEANT = "enter an address that begins with https:// and has no path"


def test_origins_are_read_one_a_line_each_once():
    wrong = {}
    text = """
      https://Blog.Example/
    HTTPS://b\u00fccher.example:8443

    https://blog.example:443
    https://127.0.0.1"""

    assert clean_origins("sites", text, wrong) == (
        "https://blog.example",
        "https://xn--bcher-kva.example:8443",
        "https://127.0.0.1",
    )
    assert clean_origins("sites", " \n ", wrong) == ()
    assert wrong == {}


@pytest.mark.parametrize(
    "line",
    [
        *("example.org", "http://example.org", "https://", "https:///x", "*", "'self'"),
        *("https://*.example.org", "https://example.org/blog", "https://a.example?q"),
        *("https://me@example.org", "https://example.org:99999", "https://[::1]"),
        *("https://a.example; script-src *", "https://a.example https://b.example"),
        *("https://a_b.example", "https://a.example, b", "https://a..example", "\x00"),
    ],
)
def test_what_is_no_origin_is_named_with_its_line(line):
    wrong = {}

    assert clean_origins("sites", f"https://a.example\n\n{line}", wrong) == ()

    assert wrong["sites"].startswith(f"Line 3: {MEANT}")
    assert line in wrong["sites"]


def test_too_many_origins_are_refused():
    wrong = {}
    lines = [f"https://{n}.example" for n in range(MAX_EMBED_ORIGINS + 1)]

    assert len(clean_origins("sites", "\n".join(lines[1:]), wrong)) == 20
    assert wrong == {}
    clean_origins("sites", "\n".join(lines), wrong)
    assert wrong == {"sites": "Enter up to 20 sites. These are 21."}
