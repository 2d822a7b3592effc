from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from kwip.domain.posts import Post, Visibility
from kwip.domain.text import Link, Mention, find_links
from kwip.schemas.html import bio_html, post_html
from kwip.schemas.urls import Urls

URLS = Urls("https://kwip.example")


def post(text, links=None, mentions=()):
    return Post(
        id=1,
        author_id=2,
        text=text,
        visibility=Visibility.PUBLIC,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        links=find_links(text) if links is None else links,
        mentions=mentions,
        root_id=1,
    )


def html(text, **parts):
    return post_html(post(text, **parts), URLS)


def test_markup_in_a_text_is_shown_and_not_run():
    assert html('<script>alert("1")</script> & <b>') == (
        '<p>&lt;script&gt;alert("1")&lt;/script&gt; &amp; &lt;b&gt;</p>'
    )


def test_blank_lines_make_paragraphs_and_others_breaks():
    assert html("one\ntwo\n\n\nthree") == "<p>one<br>two</p><p>three</p>"


def test_a_link_says_that_we_do_not_vouch_for_it():
    assert html("see https://www.example.org/a?b=1&c=2.") == (
        '<p>see <a href="https://www.example.org/a?b=1&amp;c=2" '
        'rel="nofollow noopener ugc">example.org/a?b=1&amp;c=2</a>.</p>'
    )


def test_a_long_link_is_shortened_for_the_eye_only():
    url = "https://example.org/" + "x" * 100

    made = html(url)

    assert f'href="{url}"' in made
    assert "x" * 60 not in made.split(">", 2)[2]


def test_a_mention_leads_to_the_user_of_that_name():
    made = html("hi @Bob!", mentions=(Mention(3, 7, 5, "bob"),))

    assert made == (
        '<p>hi <a href="https://kwip.example/@bob" class="u-url mention" '
        'rel="nofollow noopener ugc">@Bob</a>!</p>'
    )


def test_offsets_count_code_points():
    made = html("🦊🦊 @bob", mentions=(Mention(3, 7, 5, "bob"),))

    assert made.startswith("<p>🦊🦊 <a ")


def test_impossible_entities_are_just_text():
    links = (
        Link(0, 3, "https://a.example"),
        Link(1, 2, "https://b.example"),
        Link(2, 99, "https://c.example"),
        Link(5, 5, "https://d.example"),
    )

    made = html("abcdef", links=links)

    assert made.count("<a ") == 1
    assert made.endswith("def</p>")


def test_a_link_of_another_scheme_loses_its_address():
    made = html("click", links=(Link(0, 5, "javascript:alert(1)"),))

    assert "javascript" not in made


def test_an_address_cannot_leave_its_attribute():
    made = html("click", links=(Link(0, 5, 'https://a.example/"onclick="x'),))

    assert 'onclick="' not in made


def test_a_bio_has_its_links():
    assert '<a href="https://a.example"' in bio_html("me: https://a.example", URLS)
    assert bio_html("", URLS) == ""


@given(st.text(alphabet=st.sampled_from("<>&\"'/ahttps:.\n @[]()"), max_size=80))
def test_no_text_makes_anything_but_paragraphs_breaks_and_links(text):
    made = html(text)

    for piece in made.split("<")[1:]:
        assert piece.startswith(("p>", "/p>", "br>", "a href=", "/a>"))
