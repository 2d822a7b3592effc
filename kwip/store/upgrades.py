"""Upgrade documents of older schemas: when they are read, and for good.

Reading never writes. `kwip db migrate` stores what these steps make of a document,
while versions run that write the older schema and versions that write the newer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: The current schema of each collection; 1 unless named.
SCHEMAS: Mapping[str, int] = {
    "users": 16,
    "credentials": 4,
    "posts": 7,
    "follows": 3,
    "followers": 2,
    "mutes": 2,
    "applications": 2,
    "wait_list": 2,
}


def _user_gets_an_avatar(document: dict[str, Any]) -> None:
    """Schema 1 of users had no avatar; an empty one is the generated default."""
    document.setdefault("avatar", "")


def _user_gets_a_banner(document: dict[str, Any]) -> None:
    """Schema 2 of users had no banner, fields, pins and flags."""
    document.setdefault("banner", "")
    document.setdefault("fields", [])
    document.setdefault("pinned_ids", [])
    document.setdefault("is_suspended", False)
    document.setdefault("is_embeddable", True)
    document.setdefault("is_admin", False)


def _user_folds_repeats(document: dict[str, Any]) -> None:
    """Schema 3 of users had no repeats."""
    document.setdefault("folds_repeats", True)


def _user_requires_descriptions(document: dict[str, Any]) -> None:
    """Schema 4 of users had no rule about descriptions of files."""
    document.setdefault("requires_descriptions", False)


def _user_can_be_discovered(document: dict[str, Any]) -> None:
    """Schema 5 of users had neither featured hashtags nor a place in the directory."""
    document.setdefault("featured_tags", [])
    document.setdefault("is_discoverable", False)


def _user_shows_favourites(document: dict[str, Any]) -> None:
    """Schema 6 of users showed no favourites, and let every site frame the rest."""
    document.setdefault("shows_favourites", False)
    document.setdefault("embed_origins", [])


def _user_can_be_silenced(document: dict[str, Any]) -> None:
    """Schema 7 of users had no silence."""
    document.setdefault("is_silenced", False)


def _user_gets_a_role(document: dict[str, Any]) -> None:
    """Schema 8 of users had only administrators, who could do everything."""
    role = "owner" if document["is_admin"] else "member"
    document.setdefault("role", role)


def _user_can_be_locked(document: dict[str, Any]) -> None:
    """Schema 9 of users accepted every follower."""
    document.setdefault("is_locked", False)
    document.setdefault("requests_count", 0)


def _user_can_choose_a_language(document: dict[str, Any]) -> None:
    """Schema 12 of users saw pages in English, and times in mails in UTC."""
    document.setdefault("language", "")
    document.setdefault("time_zone", "")


def _user_can_undo(document: dict[str, Any]) -> None:
    """Schema 10 of users posted everything at once."""
    document.setdefault("undo_s", 0)


def _user_can_dismiss(document: dict[str, Any]) -> None:
    """Schema 11 of users saw no announcements."""
    document.setdefault("dismissed_ids", [])


def _user_accepts_buzzes(document: dict[str, Any]) -> None:
    """Schema 13 of users could not be buzzed."""
    document.setdefault("accepts_buzzes", True)


def _user_accepts_guests(document: dict[str, Any]) -> None:
    """Schema 14 of users had no replies of guests."""
    document.setdefault("accepts_guests", False)


def _user_chooses_more(document: dict[str, Any]) -> None:
    """Schema 15 of users had no defaults for kwips, fewer opt-outs, no endorsements."""
    document.setdefault("reply_policy", "public")
    document.setdefault("quote_policy", "public")
    document.setdefault("hides_collections", False)
    document.setdefault("hides_counts", False)
    document.setdefault("is_indexable", True)
    document.setdefault("is_crawlable", True)
    document.setdefault("may_trend", True)
    document.setdefault("endorsed_ids", [])


def _credentials_get_a_key(document: dict[str, Any]) -> None:
    """Schema 1 of credentials stored only a case-folded address, also as its key.

    The address as typed is unknown, so the claim stays as it is.
    """
    document.setdefault("email_key", document["email"])


def _credentials_get_a_state(document: dict[str, Any]) -> None:
    """Schema 2 of credentials knew nothing of mail to the address."""
    document.setdefault("email_confirmed_at", None)
    document.setdefault("mail_problem", "")


def _credentials_get_factors(document: dict[str, Any]) -> None:
    """Schema 3 of credentials had no two-factor authentication."""
    document.setdefault("two_factor", None)


def _post_gets_reactions(document: dict[str, Any]) -> None:
    """Schema 1 of posts had no hashtags, warnings, reposts or favourites."""
    document.setdefault("hashtags", [])
    document.setdefault("tags", [])
    document.setdefault("warning", "")
    document.setdefault("is_sensitive", False)
    document.setdefault("repost_of_id", None)
    document.setdefault("repost_of_author_id", None)
    document.setdefault("reposts_count", 0)
    document.setdefault("favourites_count", 0)


def _post_gets_orders(document: dict[str, Any]) -> None:
    """Schema 2 of posts had no repeats and no active order.

    `kwip reindex repeats` and `kwip reindex counters` compute them.
    """
    document.setdefault("said", None)
    document.setdefault("repeats_id", None)
    begins = document["in_reply_to_id"] is None and document["repost_of_id"] is None
    last = document["_id"] if begins else None
    document.setdefault("last_public_reply_id", last)


def _post_gets_media(document: dict[str, Any]) -> None:
    """Schema 3 of posts had no attachments."""
    document.setdefault("media", [])
    document.setdefault("has_media", False)


def _post_gets_a_poll(document: dict[str, Any]) -> None:
    """Schema 4 of posts had no polls."""
    document.setdefault("poll", None)


def _post_gets_quotes(document: dict[str, Any]) -> None:
    """Schema 5 of posts had no quotes."""
    document.setdefault("quote_of_id", None)
    document.setdefault("quote_of_author_id", None)
    document.setdefault("is_quote", False)
    document.setdefault("quote_policy", "public")
    document.setdefault("quotes_count", 0)


def _post_limits_replies(document: dict[str, Any]) -> None:
    """Schema 6 of posts let everybody reply."""
    document.setdefault("reply_policy", "public")


def _edge_gets_notify(document: dict[str, Any]) -> None:
    """Schema 1 of follows and followers had no subscriptions to new posts."""
    document.setdefault("notify", False)


def _edge_gets_reposts(document: dict[str, Any]) -> None:
    """Schema 2 of follows showed all reposts."""
    document.setdefault("hides_reposts", False)


def _mute_gets_terms(document: dict[str, Any]) -> None:
    """Schema 1 of mutes had no end and hid notifications."""
    document.setdefault("hides_notifications", True)
    document.setdefault("expires_at", None)


def _request_gets_a_language(document: dict[str, Any]) -> None:
    """Schema 1 of applications and of the waiting list did not know the language."""
    document.setdefault("language", "")


@dataclass(frozen=True, slots=True)
class Step:
    """How documents of one schema become those of the next.

    Attributes:
        collection: Where they are.
        schema: The older schema.
        apply: Changes a document in place. It gets nothing else, so that it gives the
            same whenever it runs.
        readable_from: The lowest schema whose code can read the result. It must be
            that of the version before, or lower, because both run side by side.
    """

    collection: str
    schema: int
    apply: Callable[[dict[str, Any]], None]
    readable_from: int = 1


#: The result of each has only more fields, so any older code can read it.
STEPS: Sequence[Step] = (
    Step("users", 1, _user_gets_an_avatar),
    Step("users", 2, _user_gets_a_banner),
    Step("users", 3, _user_folds_repeats),
    Step("users", 4, _user_requires_descriptions),
    Step("users", 5, _user_can_be_discovered),
    Step("users", 6, _user_shows_favourites),
    Step("users", 7, _user_can_be_silenced),
    Step("users", 8, _user_gets_a_role),
    Step("users", 9, _user_can_be_locked),
    Step("users", 10, _user_can_undo),
    Step("users", 11, _user_can_dismiss),
    Step("users", 12, _user_can_choose_a_language),
    Step("users", 13, _user_accepts_buzzes),
    Step("users", 14, _user_accepts_guests),
    Step("users", 15, _user_chooses_more),
    Step("credentials", 1, _credentials_get_a_key),
    Step("credentials", 2, _credentials_get_a_state),
    Step("credentials", 3, _credentials_get_factors),
    Step("posts", 1, _post_gets_reactions),
    Step("posts", 2, _post_gets_orders),
    Step("posts", 3, _post_gets_media),
    Step("posts", 4, _post_gets_a_poll),
    Step("posts", 5, _post_gets_quotes),
    Step("posts", 6, _post_limits_replies),
    Step("follows", 1, _edge_gets_notify),
    Step("follows", 2, _edge_gets_reposts),
    Step("followers", 1, _edge_gets_notify),
    Step("mutes", 1, _mute_gets_terms),
    Step("applications", 1, _request_gets_a_language),
    Step("wait_list", 1, _request_gets_a_language),
)
_BY_SCHEMA = {(step.collection, step.schema): step for step in STEPS}


def schema_of(collection: str) -> int:
    """Return the schema number of new documents of a collection."""
    return SCHEMAS.get(collection, 1)


def readable_from() -> dict[str, int]:
    """Return the lowest schema whose code can read new documents, by collection."""
    lowest = dict.fromkeys(SCHEMAS, 1)
    for step in STEPS:
        lowest[step.collection] = max(lowest[step.collection], step.readable_from)
    return lowest


def upgrade(collection: str, document: Any) -> Any:
    """Upgrade a document to the current schema, in place, and return it."""
    while document["schema"] < schema_of(collection):
        _BY_SCHEMA[collection, document["schema"]].apply(document)
        document["schema"] += 1
    return document
