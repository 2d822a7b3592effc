"""Map a change in MongoDB to the cached keys that its writer invalidates.

Keys that cannot be derived from the change are left out. An edit's removed mentions
are covered by their changed notifications; the removed hashtags, and the places of a
conversation in the active order, expire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules, keys
from kwip.cache.keys import Debounced
from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.reactions import span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.cache.invalidation_rules import Keys
    from kwip.store.changes import Change

_COUNTS = {
    "users": frozenset(
        {"posts_count", "followers_count", "following_count", "requests_count"}
    ),
    "posts": frozenset(
        {"replies_count", "reposts_count", "favourites_count", "quotes_count"}
    ),
}
#: Fields of posts that no cached value holds, changed while jobs go on.
_UNSHOWN = frozenset({"fanout", "preview_due_at", "poll_due_at", "search_due_at"})
#: What the sweeper writes to an edge; no cached value holds it.
_SWEPT = frozenset({"due_at"})


def _user(change: Change) -> Keys:
    user_id = UserId(change.id)
    if change.operation == "insert":
        return invalidation_rules.sign_up(
            user_id=user_id, username=change.document["username"]
        )
    if change.fields and change.fields <= _COUNTS["users"]:
        shown = [keys.user(user_id)]
        if "posts_count" in change.fields:
            shown.append(keys.statistics(user_id))
        return tuple(map(keys.counted, shown))
    pulled = (
        invalidation_rules.pull(author_id=user_id)
        if "last_pull_id" in change.fields
        else ()
    )
    return (*invalidation_rules.update_profile(user_id=user_id), *pulled)


def _claim(change: Change) -> Keys:
    kind, _, name = change.id.partition(":")
    return (keys.handle(name),) if kind == "handle" else ()


def _post(change: Change) -> Keys:
    post_id, written = PostId(change.id), change.document
    if change.operation != "insert":
        return _post_changed(post_id, change.fields)
    if written["repost_of_id"] is not None:
        return invalidation_rules.repost(
            post_id=post_id,
            author_id=written["author_id"],
            of_id=written["repost_of_id"],
            span=span_of(written["repost_of_id"]),
        )
    return invalidation_rules.post(
        post_id=post_id,
        author_id=written["author_id"],
        parent_id=written["in_reply_to_id"],
        root_id=written["root_id"],
        quote_of_id=written.get("quote_of_id"),
        is_listed=written["is_listed"],
        tags=written["tags"],
    )


def _post_changed(post_id: PostId, fields: frozenset[str]) -> Keys:
    shown = {field for field in fields if field.partition(".")[0] not in _UNSHOWN}
    if fields and not shown:
        return ()
    if shown and all(map(_is_count, shown)):
        return (keys.counted(keys.post(post_id)),)
    return (keys.post(post_id),)


def _is_count(field: str) -> bool:
    """Return whether a field of posts only counts, as those of a poll's votes do."""
    return field in _COUNTS["posts"] or field.startswith(
        ("poll.voters", "poll.options.")
    )


def _follow(change: Change) -> Keys:
    if change.fields and change.fields <= _SWEPT:
        return ()
    follower_id, followee_id = _two(change.id)
    return invalidation_rules.follow(follower_id=follower_id, followee_id=followee_id)


def _block(change: Change) -> Keys:
    one, direction, two = change.id.split(":")
    if direction != "out":  # the other side of the same block
        return ()
    return invalidation_rules.block(
        blocker_id=UserId(int(one)), blocked_id=UserId(int(two))
    )


def _mute(change: Change) -> Keys:
    return invalidation_rules.mute(muter_id=_two(change.id)[0])


def _reaction(change: Change) -> Keys:
    user, act, post = change.id.split(":")
    user_id, post_id = UserId(int(user)), PostId(int(post))
    span = span_of(post_id)
    if act == "bookmark":
        return invalidation_rules.bookmark(user_id=user_id, span=span)
    flag = keys.reactions(user_id, span)
    if act == "vote":
        return (flag, keys.counted(keys.post(post_id)))
    if act == "repost":
        return (flag, keys.id_list("reposted_by", post_id))
    return (
        flag,
        keys.id_list("favourites", user_id),
        keys.id_list("favourited_by", post_id),
        keys.counted(keys.post(post_id)),
    )


