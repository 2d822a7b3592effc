"""What each kind of mail says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from kwip.domain.mail.mails import Letter, MailKind
from kwip.services.mail.two_factor_texts import two_factor_texts
from kwip.text import dates
from kwip.text.agents import browser_in_words
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.mail.mails import Mail
    from kwip.services.mail.site import Site


def letter_of(mail: Mail, username: str, link: str, site: Site) -> Letter:
    """Write a mail to the user with a username; `link` is signed for it."""
    return _LETTERS[mail.kind](mail, username, link, site)


def _password_reset(_: Mail, username: str, link: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Reset your password"),
        paragraphs=(
            gettext(
                "Someone asked to reset the password of @%(name)s on %(site)s.",
                name=username,
                site=site.name,
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
        reason=site.reason,
    )


def _password_changed(mail: Mail, username: str, _: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your password was changed"),
        paragraphs=(
            gettext(
                "The password of @%(name)s on %(site)s was changed on %(when)s.",
                name=username,
                site=site.name,
                when=_when(mail),
            ),
            gettext("All other devices were logged out."),
        ),
        after=(gettext("If it wasn't you, someone may have access to your account."),),
        action=(gettext("Reset your password"), site.page("/password/forgot")),
        reason=site.reason,
    )


def _confirm_email(mail: Mail, username: str, link: str, site: Site) -> Letter:
    address = site.page(f"/email/confirm?link={link}")
    if mail.details:
        opening = gettext(
            "Someone asked to use this address for @%(name)s on %(site)s.",
            name=username,
            site=site.name,
        )
    else:
        opening = gettext(
            "Confirm that this is the address of @%(name)s on %(site)s.",
            name=username,
            site=site.name,
        )
    return Letter(
        subject=gettext("Confirm your email address"),
        paragraphs=(opening, gettext("The link works for 48 hours.")),
        action=(gettext("Confirm address"), address),
        after=(gettext("If it wasn't you, ignore this email. Nothing changes then."),),
        reason=site.reason,
    )


def _email_changed(mail: Mail, username: str, link: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your email address was changed"),
        paragraphs=(
            gettext(
                "The email address of @%(name)s on %(site)s was changed to "
                "%(address)s on %(when)s. We won't send any more email about the "
                "account to this address.",
                name=username,
                site=site.name,
                when=_when(mail),
                address=mail.details["new"],
            ),
            gettext(
                "If it wasn't you, take your account back within 7 days. This logs "
                "out all devices and apps, and removes authenticator apps and "
                "passkeys that were added since the day before the change. Then you "
                "choose a new password."
            ),
        ),
        action=(
            gettext("Use the old address again"),
            site.page(f"/email/undo?link={link}"),
        ),
        reason=site.reason,
    )


def _new_login(mail: Mail, username: str, _: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("New login to your account"),
        paragraphs=(
            gettext(
                "Someone logged in as @%(name)s on %(site)s with a browser that we "
                "haven't seen before.",
                name=username,
                site=site.name,
            ),
            gettext("When: %(when)s", when=_when(mail)),
            gettext(
                "Browser: %(agent)s", agent=browser_in_words(mail.details["agent"])
            ),
            gettext("Network address: %(address)s", address=mail.details["address"]),
        ),
        action=(gettext("See your sessions"), site.page("/settings/sessions")),
        after=(
            gettext(
                "If it was you, you don't need to do anything. If not, change your "
                "password, which logs out all other devices."
            ),
        ),
        reason=site.reason,
    )


def _export_ready(_: Mail, username: str, __: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your archive is ready"),
        paragraphs=(
            gettext(
                "The archive that you asked for has everything of @%(name)s on "
                "%(site)s. You can download it for 7 days while you're logged in.",
                name=username,
                site=site.name,
            ),
        ),
        action=(gettext("Download archive"), site.page("/settings/data")),
        after=(gettext("If it wasn't you, change your password."),),
        reason=site.reason,
    )


def _two_factor(mail: Mail, username: str, _: str, site: Site) -> Letter:
    subject, sentence = two_factor_texts(mail.details)
    return Letter(
        subject=subject,
        paragraphs=(
            gettext(
                "This is about @%(name)s on %(site)s: %(sentence)s",
                name=username,
                site=site.name,
                sentence=sentence,
            ),
            gettext("When: %(when)s", when=_when(mail)),
        ),
        after=(
            gettext(
                "If it wasn't you, someone may have access to your account. Change "
                "your password, and check how you log in."
            ),
        ),
        action=(
            gettext("See how you log in"),
            site.page("/settings/two-factor"),
        ),
        reason=site.reason,
    )


def _account_approved(_: Mail, username: str, __: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your account was approved"),
        paragraphs=(
            gettext(
                "Welcome! Your account @%(name)s on %(site)s was approved. "
                "You can log in now.",
                name=username,
                site=site.name,
            ),
        ),
        action=(gettext("Log in"), site.page("/login")),
        reason=site.reason,
    )


def _account_closed(mail: Mail, username: str, _: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your account will be deleted"),
        paragraphs=(
            gettext(
                "You asked to delete the account @%(name)s on %(site)s. It is hidden "
                "now, and will be deleted on %(when)s.",
                name=username,
                site=site.name,
                when=_deleted_at(mail),
            ),
            gettext("If you change your mind, log in before then. Nothing is lost."),
        ),
        action=(gettext("Log in and keep my account"), site.page("/login")),
        after=(gettext("If it wasn't you, log in and change your password."),),
        reason=site.reason,
    )


def _account_rejected(mail: Mail, username: str, _: str, site: Site) -> Letter:
    answer = mail.details.get("answer", "")
    return Letter(
        subject=gettext("Your sign-up was declined"),
        paragraphs=(
            gettext(
                "You asked to join %(site)s as @%(name)s. The people who run it have "
                "declined. We have deleted what you entered.",
                name=username,
                site=site.name,
            ),
            *((gettext("They wrote: %(answer)s", answer=answer),) if answer else ()),
        ),
        reason=_typed(site),
    )


def _waiting_list(_: Mail, __: str, link: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Confirm your place on the waiting list"),
        paragraphs=(
            gettext(
                "Someone entered this address for the waiting list of %(site)s.",
                site=site.name,
            ),
            gettext("The link works for 48 hours."),
        ),
        action=(
            gettext("Join the waiting list"),
            site.page(f"/waiting-list?link={link}"),
        ),
        after=(
            gettext("If it wasn't you, ignore this email. We'll delete the address."),
        ),
        reason=_typed(site),
    )


def _invitation(mail: Mail, _: str, __: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("You're invited to join"),
        paragraphs=(
            gettext(
                "You're on the waiting list of %(site)s, and now there is a place "
                "for you.",
                site=site.name,
            ),
            gettext("The invitation works once, within 14 days."),
        ),
        action=(gettext("Sign up"), site.page(f"/invite/{mail.details['code']}")),
        reason=gettext(
            "You get this email because you joined the waiting list. "
            "We have deleted your address from it."
        ),
    )


def _guest_reply(mail: Mail, _: str, link: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Confirm your reply"),
        paragraphs=(
            gettext(
                "Someone entered this address to reply to @%(name)s on %(site)s.",
                name=mail.details["author"],
                site=site.name,
            ),
            gettext("The link works for 48 hours."),
        ),
        action=(
            gettext("Read and send the reply"),
            site.page(f"/guest-reply?link={link}"),
        ),
        after=(
            gettext("If it wasn't you, ignore this email. We'll delete the address."),
        ),
        reason=_typed(site),
    )


def _closure_reminder(mail: Mail, username: str, _: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Your account will be deleted in 3 days"),
        paragraphs=(
            gettext(
                "The account @%(name)s on %(site)s will be deleted on %(when)s, as "
                "you asked. After that nobody can bring it back.",
                name=username,
                site=site.name,
                when=_deleted_at(mail),
            ),
            gettext("To keep it, log in before then."),
        ),
        action=(gettext("Log in and keep my account"), site.page("/login")),
        reason=site.reason,
    )


def _deleted_at(mail: Mail) -> str:
    return dates.time(dt.datetime.fromisoformat(mail.details["delete_at"]))


def _test(_: Mail, __: str, ___: str, site: Site) -> Letter:
    return Letter(
        subject=gettext("Kwip can send mail"),
        paragraphs=(
            gettext("This is a test from %(site)s. It arrived.", site=site.name),
        ),
        reason=gettext("An administrator of %(site)s sent it.", site=site.name),
    )


def _typed(site: Site) -> str:
    return gettext(
        "You get this email because someone entered this address on %(site)s.",
        site=site.name,
    )


def _when(mail: Mail) -> str:
    return dates.time(mail.created_at)


_LETTERS: Mapping[MailKind, Callable[[Mail, str, str, Site], Letter]] = {
    MailKind.PASSWORD_RESET: _password_reset,
    MailKind.PASSWORD_CHANGED: _password_changed,
    MailKind.CONFIRM_EMAIL: _confirm_email,
    MailKind.EMAIL_CHANGED: _email_changed,
    MailKind.NEW_LOGIN: _new_login,
    MailKind.EXPORT_READY: _export_ready,
    MailKind.TWO_FACTOR: _two_factor,
    MailKind.ACCOUNT_APPROVED: _account_approved,
    MailKind.ACCOUNT_REJECTED: _account_rejected,
    MailKind.WAITING_LIST: _waiting_list,
    MailKind.INVITATION: _invitation,
    MailKind.GUEST_REPLY: _guest_reply,
    MailKind.ACCOUNT_CLOSED: _account_closed,
    MailKind.CLOSURE_REMINDER: _closure_reminder,
    MailKind.TEST: _test,
}
