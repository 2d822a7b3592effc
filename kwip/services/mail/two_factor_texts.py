"""What mails about two-factor authentication say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.two_factor import Event
from kwip.text.translation import gettext, lazy_gettext, ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping


def two_factor_texts(details: Mapping[str, str]) -> tuple[str, str]:
    """Return the subject of a mail, and a sentence that says what happened."""
    event = Event(details["event"])
    if event is Event.RECOVERY_CODE_USED:
        return _recovery_code_used(int(details["left"]))
    if event in {Event.PASSKEY_ADDED, Event.PASSKEY_REMOVED}:
        return _passkey(event, details["name"])
    subject, sentence = _PLAIN[event]
    return str(subject), str(sentence)


def _recovery_code_used(left: int) -> tuple[str, str]:
    rest = ngettext("%(num)s is left.", "%(num)s are left.", left)
    return (
        gettext("A recovery code was used"),
        gettext("One of your recovery codes was used. %(rest)s", rest=rest),
    )


def _passkey(event: Event, name: str) -> tuple[str, str]:
    if event is Event.PASSKEY_ADDED:
        return (
            gettext("A passkey was added"),
            gettext(
                "The passkey “%(name)s” was added. Anyone who has it can log in.",
                name=name,
            ),
        )
    return (
        gettext("A passkey was removed"),
        gettext("The passkey “%(name)s” was removed.", name=name),
    )


_PLAIN: Mapping[Event, tuple[str, str]] = {
    Event.TURNED_ON: (
        lazy_gettext("Two-factor authentication is on"),
        lazy_gettext(
            "Logging in now needs a second step. All other devices were logged out."
        ),
    ),
    Event.TURNED_OFF: (
        lazy_gettext("Two-factor authentication is off"),
        lazy_gettext("Logging in now only needs your password."),
    ),
    Event.RESET: (
        lazy_gettext("Two-factor authentication was reset"),
        lazy_gettext(
            "An administrator turned off two-factor authentication for you. Logging "
            "in now only needs your password. You can turn it on again."
        ),
    ),
    Event.CODES_RENEWED: (
        lazy_gettext("You have new recovery codes"),
        lazy_gettext("New recovery codes were made. The old ones no longer work."),
    ),
    Event.WRONG_CODES: (
        lazy_gettext("Someone entered wrong codes"),
        lazy_gettext(
            "Someone who knows your password entered several wrong codes, and did not "
            "get in. If it wasn't you, change your password."
        ),
    ),
}
