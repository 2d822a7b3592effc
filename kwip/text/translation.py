"""The texts of the pages in the reader's language.

Templates, schemas and blueprints mark their texts with these functions; what is below
them marks its own with `kwip.domain.messages`. Catalogues are compiled by `make setup`
from `kwip/translations`, and loaded when somebody first needs them.
"""

from __future__ import annotations

import gettext as catalogues
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import structlog
from markupsafe import Markup

from kwip.domain.messages import CATALOGUE, Message, lazy_gettext, lazy_ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "direction",
    "gettext",
    "gettext_markup",
    "in_language",
    "language",
    "lazy_gettext",
    "lazy_ngettext",
    "negotiated",
    "ngettext",
    "ngettext_markup",
    "read",
    "translated",
    "use",
]

log = structlog.get_logger()

#: The language in which the texts are written, and the one of whoever names none.
DEFAULT = "en"
_FOLDER = Path(__file__).parents[1] / "translations"
#: Longer headers are cut: nobody reads so many languages.
_HEADER_MAX = 200
_RANGE = re.compile(r"\s*([A-Za-z]{1,8})[A-Za-z0-9-]*\s*(?:;\s*q=([01](?:\.\d*)?)\s*)?")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that people can choose; `name` is its own word for itself."""

    name: str
    direction: str = "ltr"


#: By their codes. Texts that a language does not have are shown in English.
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "en": Language("English"),
        "de": Language("Deutsch"),
        "hi": Language("हिन्दी"),
        "ar": Language("العربية", "rtl"),
    }
)


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    """Load the texts of a language, once per process: about 1 MB."""
    found = catalogues.NullTranslations() if code == DEFAULT else read(code)
    found.code = code  # type: ignore[attr-defined] # read by `language`
    return found


def read(code: str) -> catalogues.NullTranslations:
    """Read the texts of a language; without its file, texts are in English."""
    try:
        # Not by `gettext.translation`, which would keep it.
        with (_FOLDER / code / "LC_MESSAGES" / "kwip.mo").open("rb") as file:
            return catalogues.GNUTranslations(file)
    except FileNotFoundError:
        log.warning("translation_missing", language=code)
        return catalogues.NullTranslations()


def use(code: str) -> None:
    """Write what follows in a language, in this thread."""
    CATALOGUE.set(_catalogue(code))


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Write a part in a language: the recipient's, in a mail."""
    token = CATALOGUE.set(_catalogue(code if code in LANGUAGES else DEFAULT))
    try:
        yield
    finally:
        CATALOGUE.reset(token)


def language() -> str:
    """Return the code of the reader's language."""
    code: str = getattr(CATALOGUE.get(), "code", DEFAULT)
    return code


def direction() -> str:
    """Return in which direction the reader's language is written: ltr or rtl."""
    return LANGUAGES[language()].direction


def negotiated(accepted: str, default: str) -> str:
    """Choose a language by the header `Accept-Language`.

    The one with the greatest weight that Kwip has, or the `default`.
    """
    found, best = default, 0.0
    for each in accepted[:_HEADER_MAX].split(","):
        match = _RANGE.fullmatch(each)
        if match is None:
            continue
        code, weight = match[1].lower(), float(match[2] or 1)
        if code in LANGUAGES and weight > best:
            found, best = code, weight
    return found


def gettext(message: str, **values: object) -> str:
    """Translate a text, then fill in its `%(name)s`; a percent sign is `%%`."""
    text = CATALOGUE.get().gettext(message)
    return text % values if "%" in text else text


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Translate a text with a number; `%(num)s` is the number."""
    text = CATALOGUE.get().ngettext(one, many, num)
    return text % ({"num": num} | values)


def translated(text: str) -> str:
    """Translate a text of ours that was stored in English; others stay as they are."""
    return str(text) if isinstance(text, Message) else CATALOGUE.get().gettext(text)


def gettext_markup(message: str, **values: object) -> Markup:
    """Translate a text for a template: it may have tags, and its values are escaped."""
    # Jinja's own wrapper takes three times as long, and a page has over 200 texts.
    text = Markup(CATALOGUE.get().gettext(message))  # noqa: S704 -- a text of ours
    return text % values if "%" in text else text


def ngettext_markup(one: str, many: str, num: int, **values: object) -> Markup:
    """Translate a text with a number for a template."""
    text = Markup(CATALOGUE.get().ngettext(one, many, num))  # noqa: S704 -- of ours
    return text % ({"num": num} | values)
