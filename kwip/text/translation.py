"""The texts of the pages in the reader's language; so far only English.

Templates, schemas and blueprints mark their texts with these functions, so that Babel
can extract them. A second language is a catalogue, chosen in `_catalogue`.
"""

from __future__ import annotations

import gettext as catalogues

from markupsafe import Markup

#: The value of `<html lang>`.
LANGUAGE = "en"
_ENGLISH = catalogues.NullTranslations()


def _catalogue() -> catalogues.NullTranslations:
    """Return the texts of the reader's language."""
    return _ENGLISH


def gettext(message: str, **values: object) -> str:
    """Translate a text, then fill in its `%(name)s`; a percent sign is `%%`."""
    text = _catalogue().gettext(message)
    return text % values if "%" in text else text


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Translate a text with a number; `%(num)s` is the number."""
    text = _catalogue().ngettext(one, many, num)
    return text % ({"num": num} | values)


def gettext_markup(message: str, **values: object) -> Markup:
    """Translate a text for a template: it may have tags, and its values are escaped."""
    # Jinja's own wrapper takes three times as long, and a page has over 200 texts.
    text = Markup(_catalogue().gettext(message))  # noqa: S704 -- a text of ours
    return text % values if "%" in text else text


def ngettext_markup(one: str, many: str, num: int, **values: object) -> Markup:
    """Translate a text with a number for a template."""
    text = Markup(_catalogue().ngettext(one, many, num))  # noqa: S704 -- of ours
    return text % ({"num": num} | values)


class _Later(str):
    """A text that is translated each time it is shown or formatted."""

    __slots__ = ()

    def __str__(self) -> str:
        return gettext(str.__str__(self))

    def format(self, *args: object, **values: object) -> str:
        """Translate the text, then fill in its `{name}`."""
        return str(self).format(*args, **values)


def lazy_gettext(message: str) -> str:
    """Mark a text that is defined at import, before there is a reader."""
    return _Later(message)
