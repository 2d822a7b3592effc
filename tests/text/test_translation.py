"""Texts are looked up when they are shown, and what people wrote is escaped in them."""

from __future__ import annotations

from gettext import NullTranslations

import pytest
from markupsafe import Markup

from kwip.text import translation
from kwip.text.translation import (
    gettext,
    gettext_markup,
    lazy_gettext,
    ngettext,
    ngettext_markup,
)

GERMAN = {
    "Reply to @%(name)s": "@%(name)s antworten",
    "At most {max}.": "Höchstens {max}.",
    "%(num)s reply": "%(num)s Antwort",
    "%(num)s replies": "%(num)s Antworten",
}


class German(NullTranslations):
    def gettext(self, message):
        return GERMAN[message]

    def ngettext(self, msgid1, msgid2, n):
        return GERMAN[msgid1 if n == 1 else msgid2]


@pytest.fixture
def in_german(monkeypatch):
    monkeypatch.setattr(translation, "_catalogue", German)


def test_english_texts_are_their_own_translation():
    assert gettext("Reply") == "Reply"
    assert gettext("Reply to @%(name)s", name="ada") == "Reply to @ada"
    assert gettext("100%% done") == "100% done"
    assert ngettext("%(num)s reply", "%(num)s replies", 1) == "1 reply"
    assert ngettext("%(num)s reply", "%(num)s replies", 0) == "0 replies"


def test_another_catalogue_changes_every_text(in_german):
    replies = ngettext("%(num)s reply", "%(num)s replies", 2)

    assert gettext("Reply to @%(name)s", name="ada") == "@ada antworten"
    assert replies == "2 Antworten"


def test_values_are_escaped_in_templates_and_tags_stay():
    said = gettext_markup("<b>%(name)s</b>, %(tag)s", name="<i>", tag=Markup("<br>"))
    counted = ngettext_markup("%(num)s by %(who)s", "", 1, who="<i>")

    assert said == "<b>&lt;i&gt;</b>, <br>"
    assert counted == "1 by &lt;i&gt;"


def test_a_text_that_is_marked_at_import_is_translated_when_shown(request):
    later = lazy_gettext("At most {max}.")
    request.getfixturevalue("in_german")

    assert str(later) == "Höchstens {max}."
    assert later.format(max=3) == "Höchstens 3."
