from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser

from hypothesis import assume, given, settings

from kwip.domain.errors import InvalidError
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.text import Hashtag, Link, Mention
from kwip.schemas.html import bio_html, post_html
from kwip.schemas.urls import Urls
from kwip.text.cleaning import clean_text
from kwip.text.links import shown_link
from kwip.text.parsing import parse
from tests.hostile import HOSTILE

URLS = Urls("https://kwip.example")


def post(text, links=None, mentions=(), hashtags=()):
    return Post(
        id=1,
        author_id=2,
        text=text,
        visibility=Visibility.PUBLIC,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        links=parse(text, host=URLS.host).links if links is None else links,
        mentions=mentions,
        hashtags=hashtags,
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


def test_a_bio_links_the_names_in_it():
    assert bio_html("Built by @Bob", URLS) == (
        '<p>Built by <a href="https://kwip.example/@bob" class="u-url mention" '
        'rel="nofollow noopener ugc">@Bob</a></p>'
    )


class Shown(HTMLParser):
    """What a browser makes of HTML: its paragraphs, and every tag with attributes."""

    def __init__(self, made):
        super().__init__()
        self.paragraphs, self.tags = [], []
        self.feed(made)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "p":
            self.paragraphs.append("")
        if tag == "br":
            self.paragraphs[-1] += "\n"

    def handle_data(self, data):
        self.paragraphs[-1] += data


def shown_of(text, links):
    """Give the paragraphs that a text is to be shown as."""
    parts, at = [], 0
    for link in links:
        parts += [
            text[at : link.start],
            shown_link(text[link.start : link.end], link.url),
        ]
        at = link.end
    return [p for p in re.split(r"\n{2,}", "".join([*parts, text[at:]])) if p]


@settings(max_examples=200)
@given(HOSTILE)
def test_hostile_text_is_shown_as_it_is_and_leads_only_to_where_it_says(text):
    try:
        text = clean_text(text, max_chars=500)
    except InvalidError:
        assume(False)  # noqa: FBT003 -- nobody can post it
    found = parse(text, host=URLS.host)
    named = tuple(Mention(n.start, n.end, 5, n.username) for n in found.names)
    hrefs = {link.url for link in found.links}
    ours = {URLS.user(n.username) for n in named} | {
        URLS.tag(h.name) for h in found.hashtags
    }

    whole = html(text, mentions=named, hashtags=found.hashtags)
    for made in (whole, bio_html(text, URLS)):
        shown = Shown(made)
        assert shown.paragraphs == shown_of(text, found.links)
        for tag, attributes in shown.tags:
            assert tag in {"p", "br", "a"}
            assert set(attributes) <= {"href", "class", "rel"}
            assert tag != "a" or attributes["rel"] == "nofollow noopener ugc"
            assert tag != "a" or attributes["href"] in hrefs | ours


def test_a_hashtag_leads_to_its_page():
    text = "#Straße & ＃雨"
    tags = (Hashtag(0, 7, "strasse"), Hashtag(10, 12, "雨"))

    assert html(text, hashtags=tags) == bio_html(text, URLS)
    assert bio_html(text, URLS) == (
        '<p><a href="https://kwip.example/tags/strasse" class="mention hashtag" '
        'rel="nofollow noopener ugc">#Straße</a> &amp; '
        '<a href="https://kwip.example/tags/%E9%9B%A8" class="mention hashtag" '
        'rel="nofollow noopener ugc">＃雨</a></p>'
    )


def test_a_host_that_looks_like_another_one_is_shown_as_it_is_asked_for():
    assert html("https://аpple.com/x") == (
        '<p><a href="https://xn--pple-43d.com/x" rel="nofollow noopener ugc">'
        "xn--pple-43d.com/x</a></p>"
    )
