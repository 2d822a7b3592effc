from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.text.cleaning import count_chars
from kwip.text.web_pages import PageFacts, cleaned, facts_of
from tests.hostile import ANYTHING

URL = "https://example.org/a/b"


def facts(page, charset=None):
    content = page if isinstance(page, bytes) else page.encode()
    return facts_of(content, charset=charset, url=URL)


def test_opengraph_comes_before_twitters_tags_and_these_before_html():
    page = """
        <title>HTML</title><meta name=description content="html text">
        <meta name="twitter:title" content="Twitter">
        <meta property="og:title" content="Open &amp; Graph">
        <META NAME=Author CONTENT=A>
        <meta name="twitter:description" content="twitter text">
        <meta property="og:image" content="../i.png">
        <meta property=og:image:alt content=I>
        <meta property="og:site_name" content="Site">
        <link type="application/json+oembed" href="//other.example/o?u=1&amp;v=2">
        <!-- <meta property="og:title" content="no"> -->
        <script>'<meta property="og:title" content="no">'</script>
    """

    assert facts(page) == PageFacts(
        title="Open & Graph",
        description="twitter text",
        author_name="A",
        provider_name="Site",
        image_url="https://example.org/i.png",
        image_description="I",
        oembed_url="https://other.example/o?u=1&v=2",
    )


def test_a_page_without_tags_has_its_title():
    assert facts("<title> A\nb </title><svg><title>no</title></svg>").title == " A\nb "
    assert facts("") == PageFacts()


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ("<title>é€</title>".encode(), None),
        ("<title>é€</title>".encode("cp1252"), "iso-8859-1"),
        ("<title>é€</title>".encode("cp1252"), "utf-7"),
        ("<meta charset='windows-1252'><title>é€</title>".encode("cp1252"), None),
        ("\ufeff<title>é€</title>".encode("utf-16"), "ascii"),
        ("<title>é€</title>".encode() + "é".encode()[:1], None),
        (b"<title>\xe9\x80</title>", "no-such-charset"),
    ],
    ids=["utf-8", "header", "unsafe name", "meta", "mark", "cut", "unknown"],
)
def test_the_encoding_is_found_as_browsers_find_it(content, charset):
    assert facts(content, charset).title == "é€"


def test_texts_are_one_line_without_marks_that_turn_it_around_and_not_too_long():
    assert cleaned(" a\0\n\u202eb\u2066\u200f  c ", max_chars=9) == "a b c"
    assert cleaned("\u202e \u200b", max_chars=9) == ""
    assert cleaned("x" * 10, max_chars=9) == "x" * 8 + "…"
    assert cleaned("👩\u200d👩\u200d👧" * 3, max_chars=2) == "👩\u200d👩\u200d👧…"
    assert cleaned("a" + "\u0301" * 200 + "b", max_chars=9) == "…"


@settings(max_examples=25)
@given(ANYTHING | st.just("\ud800"), st.integers(1, 50))
def test_whatever_a_site_says_can_be_stored(text, most):
    found = cleaned(text, max_chars=most)

    assert count_chars(found) <= most
    assert found.encode().decode() == found
    assert not set(found) & set("\n\r\0\u202a\u202e\u2066\u2069")
