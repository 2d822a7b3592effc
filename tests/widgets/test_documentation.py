"""The examples in docs/widgets.md lead somewhere, and are what the page builds."""

from __future__ import annotations

import re

import pytest

from config.settings import PROJECT
from kwip.schemas.timelines.builder import BuilderQuery
from kwip.schemas.timelines.widget_codes import Subject, code_of
from kwip.schemas.urls import Urls

PAGE = (PROJECT / "docs/widgets.md").read_text("utf-8")
HOST = "https://kwip.example.org"
THREAD = "117670890910796604"
BLOCKS = re.findall(r"^```(?:html|sh)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OF = {
    "mira": Subject("mira", f"{HOST}/@mira", "Kwips by @mira"),
    "thread": Subject(
        THREAD, f"{HOST}/@mira/{THREAD}", "Read and write comments on Kwip"
    ),
}


@pytest.fixture
def mira(people):
    return people("mira")


def test_every_address_in_an_example_answers(client, mira, settings):
    kwip = mira.say("Two days of #rye.")["id"]
    text = "\n".join(BLOCKS).replace(THREAD, kwip)
    named = re.findall(rf'{HOST}(/[^"\s`]*)', text)
    named += [f"/embed/{each}" for each in re.findall(r'data-kwip="([^"]*)"', text)]

    answers = {}
    for path in named:
        asked = path.replace("&amp;", "&").replace(HOST, settings.origin)
        with client.get(asked) as answer:
            answers[path] = answer.status_code

    assert len(answers) > 10
    # A share link leads visitors to log in first.
    wrong = {p: status for p, status in answers.items() if status not in {200, 303}}
    assert wrong == {}


@pytest.mark.parametrize(
    ("of", "asked"),
    [
        ("mira", {"kind": "user"}),
        ("mira", {"kind": "user", "way": "frame", "limit": "5", "theme": "dark"}),
        ("mira", {"kind": "user", "way": "json", "limit": "5"}),
        ("mira", {"kind": "user", "way": "feed"}),
        ("mira", {"kind": "profile", "way": "badge", "size": "24"}),
        ("thread", {"kind": "thread"}),
    ],
)
def test_an_example_is_what_the_page_builds(of, asked):
    choice = BuilderQuery("").parse({"of": of, **asked})

    code = code_of(choice, OF[of], Urls(HOST)).text

    markup = code.rpartition("</script>\n\n")[2]
    assert any(markup in block for block in BLOCKS), markup
