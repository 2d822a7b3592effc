"""Users: who publishes and follows, and who makes a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal

from kwip.domain.accounts.roles import Role
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError
from kwip.domain.ids import ms_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.domain.text import is_unicode

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import PostId, UserId

_USERNAME = re.compile(r"[a-z0-9_]{1,30}", re.ASCII)
#: Paths and roles that could be mistaken for the site itself.
RESERVED_USERNAMES = frozenset(
    {
        "about",
        "admin",
        "administrator",
        "api",
        "auth",
        "everyone",
        "explore",
        "help",
        "home",
        "kwip",
        "login",
        "logout",
        "me",
        "moderator",
        "oauth",
        "postmaster",
        "public",
        "root",
        "search",
        "settings",
        "setup",
        "signup",
        "static",
        "support",
        "system",
        "tags",
        "webmaster",
    }
)
PASSWORD_LENGTHS = range(8, 257)
DISPLAY_NAME_MAX, BIO_MAX = 60, 500
#: Fields of a profile and their maximum length, and pinned posts.
MAX_FIELDS, FIELD_MAX = 4, 255
MAX_PINS = 5
#: Hashtags that a profile features, as in Mastodon.
MAX_FEATURED_TAGS = 10
#: People whom a profile features.
MAX_ENDORSED = 20
#: Sites that a user may name as those that show them in a frame.
MAX_EMBED_ORIGINS = 20
#: What `update_profile` may change; `names` follow from the display name.
ProfileKey = Literal[
    "display_name",
    "names",
    "bio",
    "fields",
    "is_embeddable",
    "shows_favourites",
    "embed_origins",
    "is_discoverable",
    "is_locked",
    "accepts_buzzes",
    "accepts_guests",
    "folds_repeats",
    "requires_descriptions",
    "undo_s",
    "language",
    "time_zone",
    "reply_policy",
    "quote_policy",
    "hides_collections",
    "hides_counts",
    "is_indexable",
    "is_crawlable",
    "may_trend",
    "avatar",
    "banner",
]


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A field that a user adds to the profile, such as `Home page` and a link.

    `verified_at` is when the linked page was found to link back, if it does.
    """

    name: str
    value: str
    verified_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class FeaturedTag:
    """A hashtag that a profile features, by its folded name; the id is for apps."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as everybody may see it; `version` counts its changes.

    `avatar` and `banner` name pictures: with a dot, a file below `/static`; without, an
    uploaded one; empty, the generated default. `pinned_ids` are posts at the top of the
    profile, newest pin first. Suspended users are hidden with everything they wrote.
    Silenced users are only shown to their followers where nobody asked for them (see
    `filters.is_limited`).
    Users who are not `is_embeddable` are in no widget, and only of those who
    `shows_favourites` do widgets show what they favourited. If there are
    `embed_origins`, only these sites may frame their pages. Only those who are
    `is_discoverable` are suggested to others and in the directory. Those who are
    `is_locked` accept each follower; `requests_count` people wait for that. Readers who
    `folds_repeats` see on pages only once what an author says repeatedly. Authors who
    `requires_descriptions` post no files without one. What they post from pages waits
    for `undo_s`, so that they can undo it. `dismissed_ids` are the announcements that
    they have dismissed. Pages and mails are in their `language` and `time_zone`, if
    they have chosen one. Those who `accepts_buzzes` may be told by followers that they
    are missed; those who `accepts_guests` decide about replies of people without an
    account, if the site has these.
    `reply_policy` and `quote_policy` are those of what they post without saying
    otherwise.
    Who `hides_collections` shows nobody else whom they follow and who follows them.
    Readers who `hides_counts` see no counts on pages. Search finds posts only of those
    who are `is_indexable`, besides for themselves; search engines are asked to leave
    out those who are not `is_crawlable`, and trends leave out those who are not
    `may_trend`. `endorsed_ids` are people whom the profile features, the latest first.
    """

    id: UserId
    username: str
    display_name: str
    bio: str = ""
    avatar: str = ""
    banner: str = ""
    fields: tuple[ProfileField, ...] = ()
    pinned_ids: tuple[PostId, ...] = ()
    featured_tags: tuple[FeaturedTag, ...] = ()
    dismissed_ids: tuple[int, ...] = ()
    is_suspended: bool = False
    is_silenced: bool = False
    is_embeddable: bool = True
    shows_favourites: bool = False
    embed_origins: tuple[str, ...] = ()
    is_discoverable: bool = False
    role: Role = Role.MEMBER
    is_locked: bool = False
    folds_repeats: bool = True
    requires_descriptions: bool = False
    undo_s: int = 0
    language: str = ""
    time_zone: str = ""
    accepts_buzzes: bool = True
    accepts_guests: bool = False
    reply_policy: ReplyPolicy = ReplyPolicy.PUBLIC
    quote_policy: QuotePolicy = QuotePolicy.PUBLIC
    hides_collections: bool = False
    hides_counts: bool = False
    is_indexable: bool = True
    is_crawlable: bool = True
    may_trend: bool = True
    endorsed_ids: tuple[UserId, ...] = ()
    posts_count: int = 0
    followers_count: int = 0
    following_count: int = 0
    requests_count: int = 0
    version: int = 1

    @property
    def created_at(self) -> dt.datetime:
        """When they signed up, as their id says."""
        return at(ms_of(self.id))

    @property
    def name(self) -> str:
        """The name to show on pages."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """Changes that users make to their own profile; None leaves a value unchanged.

    `embed_origins` has a site a line, as typed.
    `avatar` and `banner` are files as uploaded, to be converted; `is_avatar_removed`
    and `is_banner_removed` restore the generated defaults.
    """

    display_name: str | None = None
    bio: str | None = None
    fields: tuple[ProfileField, ...] | None = None
    is_embeddable: bool | None = None
    shows_favourites: bool | None = None
    embed_origins: str | None = None
    is_discoverable: bool | None = None
    is_locked: bool | None = None
    folds_repeats: bool | None = None
    requires_descriptions: bool | None = None
    undo_s: int | None = None
    language: str | None = None
    time_zone: str | None = None
    accepts_buzzes: bool | None = None
    accepts_guests: bool | None = None
    reply_policy: ReplyPolicy | None = None
    quote_policy: QuotePolicy | None = None
    hides_collections: bool | None = None
    hides_counts: bool | None = None
    is_indexable: bool | None = None
    is_crawlable: bool | None = None
    may_trend: bool | None = None
    avatar: IO[bytes] | None = None
    banner: IO[bytes] | None = None
    is_avatar_removed: bool = False
    is_banner_removed: bool = False


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address.

    `address` is what was typed, for sending. `key` is what addresses are compared by;
    `folded` is what credentials of schema 1 were compared by.
    """

    address: str
    key: str
    folded: str


