"""Texts are looked up when they are shown, and what people wrote is escaped in them."""

from __future__ import annotations

from copy import deepcopy
from gettext import NullTranslations

import pytest
from markupsafe import Markup

from kwip.domain.messages import CATALOGUE, Message
from kwip.text.translation import (
    gettext,
    gettext_markup,
    lazy_gettext,
    lazy_ngettext,
    negotiated,
    ngettext,
    ngettext_markup,
)

GERMAN = {
    "Reply to @%(name)s": "@%(name)s antworten",
    "At most {max}.": "Höchstens {max}.",
    "Wait %(when)s.": "Warte %(when)s.",
    "%(num)s reply": "%(num)s Antwort",
    "%(num)s replies": "%(num)s Antworten",
}


class German(NullTranslations):
    def gettext(self, message):
        return GERMAN[message]

    def ngettext(self, msgid1, msgid2, n):
        return GERMAN[msgid1 if n == 1 else msgid2]


@pytest.fixture
def in_german():
    token = CATALOGUE.set(German())
    yield
    CATALOGUE.reset(token)


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


def test_a_message_is_english_until_it_is_shown(request):
    replies = lazy_ngettext("%(num)s reply", "%(num)s replies", 2)
    says = lazy_gettext("Wait %(when)s.", when=replies)
    sent = Message.of(deepcopy(replies).parts)
    request.getfixturevalue("in_german")

    assert says == "Wait 2 replies."
    assert str(says) == f"{says}" == "Warte 2 Antworten."
    assert Markup("%s") % says == "Warte 2 Antworten."
    assert str(sent) == "2 Antworten"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, fr;q=0.9, hi;q=0.8, en;q=0.7", "hi"),
        ("en;q=0.5, AR;q=0.6", "ar"),
        ("de;q=0, en;q=0.1", "en"),
        ("fr", "hi"),
        ("", "hi"),
        ("*", "hi"),
        ("de;q=x,\x00;;,", "hi"),
    ],
)
def test_the_language_is_the_first_that_a_browser_asks_for(accepted, language):
    assert negotiated(accepted, "hi") == language
