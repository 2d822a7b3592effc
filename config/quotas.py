"""The settings of the quotas: how much of something one may do in a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from config import values
from config.logs import LogSettings
from config.rules import Rule

#: Far above what anybody does; a window holds one number for each thing that counts.
_HIGHEST = 100_000_000


def _quota(name: str, default: int, doc: str) -> Rule:
    return Rule(
        f"KWIP_QUOTA_{name}",
        values.number(0, _HIGHEST),
        default,
        shown=str(default),
        allowed=f"a number from 0 (no limit) to {_HIGHEST}",
        doc=doc,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaSettings(LogSettings):
    """The limit of each window; `kwip.domain.rate_limits` has their lengths."""

    quota_api_user: Annotated[
        int, _quota("API_USER", 1_500, "API: requests of one user in 5 minutes.")
    ]
    quota_api_token: Annotated[
        int, _quota("API_TOKEN", 300, "API: requests with one token in 5 minutes.")
    ]
    quota_api_address: Annotated[
        int,
        _quota(
            "API_ADDRESS",
            300,
            "API and widgets: requests of one address without a good token in "
            "5 minutes; an IPv6 network of 64 bits is one address.",
        ),
    ]
    quota_pages_user: Annotated[
        int, _quota("PAGES_USER", 1_500, "Pages of one signed-in user in 5 minutes.")
    ]
    quota_pages_address: Annotated[
        int,
        _quota(
            "PAGES_ADDRESS",
            3_000,
            "Pages of one address where nobody is signed in, in 5 minutes.",
        ),
    ]
    quota_posts: Annotated[
        int, _quota("POSTS", 300, "Posts, reposts and edits of one user in 3 hours.")
    ]
    quota_deletes: Annotated[
        int, _quota("DELETES", 30, "Deleted posts of one user in 30 minutes.")
    ]
    quota_follows: Annotated[
        int, _quota("FOLLOWS", 400, "Follows and unfollows of one user in a day.")
    ]
    quota_media: Annotated[
        int, _quota("MEDIA", 30, "Uploaded pictures of one user in 30 minutes.")
    ]
    quota_signin: Annotated[
        int,
        _quota("SIGNIN", 25, "Failed sign-ins from one address in 5 minutes."),
    ]
    quota_signin_account: Annotated[
        int,
        _quota(
            "SIGNIN_ACCOUNT",
            25,
            "Sign-ins with one username or email address in an hour, right or wrong. "
            "Browsers that have signed in with it before are counted apart.",
        ),
    ]
    quota_signin_address: Annotated[
        int,
        _quota(
            "SIGNIN_ADDRESS",
            100,
            "Sign-ins from one address in 5 minutes, right or wrong, from browsers "
            "that have not signed in with that name before.",
        ),
    ]
    quota_signup: Annotated[
        int, _quota("SIGNUP", 5, "New accounts from one address in 30 minutes.")
    ]
