"""The forms of the page on which people add their blogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.schemas.body import StrictSchema, line
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROBLEMS: Mapping[str, str] = {
    "refused": lazy_gettext("This address can't be read."),
    "twice": lazy_gettext("You've already added this feed."),
    "gone": lazy_gettext("The feed was removed."),
    "no_feed": lazy_gettext("There is no feed at this address."),
    "type": lazy_gettext("There is no feed at this address."),
    "unreadable": lazy_gettext("The feed can't be read."),
    "too_large": lazy_gettext("The feed is too large."),
    "status": lazy_gettext("The server answered with an error."),
    "certificate": lazy_gettext("The certificate of the server isn't valid."),
    "redirects": lazy_gettext("There are too many redirects."),
    "timeout": lazy_gettext("The server didn't answer in time."),
}
_UNKNOWN = lazy_gettext("The server can't be reached.")


def problem_of(outcome: str) -> str:
    """Return why a feed could not be read; empty if it could."""
    return _PROBLEMS.get(outcome, _UNKNOWN) if outcome else ""


class BlogForm(StrictSchema[str]):
    """The address of a blog, or of its feed."""

    url = line()

    def make(self, *, url: str) -> str:
        """Return it."""
        return url
