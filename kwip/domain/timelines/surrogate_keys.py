"""Keys by which a CDN forgets all answers that show something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.ids import ListId, PostId, UserId
    from kwip.domain.timelines.views import PostView

#: The most bytes of an answer's keys: they are in two headers, and a proxy may refuse
#: headers of 4 kB.
MAX_BYTES = 1_200
#: Of answers with more keys than that, of the public timeline, and of searches.
MANY, PUBLIC, SEARCH = "many", "public", "search"


def of_post(post_id: PostId) -> str:
    """Return the key of whatever shows a post."""
    return f"post:{post_id}"


def of_user(user_id: UserId) -> str:
    """Return the key of whatever shows a user or what they wrote."""
    return f"user:{user_id}"


def of_favourites(user_id: UserId) -> str:
    """Return the key of what a user favourited."""
    return f"favourites:{user_id}"


def of_tag(name: str) -> str:
    """Return the key of a hashtag's timelines, by its folded name."""
    return f"tag:{name}"


def of_list(list_id: ListId) -> str:
    """Return the key of a public list."""
    return f"list:{list_id}"


def of_views(views: Iterable[PostView]) -> list[str]:
    """Return the keys of posts, with everything that is shown of each."""
    keys = []
    for view in views:
        quoted = view.shown.quote.view if view.shown.quote else None
        for each in (view, view.reposted, quoted):
            if each is not None:
                keys += [of_post(each.post.id), of_user(each.author.id)]
    return keys


def bounded(always: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return each key once, or `MANY` in place of the others if they are too many."""
    kept = list(dict.fromkeys(always))
    named = list(dict.fromkeys([*kept, *others]))
    if sum(len(key.encode()) + 1 for key in named) <= MAX_BYTES:
        return named
    return [*kept, MANY]
