"""The texts of scripts in other languages: a small file for each, loaded before them.

Pages in English load none. Widgets ask for theirs once they know their language.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kwip.text.translation import DEFAULT, LANGUAGES, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
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
        found = _texts(catalogue, source, _in_order)
        texts = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        script = f"globalThis.kwipTexts={{texts:{texts},plural:{plural}}};"
        yield f"texts.{code}.js", script


def of_widgets(code: str, source: str) -> Mapping[str, object]:
    """Return the texts of the scripts of widgets in a language.

    A text with a number has a form for each category of `Intl.PluralRules`.
    """
    if code == DEFAULT:
        return {}
    from babel import Locale  # noqa: PLC0415 -- seldom needed

    category = Locale(code).plural_form

    def by_category(every: Mapping[int, str]) -> dict[str, str]:
        # Backwards, for the least number of a category.
        return {category(number): every[number] for number in reversed(_NUMBERS)}

    return _texts(read(code), source, lambda _, every: by_category(every))


def _texts(
    catalogue: NullTranslations,
    source: str,
    forms_of: Callable[[NullTranslations, Mapping[int, str]], object],
) -> dict[str, object]:
    """Return what a language has of the texts of a script, by what they are in it."""
    texts: dict[str, object] = {}
    for is_plural, one, many in _CALL.findall(source):
        text = json.loads(one)
        if is_plural:
            plural = json.loads(many)
            every = {n: catalogue.ngettext(text, plural, n) for n in _NUMBERS}
            if not set(every.values()) <= {text, plural}:
                texts[text] = forms_of(catalogue, every)
        elif (translated := catalogue.gettext(text)) != text:
            texts[text] = translated
    return texts


def _in_order(catalogue: NullTranslations, every: Mapping[int, str]) -> list[str]:
    """Return the forms of a text with a number, in the order of the rule."""
    rule = getattr(catalogue, "plural", lambda n: int(n != 1))
    forms = {rule(number): text for number, text in every.items()}
    return [forms[index] for index in sorted(forms)]


def _plural(info: Mapping[str, str]) -> str:
    """Return the function that chooses a form by a number."""
    found = _RULE.search(info.get("plural-forms", ""))
    return f"(n)=>Number({found[1].strip() if found else 'n != 1'})"
