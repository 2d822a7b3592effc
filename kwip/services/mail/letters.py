"""What each kind of mail says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.mails import Letter, MailKind
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.mails import Mail


class Site:
    """The addresses of pages that mails link to."""

    def __init__(self, origin: str, host: str):
        self._origin = origin
        self.host = host

    def page(self, path: str) -> str:
        """Return the address of a page."""
        return f"{self._origin}{path}"


def letter_of(mail: Mail, username: str, link: str, site: Site) -> Letter:
    """Write a mail to the user with a username; `link` is signed for it."""
    return _LETTERS[mail.kind](mail, username, link, site)


def _password_reset(_: Mail, username: str, link: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Reset your password"),
        paragraphs=(
            gettext(
                "Somebody asked to reset the password of @%(name)s on %(site)s.",
                name=username,
                site=site.host,
            ),
            gettext(
                "Use this link to choose a new one. It works once, within 30 minutes."
            ),
        ),
        action=(
            gettext("Choose a new password"),
            site.page(f"/password/reset?link={link}"),
        ),
        after=(
            gettext(
                "If it wasn't you, ignore this email. Your password stays the same."
            ),
        ),
        reason=_account(site),
    )


def _password_changed(mail: Mail, username: str, _: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your password was changed"),
        paragraphs=(
            gettext(
                "The password of @%(name)s on %(site)s was changed on %(when)s.",
                name=username,
                site=site.host,
                when=_when(mail),
            ),
            gettext("All other devices were logged out."),
        ),
        after=(gettext("If it wasn't you, somebody may have access to your account."),),
        action=(gettext("Reset your password"), site.page("/password/forgot")),
        reason=_account(site),
    )


def _test(_: Mail, __: str, ___: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Kwip can send mail"),
        paragraphs=(
            gettext("This is a test from %(site)s. It arrived.", site=site.host),
        ),
        reason=gettext("An administrator of %(site)s sent it.", site=site.host),
    )


def _account(site: Site) -> str:
    return gettext(
        "You get this email because it is about your account on %(site)s.",
        site=site.host,
    )


def _when(mail: Mail) -> str:
    at = mail.created_at
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


_LETTERS: Mapping[MailKind, Callable[[Mail, str, str, Site], Letter]] = {
    MailKind.PASSWORD_RESET: _password_reset,
    MailKind.PASSWORD_CHANGED: _password_changed,
    MailKind.TEST: _test,
}
