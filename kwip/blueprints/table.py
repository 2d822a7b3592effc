"""What a row of the route table says: a rule, its endpoint, and its policy.

Rows are next to their endpoints; `kwip.blueprints.routes` joins them into one table,
and `kwip.blueprints.gate` enforces it before any endpoint runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from kwip.domain.accounts.roles import Permission

#: Who may use it. `optional`, `user` and `staff` check the session cookie, the last two
#: the bearer token; no route checks both. `staff` names a permission, and does not
#: exist for whoever lacks that.
Auth = Literal["none", "optional", "user", "staff", "optional_token", "token"]
#: The scope that a token needs. A session may do everything.
Scope = Literal["read", "write", "push", "admin:read", "admin:write"]
#: The quota that a request is charged to, besides that of the API or of pages.
Quota = Literal[
    "none",
    "pages",
    "api",
    "posts",
    "deletes",
    "follows",
    "reports",
    "media",
    "sign_in",
    "sign_up",
    "reset",
]
#: Who may store the answer: nobody; its reader, who revalidates each time; shared
#: caches for half a minute; these too, but readers for ever; anyone for
#: `gate.STATIC_MAX_AGE_S`; anyone for ever; its reader, for as long as the address is
#: the same.
Cache = Literal["never", "private", "widget", "card", "static", "immutable", "signed"]
#: Whether pages are cached, for their reader or for everyone; `home` if they begin with
#: the newest of the viewer's home, which is then read in
#: the same call.
PageCaching = Literal["no", "page", "home"]
#: Whose answers may be loaded from secondaries of MongoDB, if the operator wants that.
Secondaries = Literal["nobody", "visitors", "everybody"]
#: Whether an unsafe request must carry the page's form token.
Csrf = Literal["form", "none"]

_SECONDARIES_WHY: Mapping[Secondaries, str] = {
    "visitors": "visitors write nothing, so they can wait a few ms for a secondary",
    "everybody": "shared caches ask for it, so nobody waits for it who has written",
}

# A Flask endpoint takes the rule's own arguments, which no type can express here.
Endpoint = Callable[..., "ResponseReturnValue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is checked before a request's endpoint runs.

    Only a route that `takes_files` reads more than `bodies.MAX_BODY_BYTES`, and only
    from signed-in users. An answer that may be in the `page_cache` depends on its
    address, its reader and what is read for it through the cache, and on nothing else.
    One that `is_for_confirmed` members needs what posting needs, too.
    An endpoint that `asks_nothing` of Redis is charged before it runs, in a call of its
    own. The viewer's role must have the `permission`, if there is one.
    """

    auth: Auth
    scope: Scope | None
    quota: Quota
    cache: Cache
    csrf: Csrf
    permission: Permission | None = None
    takes_files: bool = False
    asks_nothing: bool = False
    is_for_confirmed: bool = False
    page_cache: PageCaching = "no"
    secondaries: Secondaries = "nobody"

    def reads_secondaries(self, *, is_visitor: bool) -> bool:
        """Return whether this reader's answer may be loaded from secondaries."""
        return self.secondaries == "everybody" or (
            self.secondaries == "visitors" and is_visitor
        )

    @property
    def secondaries_why(self) -> str:
        """The reason for `secondaries`, for operators."""
        if self.secondaries != "nobody":
            return _SECONDARIES_WHY[self.secondaries]
        if self.csrf == "form" or self.scope == "write":
            return "a write decides by the newest state"
        if self.auth in {"user", "token"}:
            return "its reader may have just written, and would have to wait"
        return "it loads no kwips, or is rarely requested"

    @property
    def reads_cookie(self) -> bool:
        """Whether the session cookie decides who the viewer is."""
        return self.auth in {"optional", "user", "staff"}

    @property
    def needs_email(self) -> bool:
        """Whether it needs a confirmed email address, on sites that ask for one."""
        return self.is_for_confirmed or self.quota in {"posts", "follows"}

    @property
    def is_api(self) -> bool:
        """Whether apps and other sites use it, not people on pages."""
        return self.quota == "api" or self.auth in {"token", "optional_token"}


#: What other sites may show: it knows no reader.
WIDGET = Policy(
    auth="none",
    scope=None,
    quota="api",
    cache="widget",
    csrf="none",
    page_cache="page",
    secondaries="everybody",
)


@dataclass(frozen=True, slots=True)
class Route:
    """One row: a method and a rule, the function that answers, and its policy.

    The endpoint's name is `<area>.<function name>`. Rules may use the converters
    `<id:post_id>` (0 to 2^63-1), `<name:username>` (folded to lower case) and
    `<feed:extension>` (a format of feeds); the arguments `post_id` and `username` are
    read with the viewer, in one round trip.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    rule: str
    endpoint: Endpoint
    policy: Policy
