"""German and Hindi have every text, with the same values and all forms of plurals."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from babel.messages.extract import extract
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from config.settings import PROJECT
from kwip.text.translation import DEFAULT, LANGUAGES

#: Languages in which nothing may be missing.
COMPLETE = ("de", "hi")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "lazy_gettext")),
    **dict.fromkeys(("ngettext", "lazy_ngettext"), (1, 2)),
}
MARK = re.compile(rb"gettext\(|_\(|\btrans\b")
#: What a translation must keep: values, tags, and what marks emphasis or an example.
KEPT = re.compile(r"%\(\w+\)s|%%|\{\w+\}|</?\w[^>]*>")
PLURAL_VALUES = {"%(num)s", "%(count)s"}


def catalogue(code):
    path = PROJECT / "kwip/translations" / code / "LC_MESSAGES/kwip.po"
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def sources():
    """Return every text that is marked, and the plural of each that has one."""
    with (PROJECT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = set()
    for pattern, method in methods:
        for path in PROJECT.glob(pattern.replace("**", "**/*")):
            content = path.read_bytes()
            if MARK.search(content):
                texts = extract(
                    method, BytesIO(content), KEYWORDS, (), options[pattern]
                )
                found.update(text for _, text, _, _ in texts)
    # A catalogue has a text once, also if it is somewhere used without its plural.
    return found - {text[0] for text in found if isinstance(text, tuple)}


def problems(message, forms):
    """Yield what is wrong with the translation of a text."""
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    written = message.string if isinstance(message.string, tuple) else (message.string,)
    if message.fuzzy:
        yield "is fuzzy"
    if not all(written):
        yield "is not translated"
        return
    if len(ids) > 1 and len(written) != forms:
        yield f"has {len(written)} of {forms} forms"
    kept = sorted(KEPT.findall(ids[-1]))
    for each in written:
        found = sorted(KEPT.findall(each))
        lacks = set(kept) - set(found)
        if found != kept and not (len(ids) > 1 and lacks and lacks <= PLURAL_VALUES):
            yield f"has {found} for {kept}"


@pytest.mark.parametrize("code", COMPLETE)
def test_every_text_is_translated(code):
    found = catalogue(code)
    wrong = [
        f"{message.id!r} {problem}"
        for message in found
        if message.id
        for problem in problems(message, found.num_plurals)
    ]

    assert wrong == []


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != DEFAULT])
def test_a_catalogue_has_the_texts_of_the_sources(code, sources):
    known = {message.id for message in catalogue(code) if message.id}

    # `make texts` makes them alike.
    assert sorted(map(str, sources ^ known)) == []


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != DEFAULT])
def test_what_is_translated_keeps_its_values(code):
    found = catalogue(code)
    written = [
        message
        for message in found
        if message.id
        and any(
            message.string if isinstance(message.string, tuple) else [message.string]
        )
    ]

    assert [p for m in written for p in problems(m, found.num_plurals)] == []


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ('msgid "Reply"\nmsgstr ""', ["is not translated"]),
        ('#, fuzzy\nmsgid "Reply"\nmsgstr "Antwort"', ["is fuzzy"]),
        (
            'msgid "Reply to %(name)s"\nmsgstr "%(nane)s antworten"',
            ["has ['%(nane)s'] for ['%(name)s']"],
        ),
        (
            (
                'msgid "%(num)s reply"\nmsgid_plural "%(num)s replies"\n'
                'msgstr[0] "Eine Antwort"\nmsgstr[1] ""'
            ),
            ["is not translated"],
        ),
        (
            (
                'msgid "%(num)s reply"\nmsgid_plural "%(num)s replies"\n'
                'msgstr[0] "Eine Antwort"\nmsgstr[1] "%(num)s Antworten"'
            ),
            [],
        ),
    ],
)
def test_a_wrong_translation_is_found(entry, wrong):
    header = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    found = read_po(BytesIO((header + entry).encode()), "de")
    (message,) = (each for each in found if each.id)

    assert list(problems(message, found.num_plurals)) == wrong
