"""What the mails about acts of moderators say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.mail.mails import Letter, MailKind
from kwip.domain.moderation.strikes import APPEAL_WITHIN, Act
from kwip.text.translation import gettext, lazy_gettext, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.mail.mails import Mail
    from kwip.services.mail.site import Site

_SUBJECTS = {
    Act.WARN: lazy_gettext("You got a warning from our moderators"),
    Act.SILENCE: lazy_gettext("Your account was limited"),
    Act.SUSPEND: lazy_gettext("Your account was suspended"),
}
_MEANINGS = {
    Act.WARN: lazy_gettext("This is a warning. You can use your account as before."),
    Act.SILENCE: lazy_gettext(
        "You can still log in and post, but your kwips are only shown to your "
        "followers."
    ),
    Act.SUSPEND: lazy_gettext(
        "You can't log in, and nobody can see your profile and your kwips."
    ),
}


def _strike(mail: Mail, username: str, link: str, site: Site) -> Letter:
    act, text = Act(mail.details["act"]), mail.details["text"]
    paragraphs = [
        gettext(
            "Moderators of %(site)s have made a decision about your account @%(name)s.",
            site=site.name,
            name=username,
        ),
        _meaning(act, int(mail.details["posts"])),
    ]
    if text:
        paragraphs.append(gettext("They say: %(text)s", text=text))
    after = gettext(
        "If you think that this is a mistake, you can appeal once, within %(days)s "
        "days. The link works for that long, also if you can't log in.",
        days=APPEAL_WITHIN.days,
    )
    return Letter(
        subject=_subject(act, int(mail.details["posts"])),
        paragraphs=tuple(paragraphs),
        action=(gettext("See the decision"), site.page(f"/appeal?link={link}")),
        after=(after,),
        reason=site.reason,
    )


def _subject(act: Act, posts: int) -> str:
    if act is Act.DELETE:
        return ngettext(
            "One of your kwips was removed", "Some of your kwips were removed", posts
        )
    if act is Act.SENSITIVE:
        return ngettext(
            "One of your kwips was marked as sensitive",
            "Some of your kwips were marked as sensitive",
            posts,
        )
    return str(_SUBJECTS[act])


def _meaning(act: Act, posts: int) -> str:
    if act is Act.DELETE:
        return ngettext(
            "They removed %(num)s kwip.", "They removed %(num)s kwips.", posts
        )
    if act is Act.SENSITIVE:
        return ngettext(
            "They covered the pictures and videos of %(num)s kwip.",
            "They covered the pictures and videos of %(num)s kwips.",
            posts,
        )
    return str(_MEANINGS[act])


def _lifted(mail: Mail, username: str, _: str, site: Site) -> Letter:
    act, answer = Act(mail.details["act"]), mail.details.get("text", "")
    first = (
        gettext("Your appeal was approved.")
        if "appeal" in mail.details
        else gettext("Moderators of %(site)s changed their decision.", site=site.name)
    )
    lifted = gettext(
        "The decision about your account @%(name)s no longer counts.", name=username
    )
    paragraphs = [first, lifted]
    if act is Act.DELETE:
        paragraphs.append(
            gettext(
                "A removed kwip can't be restored. You can read it in your settings, "
                "and post it again."
            )
        )
    if answer:
        paragraphs.append(gettext("They say: %(text)s", text=answer))
    return Letter(
        subject=gettext("A decision about your account was lifted"),
        paragraphs=tuple(paragraphs),
        action=(gettext("See all decisions"), site.page("/settings/strikes")),
        reason=site.reason,
    )


def _rejected(mail: Mail, username: str, _: str, site: Site) -> Letter:
    paragraphs = [
        gettext(
            "Moderators of %(site)s have looked at your appeal. Their decision about "
            "your account @%(name)s stays as it is.",
            site=site.name,
            name=username,
        )
    ]
    if mail.details["text"]:
        paragraphs.append(gettext("They say: %(text)s", text=mail.details["text"]))
    return Letter(
        subject=gettext("Your appeal was rejected"),
        paragraphs=tuple(paragraphs),
        reason=site.reason,
    )


def _new_report(mail: Mail, _: str, __: str, site: Site) -> Letter:
    name = mail.details["target"]
    return _to_staff(
        site,
        gettext("New report about @%(name)s", name=name),
        gettext("Somebody reported @%(name)s.", name=name),
        f"/admin/reports/{mail.details['report_id']}",
    )


def _new_appeal(mail: Mail, _: str, __: str, site: Site) -> Letter:
    name = mail.details["target"]
    return _to_staff(
        site,
        gettext("New appeal by @%(name)s", name=name),
        gettext("@%(name)s appeals against a decision.", name=name),
        "/admin/appeals",
    )


def _new_application(mail: Mail, _: str, __: str, site: Site) -> Letter:
    name = mail.details["username"]
    return _to_staff(
        site,
        gettext("New request to join by @%(name)s", name=name),
        gettext("Somebody would like to join as @%(name)s.", name=name),
        "/admin/applications",
    )


def _to_staff(site: Site, subject: str, said: str, path: str) -> Letter:
    return Letter(
        subject=subject,
        paragraphs=(said,),
        action=(gettext("Have a look"), site.page(path)),
        reason=gettext(
            "You get this email because you're a moderator of %(site)s.", site=site.name
        ),
        settings=(
            gettext("Change what we send you"),
            site.page("/settings/notifications"),
        ),
    )


#: What writes a mail of each kind, as `letters.letter_of` does for the others.
MODERATION_LETTERS: Mapping[MailKind, Callable[[Mail, str, str, Site], Letter]] = {
    MailKind.NEW_REPORT: _new_report,
    MailKind.NEW_APPEAL: _new_appeal,
    MailKind.NEW_APPLICATION: _new_application,
    MailKind.STRIKE: _strike,
    MailKind.STRIKE_LIFTED: _lifted,
    MailKind.APPEAL_REJECTED: _rejected,
}
