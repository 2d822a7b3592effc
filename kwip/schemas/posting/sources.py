"""Where posts came from, in words: the web, an app, an import, a feed."""

from __future__ import annotations

from kwip.text.translation import lazy_gettext

#: The sources of our own; others are names that were given, and shown as they are.
_LABELS = {
    "web": lazy_gettext("Web"),
    "api": lazy_gettext("API"),
    "import": lazy_gettext("Imported"),
    "feed": lazy_gettext("Feed"),
}


def source_label(source: str) -> str:
    """Return the words for a source."""
    return str(_LABELS.get(source, source))