def _notification(change: Change) -> Keys:
    recipient = change.id.partition(":")[0]
    return invalidation_rules.notify(recipient_ids=[UserId(int(recipient))])


def _markers(change: Change) -> Keys:
    return invalidation_rules.mark(user_id=UserId(change.id))


def _preferences(change: Change) -> Keys:
    if "hidden_kinds" not in change.fields | change.document.keys():
        return ()
    return invalidation_rules.dismiss(user_id=UserId(change.id))


def _list(change: Change) -> Keys:
    owner_id = change.document.get("owner_id")
    return () if owner_id is None else invalidation_rules.change_list(owner_id=owner_id)


def _followed_tags(change: Change) -> Keys:
    return invalidation_rules.follow_tag(user_id=UserId(change.id))


def _conversations(change: Change) -> Keys:
    return invalidation_rules.choose_conversation(user_id=UserId(change.id))


def _filters(change: Change) -> Keys:
    return invalidation_rules.change_filters(user_id=UserId(change.id))


def _note(change: Change) -> Keys:
    return invalidation_rules.write_note(user_id=_two(change.id)[0])


def _trends(_: Change) -> Keys:
    return invalidation_rules.trend()


def _suggestions(change: Change) -> Keys:
    return invalidation_rules.dismiss_suggestion(user_id=UserId(change.id))


def _session(change: Change) -> Keys:
    user, _, digest = change.id.partition(":")
    return invalidation_rules.sign_out(user_id=UserId(int(user)), digest=digest)


def _token(change: Change) -> Keys:
    user, _, digest = change.id.partition(":")
    return invalidation_rules.revoke_token(user_id=UserId(int(user)), digest=digest)


def _two(name: str) -> tuple[UserId, UserId]:
    one, _, two = name.partition(":")
    return UserId(int(one)), UserId(int(two))


#: The collections that are followed, and the keys that a change in each concerns.
WATCHED: Mapping[str, Callable[[Change], Keys]] = {
    "users": _user,
    "claims": _claim,
    "posts": _post,
    "follows": _follow,
    "blocks": _block,
    "mutes": _mute,
    "reactions": _reaction,
    "notifications": _notification,
    "markers": _markers,
    "mail_preferences": _preferences,
    "lists": _list,
    "followed_tags": _followed_tags,
    "muted_conversations": _conversations,
    "followed_conversations": _conversations,
    "filters": _filters,
    "notes": _note,
    "trends": _trends,
    "suggestions": _suggestions,
    "sessions": _session,
    "tokens": _token,
}
#: The collections that are not followed, and why they need not be.
LEFT_OUT: Mapping[str, str] = {
    "timelines": "an unfinished delivery, backfill or purge is done again, with its "
    "invalidation; an author's own home is invalidated with the post",
    "timeline_buckets": "as timelines",
    "followers": "the other side of follows",
    "follow_requests": "the other side of follows",
    "list_members": "the other side of lists",
    "attachments": "never cached; posts carry what they show of them",
    "link_previews": "never cached; posts carry theirs",
    "search_posts": "never cached",
    "hashtags": "never cached",
    "drafts": "never cached",
    "nudges": "never cached",
    "guest_replies": "what is cached of them expires; a deletion names no post",
    "blogs": "never cached",
    "credentials": "never cached",
    "emojis": "processes remember them by the version in the fence",
    "mails": "never cached",
    "push_subscriptions": "never cached",
    "exports": "never cached",
    "imports": "never cached",
    "closures": "never cached",
    "purges": "never cached",
    "audit_log": "never cached",
    "reports": "never cached",
    "strikes": "never cached",
    "blocked_email_domains": "never cached",
    "site_settings": "processes remember them by the number in the fence",
    "site_changes": "never cached",
    "announcements": "as site_settings",
    "discovery_rules": "as site_settings",
    "invitations": "never cached",
    "invited": "never cached",
    "applications": "never cached",
    "wait_list": "never cached",
    "jobs": "never cached",
    "hourly_figures": "never cached",
    "processes": "never cached",
    "cache_fence": "never cached",
    "cache_relay": "never cached",
}


def concerned(change: Change) -> Keys:
    """Return the keys of what may be cached of a changed document.

    Its writer has made sure not to read a value without the change.
    """
    return tuple(
        key._replace(writer_id=None) if isinstance(key, Debounced) else key
        for key in WATCHED[change.collection](change)
    )
