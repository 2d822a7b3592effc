"""Settings of the site that administrators change while it runs, and their history."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from kwip.domain.accounts.audit_log import Actor

NAME_MAX, DESCRIPTION_MAX = 60, 300
#: Rules of a site, and the characters of each.
MAX_RULES, RULE_MAX = 30, 500
#: Characters of the text of a page.
PAGE_MAX = 20_000


class SignUpMode(StrEnum):
    """Who can create an account."""

    OPEN = "open"
    APPROVAL = "approval"
    INVITATION = "invitation"
    CLOSED = "closed"


#: A setting, as it is named in forms, on the command line and in the database.
SettingName = Literal[
    "name",
    "description",
    "contact_email",
    "contact_username",
    "rules",
    "sign_up",
    "confirm_email",
    "members_invite",
    "language",
    "guest_replies",
    "about",
    "privacy",
    "terms",
]
#: The settings that are Markdown, each shown on a page of its own.
PageName = Literal["about", "privacy", "terms"]
PAGES: tuple[PageName, ...] = ("about", "privacy", "terms")


@dataclass(frozen=True, slots=True)
class SiteRule:
    """A rule of the site. Its id stays the same when its words change."""

    id: int
    text: str


#: What a setting is stored as.
Value = str | bool | tuple[SiteRule, ...]


#: The name of a site that nobody has named.
UNNAMED = "Kwip"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """The settings in force.

    An empty `description` stands for Kwip's own; the contact is an address, a
    username, both or nothing. With `confirm_email`, people can only write with a
    confirmed address; with `guest_replies`, people without an account can reply to
    those who want that. `language` is for those who have chosen none. `about`,
    `privacy` and `terms` are Markdown; empty ones have no page. `version` counts the
    changes; `changed_at` says when each text last changed.
    """

    name: str = UNNAMED
    description: str = ""
    contact_email: str = ""
    contact_username: str = ""
    rules: tuple[SiteRule, ...] = ()
    sign_up: SignUpMode = SignUpMode.OPEN
    confirm_email: bool = False
    members_invite: bool = False
    language: str = "en"
    guest_replies: bool = False
    about: str = ""
    privacy: str = ""
    terms: str = ""
    version: int = 0
    changed_at: Mapping[str, dt.datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """A change of one setting. None is the default, which no one has changed.

    `undoes` is the id of the change that it takes back, or 0.
    """

    id: int
    at: dt.datetime
    actor: Actor
    name: SettingName
    before: Value | None
    after: Value | None
    undoes: int = 0


def renumbered(known: tuple[SiteRule, ...], texts: list[str]) -> tuple[SiteRule, ...]:
    """Give each rule an id: that of the known rule which it is or replaces.

    A text that is known keeps its id wherever it moves; another one in the place of a
    known rule is an edit of it. Others get new ids, above all that are known.
    """
    ids = {rule.text: rule.id for rule in known}
    taken = {ids[text] for text in texts if text in ids}
    highest = max((rule.id for rule in known), default=0)
    found = []
    for place, text in enumerate(texts):
        edited = known[place].id if place < len(known) else None
        if text in ids:
            rule_id = ids[text]
        elif edited is not None and edited not in taken:
            rule_id = edited
            taken.add(rule_id)
        else:
            highest += 1
            rule_id = highest
        found.append(SiteRule(rule_id, text))
    return tuple(found)