@dataclass(frozen=True, slots=True)
class BlockedDomain:
    """A domain in ASCII, or an e-mail address, that cannot be used to sign up."""

    domain: str
    blocked_at: dt.datetime


#: What a personal token may do.
READ, WRITE = "read", "write"
#: What it needs besides to subscribe to notifications by push.
PUSH = "push"
#: What a token of staff may do besides, as far as their role allows it.
ADMIN_READ, ADMIN_WRITE = "admin:read", "admin:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who makes this request.

    `digest` identifies the session or token (SHA-256 of its secret, hex), so that it
    can be ended; the secret itself is never stored. `language` and `time_zone` are what
    the user has chosen.
    """

    id: UserId
    username: str
    digest: str
    scopes: frozenset[str] = frozenset({READ, WRITE})
    language: str = ""
    time_zone: str = ""

    @classmethod
    def without_session(cls, user_id: UserId, username: str) -> Viewer:
        """Return somebody in whose name a job or a command acts, not a request."""
        return cls(id=user_id, username=username, digest="")


def link_in(value: str) -> str | None:
    """Return the link that the value of a profile field is, if it is nothing else."""
    is_link = value.startswith(("https://", "http://")) and not any(
        c.isspace() for c in value
    )
    return value if is_link else None


def clean_username(text: str) -> str:
    """Return a username in its canonical form, in which it is unique.

    Raises:
        InvalidError: The name is not 1 to 30 of a-z, 0-9 and _, or is reserved.
    """
    name = text.strip().removeprefix("@").lower()
    if not _USERNAME.fullmatch(name):
        raise InvalidError(
            lazy_gettext("That username can't be used."),
            {
                "username": lazy_gettext(
                    "Use 1 to 30 letters (a-z), digits or underscores."
                )
            },
        )
    if name in RESERVED_USERNAMES:
        raise InvalidError(
            lazy_gettext("That username can't be used."),
            {
                "username": lazy_gettext(
                    "This username is reserved. Choose another one."
                )
            },
        )
    return name


def check_password(text: str) -> str:
    """Return the password unchanged if its length is allowed.

    Raises:
        InvalidError: It is shorter than 8 or longer than 256 characters, or it is
            not valid Unicode.
    """
    if len(text) not in PASSWORD_LENGTHS or not is_unicode(text):
        raise InvalidError(
            lazy_gettext("That password can't be used."),
            {"password": lazy_gettext("Use 8 to 256 characters.")},
        )
    return text
