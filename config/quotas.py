"""The rate limit settings: how much of something is allowed in a given time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from config import values
from config.logs import LogSettings
from config.rules import Rule

#: Far above any real use; a window stores one number for each request that counts.
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
        int, _quota("API_USER", 1_500, "API requests per user in 5 minutes.")
    ]
    quota_api_token: Annotated[
        int, _quota("API_TOKEN", 300, "API requests per token in 5 minutes.")
    ]
    quota_api_address: Annotated[
        int,
        _quota(
            "API_ADDRESS",
            300,
            "API and widget requests per IP address without a valid token in "
            "5 minutes. An IPv6 /64 network counts as one address.",
        ),
    ]
    quota_pages_user: Annotated[
        int, _quota("PAGES_USER", 1_500, "Pages per logged-in user in 5 minutes.")
    ]
    quota_pages_address: Annotated[
        int,
        _quota(
            "PAGES_ADDRESS",
            3_000,
            "Pages per IP address in 5 minutes, for visitors who are not logged in.",
        ),
    ]
    quota_posts: Annotated[
        int, _quota("POSTS", 300, "Posts, reposts and edits per user in 3 hours.")
    ]
    quota_deletes: Annotated[
        int, _quota("DELETES", 30, "Deleted posts per user in 30 minutes.")
    ]
    quota_follows: Annotated[
        int, _quota("FOLLOWS", 400, "Follows and unfollows per user in a day.")
    ]
    quota_reports: Annotated[
        int, _quota("REPORTS", 50, "Reports to the moderators per user in a day.")
    ]
    quota_imports: Annotated[
        int, _quota("IMPORTS", 10, "Imported files per user in a day.")
    ]
    quota_media: Annotated[
        int, _quota("MEDIA", 30, "Uploaded pictures per user in 30 minutes.")
    ]
    quota_signin: Annotated[
        int,
        _quota("SIGNIN", 25, "Failed logins per IP address in 5 minutes."),
    ]
    quota_signin_account: Annotated[
        int,
        _quota(
            "SIGNIN_ACCOUNT",
            25,
            "Logins per username or email address in an hour, successful or not. "
            "Browsers that have logged in with it before are counted separately.",
        ),
    ]
    quota_signin_address: Annotated[
        int,
        _quota(
            "SIGNIN_ADDRESS",
            100,
            "Logins per IP address in 5 minutes, successful or not, from browsers "
            "that have not logged in with that username before.",
        ),
    ]
    quota_signup: Annotated[
        int, _quota("SIGNUP", 5, "New accounts per IP address in 30 minutes.")
    ]
    quota_reset: Annotated[
        int,
        _quota(
            "RESET",
            5,
            "Requests for mail with a link, such as one to reset a password, in "
            "30 minutes: per IP address, and per email address.",
        ),
    ]
