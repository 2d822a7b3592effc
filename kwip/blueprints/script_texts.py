"""The texts of scripts in other languages: a small file for each, loaded before them.

Pages in English load none. Widgets have no texts but English ones: others would make
them larger than a page should have to load.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kwip.text.translation import DEFAULT, LANGUAGES, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from gettext import NullTranslations

#: A text of a script, and its plural if it has one.
_TEXT = r'("(?:[^"\\]|\\.)*")'
_CALL = re.compile(rf"\b(n?)gettext\(\s*{_TEXT}(?:,\s*{_TEXT})?")
#: What a rule for plurals is made of; JavaScript reads it as C does.
_RULE = re.compile(r"plural=([n0-9 ()%=!<>&|?:]+);?\s*$")
#: Numbers with which every form of a plural is met.
_NUMBERS = range(200)


def files(source: str) -> Iterator[tuple[str, str]]:
    """Yield names and contents, for the source of all scripts of pages."""
    for code in LANGUAGES:
        if code == DEFAULT:
            continue
        catalogue = read(code)  # not kept: most processes never write it
        plural = _plural(catalogue.info())
        texts = _table(catalogue, source)
        script = f"globalThis.kwipTexts={{texts:{texts},plural:{plural}}};"
        yield f"texts.{code}.js", script


def _table(catalogue: NullTranslations, source: str) -> str:
    texts: dict[str, str | list[str]] = {}
    for is_plural, one, many in _CALL.findall(source):
        text = json.loads(one)
        if is_plural:
            forms = _forms(catalogue, text, json.loads(many))
            if not set(forms) <= {text, json.loads(many)}:
                texts[text] = forms
        elif (translated := catalogue.gettext(text)) != text:
            texts[text] = translated
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def _forms(catalogue: NullTranslations, one: str, many: str) -> list[str]:
    """Return the forms of a text with a number, in the order of the rule."""
    rule = getattr(catalogue, "plural", lambda n: int(n != 1))
    forms: dict[int, str] = {}
    for number in _NUMBERS:
        forms.setdefault(rule(number), catalogue.ngettext(one, many, number))
    return [forms[index] for index in sorted(forms)]


def _plural(info: Mapping[str, str]) -> str:
    """Return the function that chooses a form by a number."""
    found = _RULE.search(info.get("plural-forms", ""))
    return f"(n)=>Number({found[1].strip() if found else 'n != 1'})"
