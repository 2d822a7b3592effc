"""Read every timeline of somebody through the services, in both directions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.pages import PageRequest
from kwip.text.queries import parse_query

if TYPE_CHECKING:
    from collections.abc import Callable

TAG = "one"
#: What posts say that are said again, which is what people may hide in home.
AGAIN = "Again"
AT_HOME = Filtering(context=FilterContext.HOME)


class Timeline(NamedTuple):
    """One timeline of one viewer: how it is read, and the model's rule of it.

    Into a stored one others' posts come when they have been delivered. A plain one
    has no active order, and folds nothing.
    """

    name: str
    read: Callable
    rule: Callable
    is_stored: bool = False
    is_plain: bool = False


def timelines_of(services, model, viewers, lists, name):
    """Give every timeline that somebody can read, home first; None has no account."""
    viewer, reads = viewers.get(name), services.timelines
    if viewer is not None:
        yield Timeline(
            f"home of {name}",
            lambda loader, page: reads.home(
                viewer, loader, replace(page, filtering=AT_HOME)
            ),
            model.home,
            is_stored=True,
        )
        yield Timeline(
            f"list of {name}",
            lambda loader, page: reads.of_list(viewer, loader, lists[name], page),
            model.list,
            is_stored=True,
        )
    yield Timeline(
        f"search by {name}",
        lambda loader, page: services.search.post_search.page(
            viewer, loader, parse_query(f"#{TAG}"), page
        ),
        lambda who, post: TAG in post.tags and model.search(who, post),
        is_stored=True,
        is_plain=True,
    )
    yield Timeline(f"public for {name}", partial(reads.public, viewer), model.public)
    yield Timeline(
        f"#{TAG} for {name}",
        lambda loader, page: reads.tag(viewer, loader, TAG, page),
        lambda who, post: TAG in post.tags and model.tag(who, post),
    )
    for author, other in viewers.items():
        if author not in model.suspended:
            yield Timeline(
                f"{author} for {name}",
                lambda loader, page, other=other: reads.user(
                    viewer, loader, other.id, page
                ),
                lambda _, post, author=author: post.author == author,
            )
    for quoted in {
        post.quoted.id: post.quoted for post in model.posts if post.quoted
    }.values():
        if model.may_see(name, quoted):
            yield Timeline(
                f"quotes of {quoted.id} for {name}",
                lambda loader, page, quoted=quoted: services.quote_pages.page(
                    viewer, loader, quoted.id, page
                )[1],
                partial(model.quotes, quoted),
                is_plain=True,
            )


def downwards(read, loader, **page):
    """Read a timeline from its top to its end; give the views."""
    views, cursor = [], {}
    while True:
        found = read(loader, PageRequest(**cursor, **page))
        assert found.items or found.next_max_id is None, "no empty page has a next one"
        views += found.items
        if found.next_max_id is None:
            return views
        cursor = {"max_id": found.next_max_id, "as_of": found.as_of}


def upwards(read, loader, **page):
    """Read a timeline from its end to its top; give the views, the top's first."""
    views, cursor = [], {"min_id": 0}
    while True:
        found = read(loader, PageRequest(**cursor, **page))
        if not found.items:
            return views
        views = [*found.items, *views]
        cursor = {"min_id": found.prev_min_id, "as_of": found.as_of}
