"""Every index, each with the query that needs it; `kwip db indexes` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.domain.accounts.roles import STAFF
from kwip.store.accounts.indexes import ACCOUNT_INDEXES, OWN_DATA_INDEXES
from kwip.store.index import Index, ttl
from kwip.store.mail.indexes import MAIL_INDEXES
from kwip.store.moderation.indexes import MODERATION_INDEXES
from kwip.store.posting.indexes import POSTING_INDEXES
from kwip.store.push.indexes import PUSH_INDEXES
from kwip.store.social.indexes import SOCIAL_INDEXES

if TYPE_CHECKING:
    from collections.abc import Mapping


_PENDING = {"fanout.state": "pending"}
_ACTIVE = "last_public_reply_id"
_ALIVE = {"is_tombstone": False}


INDEXES: Mapping[str, tuple[Index, ...]] = {
    "users": (
        Index(
            (("is_admin", ASCENDING),),
            "SetupStore.has_admin, SetupStore.offer: if anybody is one; "
            "RoleStore.require_other_owner: whether there is another owner",
            {"partialFilterExpression": {"is_admin": True}},
        ),
        *(
            Index(
                ((field, ASCENDING), ("_id", DESCENDING)),
                f"MemberStore.page: {which}",
                {"partialFilterExpression": {field: condition}},
            )
            for field, condition, which in (
                ("role", {"$in": list(STAFF)}, "the site's staff"),
                ("is_suspended", True, "who is suspended"),
                ("is_silenced", True, "who is silenced"),
            )
        ),
        Index(
            (("is_discoverable", ASCENDING), ("_id", DESCENDING)),
            "SuggestionStore.newest: the directory, the newest account first",
            {"partialFilterExpression": {"is_discoverable": True}},
        ),
        Index(
            (("verify_due_at", ASCENDING),),
            "VerificationStore.take_due: links of profiles that the sweeper enqueues",
            {"partialFilterExpression": {"verify_due_at": {"$exists": True}}},
        ),
        Index(
            (("endorsed_ids", ASCENDING),),
            "DeletionStore.featured_by: who features a deleted user",
            {"partialFilterExpression": {"endorsed_ids.0": {"$exists": True}}},
        ),
        Index(
            (("names", ASCENDING),),
            "PeopleStore.named, PeopleStore.prefixed: search for people",
        ),
        Index(
            (("last_pull_id", ASCENDING),),
            "PullAuthorStore.last_pulls: whose posts are merged into homes",
            {"partialFilterExpression": {"last_pull_id": {"$gt": 0}}},
        ),
    ),
    "credentials": (
        Index(
            (("email_confirmed_at", ASCENDING), ("_id", DESCENDING)),
            "MemberStore.page: who has yet to confirm an email address",
            {"partialFilterExpression": {"email_confirmed_at": None}},
        ),
        Index(
            (("two_factor.app.key.key_id", ASCENDING), ("_id", ASCENDING)),
            "TwoFactorStore.sealed_otherwise: what is encrypted with an older key",
            {"partialFilterExpression": {"two_factor.app.key.key_id": {"$gt": ""}}},
        ),
    ),
    "claims": (ttl("idempotency keys expire"),),
    "posts": (
        Index(
            (("author_id", ASCENDING), ("_id", DESCENDING)),
            "PostStore.entries_by: user timelines, fan-in, backfill, rebuild, verify",
            {"partialFilterExpression": _ALIVE},
        ),
        Index(
            (("author_id", ASCENDING), ("has_media", ASCENDING), ("_id", DESCENDING)),
            "PostStore.entries_by: a user's posts with attachments",
            {"partialFilterExpression": {"has_media": True}},
        ),
        Index(
            (("author_id", ASCENDING), ("said", ASCENDING), ("_id", DESCENDING)),
            "RepeatStore.link, link_many: what an author said within a day",
            {"partialFilterExpression": _ALIVE},
        ),
        Index(
            (("author_id", ASCENDING), ("tags", ASCENDING), ("_id", DESCENDING)),
            "FeaturedTagStore.uses: an author's posts with a hashtag",
            {"partialFilterExpression": {"tags.0": {"$exists": True}}},
        ),
        Index(
            (("is_listed", ASCENDING), ("_id", DESCENDING)),
            "PostStore.listed: the public timeline",
            {"partialFilterExpression": {"is_listed": True}},
        ),
        Index(
            (("is_listed", ASCENDING), (_ACTIVE, DESCENDING)),
            "ActivityStore.listed: the public timeline in the active order",
            {"partialFilterExpression": {"is_listed": True}},
        ),
        Index(
            (("tags", ASCENDING), (_ACTIVE, DESCENDING)),
            "ActivityStore.tagged: hashtag timelines in the active order",
            {"partialFilterExpression": {"is_listed": True}},
        ),
        Index(
            (("author_id", ASCENDING), (_ACTIVE, DESCENDING)),
            "ActivityStore.by_author: user timelines in the active order",
            {"partialFilterExpression": _ALIVE},
        ),
        Index(
            (("root_id", ASCENDING), ("_id", ASCENDING)),
            "PostStore.thread: a conversation",
        ),
        Index(
            (("quote_of_id", ASCENDING), ("_id", DESCENDING)),
            "QuoteStore.of_post: who quotes a post; CounterStore counts them",
            {"partialFilterExpression": {"is_quote": True}},
        ),
        Index(
            (("tags", ASCENDING), ("_id", DESCENDING)),
            "PostStore.tagged: hashtag timelines",
        ),
        Index(
            (("author_id", ASCENDING), ("fanout.due_at", ASCENDING)),
            "OutboxStore.lease: an author's pending posts",
            {"partialFilterExpression": _PENDING},
        ),
        Index(
            (("fanout.due_at", ASCENDING),),
            "OutboxStore.take_due: what the sweeper enqueues; kwip fanout pending",
            {"partialFilterExpression": _PENDING},
        ),
        Index(
            (("search_due_at", ASCENDING),),
            "SearchStore.take_due: edits and deletions that the sweeper enqueues",
            {"partialFilterExpression": {"search_due_at": {"$exists": True}}},
        ),
        Index(
            (("poll_due_at", ASCENDING),),
            "PollEndStore.take_due: ends of polls that the sweeper enqueues",
            {"partialFilterExpression": {"poll_due_at": {"$exists": True}}},
        ),
        Index(
            (("preview_due_at", ASCENDING),),
            "PostPreviewStore.take_due: links to look up that the sweeper enqueues",
            {"partialFilterExpression": {"preview_due_at": {"$exists": True}}},
        ),
        Index(
            (("preview.image.file", ASCENDING),),
            "PostPreviewStore.uses and files: which pictures are still used",
            {"partialFilterExpression": {"preview.image.file": {"$gt": ""}}},
        ),
        Index(
            (("fanout.enqueued_at", ASCENDING),),
            "OutboxStore.oldest_pending_at: the delivery lag",
            {"partialFilterExpression": _PENDING},
        ),
        Index(
            (("fanout.state", ASCENDING), ("_id", ASCENDING)),
            "OutboxStore.dead: kwip fanout stats and replay",
            {"partialFilterExpression": {"fanout.state": "dead"}},
        ),
    ),
    **POSTING_INDEXES,
    "purges": (
        Index(
            (("due_at", ASCENDING),),
            "PurgeStore.begin: files and widgets that a CDN must forget",
            {"partialFilterExpression": {"state": "pending"}},
        ),
        Index(
            (("state", ASCENDING), ("_id", ASCENDING)),
            "PurgeStore.listed: what waits, and dead letters",
        ),
    ),
    **MAIL_INDEXES,
    **PUSH_INDEXES,
    **OWN_DATA_INDEXES,
    "link_previews": (
        Index(
            (("preview.image.file", ASCENDING),),
            "LinkPreviewStore.uses and files: which pictures are still used",
            {"partialFilterExpression": {"preview.image.file": {"$gt": ""}}},
        ),
        Index(
            (("due_at", ASCENDING),),
            "LinkPreviewStore.take_due: previews to delete that the sweeper enqueues",
        ),
    ),
    "search_posts": (
        Index(
            (("terms", ASCENDING), ("post_id", DESCENDING)),
            "SearchStore.hits, reaches and end: what a term finds, newest first",
        ),
    ),
    "hashtags": (),
    "timelines": (
        Index(
            (("last_read_at", ASCENDING), ("_id", ASCENDING)),
            "HibernationStore.idle_since and date_undated: who stopped reading",
        ),
        Index(
            (("state", ASCENDING),),
            "HibernationStore.unfinished: homes being hibernated or built",
            {"partialFilterExpression": {"state": {"$in": ["building", "dropping"]}}},
        ),
    ),
    "timeline_buckets": (
        Index(
            (
                ("owner", ASCENDING),
                ("epoch", ASCENDING),
                ("high", DESCENDING),
            ),
            "TimelineStore.stored: the sealed part of a timeline, newest first",
        ),
        ttl("buckets that are no longer needed"),
    ),
    **SOCIAL_INDEXES,
    "trends": (),
    "suggestions": (
        Index(
            (("dismissed", ASCENDING),),
            "DeletionStore.dismissed_by: who dismissed a deleted user",
        ),
    ),
    "reactions": (
        Index(
            (
                ("user_id", ASCENDING),
                ("post_id", ASCENDING),
                ("act", ASCENDING),
                ("ballot", ASCENDING),
            ),
            "ReactionStore.of_spans: the viewer's flags; from the index alone",
        ),
        Index(
            (
                ("user_id", ASCENDING),
                ("act", ASCENDING),
                ("seq", DESCENDING),
            ),
            "ReactionStore.by_user: favourites and bookmarks",
        ),
        Index(
            (
                ("post_id", ASCENDING),
                ("act", ASCENDING),
                ("seq", DESCENDING),
            ),
            "ReactionStore.on_post, PollEndStore.voters: who did it",
        ),
    ),
    "notifications": (
        Index(
            (
                ("recipient_id", ASCENDING),
                ("seq", DESCENDING),
                ("actor_id", ASCENDING),
            ),
            "NotificationStore.page, NotificationStore.unread",
        ),
        Index(
            (("recipient_id", ASCENDING), ("kind", ASCENDING), ("seq", DESCENDING)),
            "NotificationStore.page: some kinds, mentions for example",
        ),
        Index(
            (("actor_id", ASCENDING), ("post_id", ASCENDING)),
            "NotificationStore.forget: which subscribers were notified of a post",
            {"partialFilterExpression": {"kind": "post"}},
        ),
        Index(
            (("actor_id", ASCENDING), ("kind", ASCENDING)),
            "DeletionStore.forget: whom a deleted user buzzed or invited",
            {"partialFilterExpression": {"kind": {"$in": ["buzz", "invitation"]}}},
        ),
        ttl("notifications expire 180 days after the event"),
    ),
    "markers": (),
    "emojis": (),
    **ACCOUNT_INDEXES,
    **MODERATION_INDEXES,
    "jobs": (),
    "hourly_figures": (ttl("the charts of staff have 30 days; hours are kept for 92"),),
    "processes": (ttl("ProcessStore.running; killed processes are forgotten"),),
    "cache_fence": (),
    "cache_relay": (),
}


#: Collections whose change events must include the whole document.
IMAGED = ("lists",)
